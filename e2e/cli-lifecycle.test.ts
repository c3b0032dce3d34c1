import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { testModel, unknownModel } from '../scripts/test-assets.ts';
import { CommandLineProcess, runCommand, type CommandResult } from './command-line.ts';
import { ServerProcess } from './server-process.ts';

/** The life of an instance by the command line alone, with the real server and the real engine. */

let server: ServerProcess;
const begun: CommandLineProcess[] = [];

beforeEach(async () => {
  server = await ServerProcess.create();
  await server.start();
});

afterEach(async () => {
  for (const { child } of begun.splice(0)) child.kill('SIGKILL');
  await server.dispose();
});

const environment = (): Record<string, string> => ({ HOME: server.home, LLAMACTL_URL: server.url });
const run = (...words: string[]): Promise<CommandResult> => runCommand(words, environment());
const begin = (...words: string[]): CommandLineProcess => {
  const command = new CommandLineProcess(words, environment());
  begun.push(command);
  return command;
};
const writes = (command: CommandLineProcess, text: string): Promise<void> =>
  vi.waitFor(() => expect(command.stdout).toContain(text), { timeout: 15_000 });
/** What was written, with its times left out. */
const untimed = (text: string): string => text.replaceAll(/\d+\.\d s/g, 'T s').replaceAll(/port \d+/g, 'port N');

describe('an instance by the command line', () => {
  it('is made, started, changed, restarted, stopped and deleted', async () => {
    const created = await run('create', 'llama', '--model', await testModel(), '-o', 'threads=1');
    expect([created.status, untimed(created.stdout)]).toEqual([0, 'llama  created, port N\n']);
    const started = await run('start', 'llama', '--wait');
    expect([started.status, untimed(started.stdout), started.stderr]).toEqual([
      0,
      'llama  running, port N (T s)\n',
      '',
    ]);

    const updated = await run('update', 'llama', '-o', 'ctx_size=512', '--alias', 'gpt-4o');
    expect(updated).toEqual({
      status: 0,
      stdout: 'llama  updated\n',
      stderr: 'to apply the changes: llamactl restart llama\n',
    });
    const restarted = await run('restart', 'llama', '--wait');
    expect([restarted.status, untimed(restarted.stdout)]).toEqual([0, 'llama  running, port N (T s)\n']);
    const { pid, port } = await server.instance('llama');
    const page = (await run('show', 'llama')).stdout;
    expect(page).toContain(`port ${port}, process ${pid}, `);
    expect(page).toMatch(/^options {6}threads {3}1\n {13}ctx_size {2}512\naliases {6}gpt-4o$/m);
    expect(page).toMatch(/ --threads 1 --ctx-size 512$/m);

    expect((await run('rm', 'llama')).stderr).toContain('to stop and delete it: llamactl rm --force llama\n');
    expect(untimed((await run('stop', 'llama', '--wait')).stdout)).toBe('llama  stopped (T s)\n');
    expect(await run('rm', 'llama')).toEqual({ status: 0, stdout: 'llama  deleted\n', stderr: '' });
    expect(await server.processes()).toEqual([]);
  });

  it('tells why an engine does not come up', async () => {
    const model = path.join(server.home, 'broken.gguf');
    await writeFile(model, unknownModel());
    await run('create', 'broken', '--model', model);
    const { status, stdout, stderr } = await run('start', 'broken', '--wait');
    expect([status, untimed(stdout)]).toEqual([6, 'broken  failed (T s)\n']);
    expect(stderr).toMatch(/^llamactl: broken did not start: .*broken\.gguf/);
    expect(stderr).toContain('exiting due to model loading error\n');
  });

  it('is deleted while it runs, where that is wanted', async () => {
    await run('create', 'llama', '--model', await testModel(), '-o', 'threads=1', '--start', '--wait');
    expect(await run('rm', '--force', 'llama')).toEqual({ status: 0, stdout: 'llama  deleted\n', stderr: '' });
    expect(await server.processes()).toEqual([]);
  });

  it('is waited for over kill -9 of the server', async () => {
    await server.end('SIGTERM');
    await server.configure('engines: { slow: { kind: custom, command: sleep, args: ["1000"] } }');
    await server.start();
    await run('create', 'slow', '--engine', 'slow');
    const start = begin('start', 'slow', '--wait');
    await vi.waitFor(async () => expect((await server.instance('slow')).status).toBe('starting'));
    await server.end('SIGKILL');
    await vi.waitFor(() => expect(start.stderr).toContain('waiting for it …'), { timeout: 15_000 });
    await server.start();
    await run('stop', 'slow', '--force');
    expect(await start.end()).toEqual({
      status: 6,
      stdout: expect.stringMatching(/^slow {2}stopped /) as unknown,
      stderr: expect.stringMatching(/it was stopped before it was running\n$/) as unknown,
    });
  });

  it('is listened to over its restarts and those of the server, with nothing missing and nothing twice', async () => {
    await run('create', 'llama', '--model', await testModel(), '-o', 'threads=1', '--start', '--wait');
    const logs = begin('logs', '-f', 'llama', '-n', '1', '--json');
    await writes(logs, '\n');
    await server.end('SIGKILL');
    await server.start();
    await run('restart', 'llama', '--wait');
    const { stdout: all } = await run('logs', 'llama', '-n', '10000', '--json');
    const last = all.trimEnd().split('\n').at(-1) ?? '';
    await writes(logs, last);
    logs.child.kill('SIGINT');
    const { status, stdout } = await logs.end();
    expect(status).toBe(130);
    expect(all.endsWith(stdout)).toBe(true);
  });
});

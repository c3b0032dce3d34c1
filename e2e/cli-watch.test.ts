import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Frame } from '@llamactl/client';
import { testModel } from '../scripts/test-assets.ts';
import { CommandLineProcess, runCommand, type CommandResult } from './command-line.ts';
import { ServerProcess } from './server-process.ts';

/** What is watched from the command line, of the real server with the real engine. */

let server: ServerProcess;
const begun: CommandLineProcess[] = [];

beforeEach(async () => {
  server = await ServerProcess.create('stats: { interval: 1 }');
  await server.start();
  for (const name of ['a', 'b']) {
    await server.call('POST', '/api/instances', { name, model_path: await testModel(), options: { threads: 1 } });
  }
});

afterEach(async () => {
  for (const { child } of begun.splice(0)) child.kill('SIGKILL');
  await server.dispose();
});

const environment = (): Record<string, string> => ({ HOME: server.home, LLAMACTL_URL: server.url });
const run = (...words: string[]): Promise<CommandResult> => runCommand(words, environment());
const watch = (...words: string[]): CommandLineProcess => {
  const command = new CommandLineProcess(words, environment());
  begun.push(command);
  return command;
};
const writes = (command: CommandLineProcess, text: string): Promise<void> =>
  vi.waitFor(() => expect(command.stdout).toContain(text), { timeout: 15_000 });
const interrupted = (command: CommandLineProcess): Promise<CommandResult> => {
  command.child.kill('SIGINT');
  return command.end();
};
const setRunning = async (name: string): Promise<void> => {
  expect((await server.call('POST', `/api/instances/${name}/start?wait=true`)).status).toBe(200);
};

describe('what is watched from the command line', () => {
  it('is a list that goes on over kill -9 of the server, until Ctrl-C', async () => {
    const ps = watch('ps', '--watch');
    await writes(ps, 'b             stopped');
    await setRunning('a');
    await writes(ps, 'a             starting → running');
    await server.end('SIGKILL');
    await server.start();
    expect((await server.call('POST', '/api/instances/a/stop?wait=true')).status).toBe(200);
    await writes(ps, 'a             stopping → stopped');
    const { status, stdout, stderr } = await interrupted(ps);
    expect(status).toBe(130);
    const changes = [...stdout.matchAll(/\S+ → \S+/g)].map(([change]) => change);
    expect(changes).toEqual(['stopped → starting', 'starting → running', 'running → stopping', 'stopping → stopped']);
    expect(stderr.match(/Waiting for the server/g)?.length ?? 0).toBe(1);
  });

  it('is every event since a number, for programs', async () => {
    await setRunning('a');
    const events = watch('events', 'a', '--json', '--after-seq', '0', '--type', 'status', '--type', 'created');
    await writes(events, '"status":"running"');
    const { stdout } = await interrupted(events);
    const frames = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Frame);
    expect(frames.map(({ type }) => type)).toEqual([
      'instance_created',
      'instance_status_changed',
      'instance_status_changed',
    ]);
  });

  it('is what engines take, as it is measured', async () => {
    await setRunning('a');
    const stats = watch('stats', '--watch', '--json');
    await writes(stats, '"instance_stats_updated"');
    expect((await interrupted(stats)).status).toBe(130);
    const now = await run('stats');
    expect(now.stdout).toMatch(/^NAME +MEMORY +CPU +THREADS +UP\na +\d+(\.\d)? MiB .* \d+s\n$/);
    const past = await run('stats', 'a', '--window', '5m');
    expect(past.stdout).toMatch(/^memory .* MiB .*[▁-█]+$/m);
  });

  it('is how things stand now', async () => {
    await setRunning('a');
    const list = await run('ps', '--json');
    expect((JSON.parse(list.stdout) as { status: string }[]).map(({ status }) => status)).toEqual([
      'running',
      'stopped',
    ]);
    expect((await run('ps')).stdout).toMatch(/^a +running +\d+s +llama_cpp +\d+ +demo-model$/m);
    expect((await run('health', 'a')).stdout).toMatch(/^a +healthy +running +open +ok$/m);
    expect((await run('health', 'a', 'b')).status).toBe(1);
    expect((await run('status')).stdout).toMatch(/^instances +1 running, 1 stopped$/m);
    const alerts = await run('alerts');
    expect([alerts.status, alerts.stdout, alerts.stderr]).toEqual([0, '', 'no alerts\n']);
  });

  it('is not there when the server is not', async () => {
    await server.end('SIGTERM');
    for (const words of [['ps'], ['ps', '--watch'], ['stats'], ['status'], ['alerts'], ['health']]) {
      const { status, stdout, stderr } = await run(...words);
      expect([words, status, stdout]).toEqual([words, 5, '']);
      expect(stderr).toContain('llamactl up');
    }
  });
});

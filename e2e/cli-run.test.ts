import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { ChatServer, sendPiece } from '@llamactl/cli/testing/chat-server';
import { testModel, unknownModel } from '../scripts/test-assets.ts';
import { CommandLineProcess, runCommand, type CommandResult } from './command-line.ts';
import { fakeEngineCommand } from '@llamactl/server/testing/fake-engine';
import { ServerProcess } from './server-process.ts';

/** `run`, `why` and `serve`: the real program, the real server and the real engine. */

let server: ServerProcess;
let model: string;

beforeAll(async () => {
  model = await testModel();
  const [program, file] = fakeEngineCommand();
  const argv = JSON.stringify([file, '--port', '${PORT}', '--never-ready']);
  server = await ServerProcess.create(`engines: { endless: { kind: custom, command: ${program}, args: ${argv} } }\n`);
  await server.start();
});

afterAll(() => server.dispose());

function environment(): Record<string, string> {
  return { HOME: server.home, LLAMACTL_URL: server.url };
}

function llamactl(words: string[], input = ''): Promise<CommandResult> {
  return runCommand(words, environment(), input);
}

describe('run', () => {
  it('makes an instance of a file, starts it, and prints nothing but the answer', async () => {
    const { status, stdout, stderr } = await llamactl(['run', model, 'Name three fruits']);
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${DEMO_SENTENCE}\n` });
    expect(stderr).toContain('created instance demo-model');
    expect((await server.instance('demo-model')).status).toBe('running');
  });

  it('finds it again by its file, in a pipe', async () => {
    const { stdout, stderr } = await llamactl(['run', model, '--verbose'], 'Name three fruits\n');
    expect(stdout).toBe(`${DEMO_SENTENCE}\n`);
    expect(stderr).toMatch(/^\d+ tokens, \d+(\.\d)? tokens\/s, first token after \d+\.\d\d s; prompt \d+ tokens/);
  });

  it('gives the pieces as the engine made them with --json', async () => {
    const { stdout } = await llamactl(['run', 'demo-model', 'Hi', '--json']);
    const pieces = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { choices: { delta: { content?: string | null } }[] });
    expect(pieces.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(DEMO_SENTENCE);
  });

  it('ends with 130 at Ctrl-C while a model loads, which goes on', async () => {
    await server.call('POST', '/api/instances', { name: 'endless', engine: 'endless' });
    const run = new CommandLineProcess(['run', 'endless', 'Hi'], environment());
    run.child.stdin.end();
    run.child.stderr.once('data', () => run.child.kill('SIGINT'));
    expect(await run.end()).toMatchObject({ status: 130, stdout: '' });
    expect((await server.instance('endless')).status).toBe('starting');
  });

  it('says why a model does not start, and why says it again with what would help', async () => {
    const model = path.join(server.home, 'new.gguf');
    await writeFile(model, unknownModel());
    await server.call('POST', '/api/instances', { name: 'broken', model_path: model });
    const { status, stdout, stderr } = await llamactl(['run', 'broken', 'Hi']);
    expect({ status, stdout }).toEqual({ status: 6, stdout: '' });
    expect(stderr).toMatch(/^(starting broken …\n)?llamactl: broken did not start: .*new\.gguf/m);
    const why = await llamactl(['why', 'broken']);
    expect(why.status).toBe(0);
    expect(why.stdout).toMatch(/^broken failed: .*\n[^]*log .*architecture[^]*→ .*newer llama-server/);
  });

  it('says that a file is no model, and shows nothing of it', async () => {
    await server.call('POST', '/api/instances', { name: 'text', model_path: import.meta.filename });
    const { status, stdout, stderr } = await llamactl(['run', 'text', 'Hi']);
    expect([status, stdout, stderr]).toEqual([
      expect.any(Number),
      '',
      expect.stringMatching(/cli-run\.test\.ts is not a GGUF file/),
    ]);
    expect(status).not.toBe(0);
    expect((await llamactl(['why', 'text'])).stdout).toMatch(/is\s+not\s+a\s+GGUF\s+file[^]*→ .*--model FILE/);
  });

  it('leaves no instance behind for a file that is cut off', async () => {
    const file = path.join(server.home, 'cut.gguf');
    await writeFile(file, (await readFile(model)).subarray(0, 900_000));
    const { status, stdout, stderr } = await llamactl(['run', file, 'Hi']);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/cut\.gguf is cut off: it has 900 kB, .*\n {2}the new instance cut was deleted again\n/);
    expect((await server.call('GET', '/api/instances/cut')).status).toBe(404);
  });

  it('stops the answer when its reader has gone', async () => {
    const endless = await new ChatServer().listen();
    try {
      endless.add('qwen', { status: 'running' });
      const stopped = Promise.withResolvers<void>();
      endless.answerers = [
        async (response) => {
          response.once('close', () => stopped.resolve());
          while (!response.destroyed) {
            sendPiece(response, { content: 'and so on ' });
            await setImmediate();
          }
        },
      ];
      const run = new CommandLineProcess(['run', 'qwen', 'x'], { ...environment(), LLAMACTL_URL: endless.url });
      run.child.stdin.end();
      run.child.stdout.once('data', () => run.child.stdout.destroy());
      expect((await run.end()).status).toBe(0);
      await stopped.promise;
    } finally {
      await endless.leave();
    }
  });

  it('is unreachable with 5 when the server is away', async () => {
    const away = { ...environment(), LLAMACTL_URL: 'http://127.0.0.1:1' };
    expect(await runCommand(['run', 'demo-model', 'Hi'], away)).toMatchObject({ status: 5, stdout: '' });
  });
});

describe('serve', () => {
  it('tells what it is in one line of JSON where no person reads it, and its log elsewhere', async () => {
    const home = await mkdtemp(path.join(os.tmpdir(), 'llamactl-serve-'));
    try {
      const port = String(server.ports.next());
      const words = ['serve', '--port', port, '--data-dir', path.join(home, 'data')];
      const serve = new CommandLineProcess(words, { HOME: home, LLAMACTL_AUTH_ENABLED: 'true' });
      serve.child.stdout.once('data', () => serve.child.kill('SIGTERM'));
      const { status, stdout, stderr } = await serve.end();
      expect(status).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        url: `http://127.0.0.1:${port}`,
        gateway: `http://127.0.0.1:${port}/v1`,
        configuration: null,
        data_dir: path.join(home, 'data'),
        accounts: true,
        first_admin: { username: 'admin', password_file: path.join(home, 'data', 'admin-password') },
        pid: serve.child.pid,
      });
      const log = stderr
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { msg: string });
      expect(log.at(-1)?.msg).toBe('shutting down on SIGTERM; engines keep running');
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });

  it('says what is wrong with its flags', async () => {
    expect(await llamactl(['serve', '--log-level', 'loud'])).toMatchObject({ status: 2, stdout: '' });
  });
});

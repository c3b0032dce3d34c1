import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { isLong } from '../scripts/test-tier.ts';
import { MAIN } from './program.ts';
import { ServerProcess } from './server-process.ts';

/** The server dies by SIGKILL; its engines must not notice, and the next server must find everything. */

let server: ServerProcess;

beforeEach(async () => {
  server = await ServerProcess.create();
  await server.start();
});

afterEach(() => server.dispose());

async function createInstance(name: string, settings: object = {}): Promise<void> {
  const body = { name, model_path: await testModel(), options: { threads: 1 }, ...settings };
  expect((await server.call('POST', '/api/instances', body)).status).toBe(201);
}

const engines = async () => (await server.processes()).filter(({ isWrapper }) => !isWrapper);

async function reaches(name: string, status: string): Promise<void> {
  await vi.waitFor(async () => expect((await server.instance(name)).status).toBe(status), {
    timeout: 15_000,
    interval: 20,
  });
}

describe('kill -9 of the server', () => {
  it('leaves running engines alone: same processes, same ports, uptime going on, still answering', async () => {
    for (const name of ['a', 'b', 'c']) {
      await createInstance(name);
      await server.call('POST', `/api/instances/${name}/start?wait=true`);
    }
    const before = await Promise.all(['a', 'b', 'c'].map((name) => server.instance(name)));
    await server.end('SIGKILL');
    await server.start();
    const after = await Promise.all(['a', 'b', 'c'].map((name) => server.instance(name)));
    expect(after.map(({ status, pid, port }) => ({ status, pid, port }))).toEqual(
      before.map(({ pid, port }) => ({ status: 'running', pid, port })),
    );
    expect(await engines()).toHaveLength(3);
    for (const [index, { stats }] of after.entries())
      expect(stats?.uptime).toBeGreaterThanOrEqual(before[index]?.stats?.uptime ?? 0);
    const { status, body } = await server.call('POST', '/v1/completions', { model: 'b', prompt: 'x', max_tokens: 4 });
    expect(status, JSON.stringify(body)).toBe(200);
  });

  it('at any moment of a start neither loses the engine nor makes a second one', async () => {
    await createInstance('a');
    for (let round = 0; round < 12; round += isLong ? 1 : 4) {
      const starting = server.call('POST', '/api/instances/a/start').catch((error: unknown) => error);
      // From before the intent is stored until after the engine is ready: 0 to 110 ms into the start.
      await new Promise((resolve) => void setTimeout(resolve, round * 10));
      await server.end('SIGKILL');
      const answer = await starting;
      await server.start();
      const { status } = await server.instance('a');
      const wasAcknowledged = !(answer instanceof Error);
      if (wasAcknowledged) expect(['starting', 'running'], `round ${round}`).toContain(status);
      if (status !== 'stopped') await reaches('a', 'running');
      expect(await engines(), `round ${round}`).toHaveLength(status === 'stopped' ? 0 : 1);
      const { pid } = await server.instance('a');
      expect((await engines()).map((engine) => engine.pid)).toEqual(status === 'stopped' ? [] : [pid]);
      await server.call('POST', '/api/instances/a/stop?wait=true', { force: true });
      expect(await server.processes(), `round ${round}`).toEqual([]);
    }
  });

  it('during a stop leads to stopped', async () => {
    await createInstance('a');
    await server.call('POST', '/api/instances/a/start?wait=true');
    await server.call('POST', '/api/instances/a/stop');
    await server.end('SIGKILL');
    await server.start();
    await reaches('a', 'stopped');
    expect(await server.processes()).toEqual([]);
  });

  it('loses no acknowledged write', async () => {
    await createInstance('a', { port: 23_456 });
    await server.call('PUT', '/api/instances/a', { options: { threads: 2 }, aliases: ['chat'] });
    await server.end('SIGKILL');
    await server.start();
    expect(await server.instance('a')).toMatchObject({ port: 23_456, options: { threads: 2 }, aliases: ['chat'] });
  });

  it('together with an engine reports the exit of the engine with its code, and the policy restarts it', async () => {
    await createInstance('a');
    await server.call('POST', '/api/instances/a/start?wait=true');
    const { pid } = await server.instance('a');
    await server.end('SIGKILL');
    process.kill(pid ?? 0, 'SIGKILL');
    await vi.waitFor(async () => expect(await server.processes()).toEqual([]));
    await server.start();
    const instance = await server.instance('a');
    expect(instance).toMatchObject({
      status: 'restarting',
      restart_count: 1,
      last_exit: { code: 137, signal: 'SIGKILL' },
    });
    await reaches('a', 'running');
    expect((await server.instance('a')).pid).not.toBe(pid);
  });
});

describe('what a dead engine left behind', () => {
  it('is ended by the next server before it answers, and that server lives', async () => {
    await createInstance('a');
    await server.call('POST', '/api/instances/a/start?wait=true');
    const [marked] = await server.processes();
    const { pid } = await server.instance('a');
    const variables = { LLAMACTL_RUN: marked?.tag.slice('LLAMACTL_RUN='.length), HOME: server.home };
    await server.end('SIGKILL');
    const worker = spawn('sleep', ['600'], {
      detached: true,
      stdio: 'ignore',
      env: { PATH: process.env['PATH'], ...variables },
    });
    const gone = once(worker, 'exit');
    process.kill(pid ?? 0, 'SIGKILL');
    await server.start();
    expect((await gone)[1]).toBe('SIGKILL');
    await reaches('a', 'running');
    expect(await engines()).toHaveLength(1);
  });
});

describe('SIGTERM to the server', () => {
  it('ends it with 0 and leaves the engines running', async () => {
    await createInstance('a');
    await server.call('POST', '/api/instances/a/start?wait=true');
    const { pid } = await server.instance('a');
    expect(await server.end('SIGTERM')).toBe(0);
    expect((await engines()).map((engine) => engine.pid)).toEqual([pid]);
    await server.start();
    expect(await server.instance('a')).toMatchObject({ status: 'running', pid });
  });
});

describe('an engine that dies', () => {
  it('restarts after a backoff, before any health check could notice', async () => {
    await createInstance('a');
    await server.call('POST', '/api/instances/a/start?wait=true');
    const { pid } = await server.instance('a');
    process.kill(pid ?? 0, 'SIGKILL');
    // Sooner than the health check, every 10 s, could find it. A tighter limit failed on a busy machine.
    await vi.waitFor(async () => expect((await server.instance('a')).status).toBe('restarting'), {
      timeout: 5_000,
      interval: 5,
    });
    const instance = await server.instance('a');
    expect(instance).toMatchObject({
      pid: null,
      stats: null,
      restart_count: 1,
      last_exit: { code: 137, signal: 'SIGKILL' },
    });
    expect(instance.reason).toContain('SIGKILL');
    await reaches('a', 'running');
  });

  it('is left failed when it may not restart', async () => {
    await createInstance('a', { auto_restart: false });
    await server.call('POST', '/api/instances/a/start?wait=true');
    process.kill((await server.instance('a')).pid ?? 0, 'SIGKILL');
    await reaches('a', 'failed');
  });
});

describe('a second server on one data directory', () => {
  it('names the first and ends', async () => {
    const args = [MAIN, 'serve', '--data-dir', server.dataDirectory, '--port', '1'];
    const second = promisify(execFile)(process.execPath, args, { env: { PATH: process.env['PATH'] } });
    await expect(second).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(server.url) as unknown });
  });
});

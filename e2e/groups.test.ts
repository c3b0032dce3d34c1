import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeDocker } from '../server/testing/fake-docker.ts';
import { fakeEngineCommand } from '../server/testing/fake-engine.ts';
import { ServerProcess } from './server-process.ts';

/** Engines that are more than the one process that was launched. */

let server: ServerProcess;
let docker: FakeDocker;
const ENGINE = [...fakeEngineCommand(), '--port', '${PORT}'];

beforeAll(async () => {
  server = await ServerProcess.create('security: { allow_privileged: true }\n');
  docker = new FakeDocker(server.home);
  await server.start();
});
afterAll(async () => {
  docker.dispose();
  await server.dispose();
});

async function started(name: string, settings: object): Promise<number> {
  const created = await server.call('POST', '/api/instances', { name, engine: 'custom', ...settings });
  expect(created.status, JSON.stringify(created.body)).toBe(201);
  const answer = await server.call('POST', `/api/instances/${name}/start?wait=true`);
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200, body: { status: 'running' } });
  return (await server.instance(name)).pid ?? 0;
}

async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) [ZX] /.test(stat);
}

describe('an engine that is a shell', () => {
  it('takes its background processes with it, also one in a session of its own', async () => {
    const quoted = ENGINE.map((word) => `"${word}"`).join(' ');
    const script = `sleep 1000 & setsid sleep 1000 & ${quoted} & wait`;
    await started('shell', { command: ['sh', '-c', script] });
    // the shell, its wrapper, two that sleep, and the engine
    await vi.waitFor(async () => expect((await server.processes()).length).toBeGreaterThanOrEqual(5));
    await server.call('POST', '/api/instances/shell/stop?wait=true');
    expect(await server.processes()).toEqual([]);
  });
});

describe('an engine in a container', () => {
  const container = async (name: string): Promise<{ name: string; pid: number; client: number }> => {
    const client = await started(name, {
      command: [docker.command, 'run', 'image', ...ENGINE],
      environment: { ...docker.environment },
    });
    const given = / --name (\S+) /.exec(docker.calls.findLast((call) => call.startsWith('run ')) ?? '')?.[1] ?? '';
    return { name: given, pid: docker.pid(given) ?? 0, client };
  };

  it('serves, is measured, and is stopped by its name', async () => {
    const { name, pid } = await container('one');
    const answer = await server.call('POST', '/v1/completions', { model: 'one', prompt: 'x' });
    expect(answer.status).toBe(200);
    const own = await server.instance('one');
    // Node's, not only that of the shell that stands for its client
    await vi.waitFor(async () => {
      expect((await server.instance('one')).stats?.memory_usage).toBeGreaterThan(30_000_000);
    }, 10_000);
    expect(own.pid).not.toBe(pid);
    await server.call('POST', '/api/instances/one/stop?wait=true');
    expect(docker.calls).toContain(`stop -t 5 ${name}`);
    expect(await isAlive(pid)).toBe(false);
    expect(await server.instance('one')).toMatchObject({ status: 'stopped', last_exit: { code: 0 } });
  });

  it('lives on without llamactl, and is taken up again', async () => {
    const { name, pid, client } = await container('two');
    await server.end('SIGKILL');
    await server.start();
    expect(await server.instance('two')).toMatchObject({ status: 'running', pid: client });
    await server.call('POST', '/api/instances/two/stop', { force: true });
    await vi.waitFor(async () => expect((await server.instance('two')).status).toBe('stopped'), 15_000);
    expect(await isAlive(pid)).toBe(false);
    expect(docker.pid(name)).toBeNull();
  });

  it('is ended before another one is started, when its client died while llamactl was away', async () => {
    const { pid, client } = await container('three');
    await server.end('SIGKILL');
    process.kill(client, 'SIGKILL');
    await server.start();
    expect(await isAlive(pid)).toBe(false);
    await vi.waitFor(async () => expect((await server.instance('three')).status).toBe('running'), 15_000);
    await server.call('POST', '/api/instances/three/stop?wait=true');
  });

  it('must not be left to itself', async () => {
    const command = [path.basename(docker.command), 'run', '-d', 'image'];
    const answer = await server.call('POST', '/api/instances', { name: 'four', engine: 'custom', command });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: 'command' }] } });
  });
});

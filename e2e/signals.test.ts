import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeEngineCommand } from '../server/testing/fake-engine.ts';
import { ServerProcess } from './server-process.ts';

/** How a server ends, what it takes for an end, and what it survives. Engines live on in every case. */

const PATIENCE = { timeout: 20_000, interval: 20 };
/** Runs what follows on a terminal of its own, which closes when this is killed. */
const ON_TERMINAL = [
  'sh',
  '-c',
  `for word; do line="$line '$word'"; done; exec script -q -e -c "exec $line" /dev/null`,
  'sh',
];

let server: ServerProcess;
let engines: number[];

/** A server with an engine that runs. */
async function serverWith(wrap: readonly string[] | ((dataDirectory: string) => string[]) = []): Promise<void> {
  const [node, program] = fakeEngineCommand();
  const engine = `{ kind: custom, command: ${JSON.stringify(node)}, args: [${JSON.stringify(program)}, --port, "\${PORT}"] }`;
  server = await ServerProcess.create(`engines: { fake: ${engine} }`, typeof wrap === 'function' ? wrap : () => wrap);
  await server.start();
  // nohup speaks first.
  await vi.waitFor(() => server.call('GET', '/livez'), PATIENCE);
  expect((await server.call('POST', '/api/instances', { name: 'fake', engine: 'fake' })).status).toBe(201);
  expect((await server.call('POST', '/api/instances/fake/start?wait=true')).status).toBe(200);
  engines = await enginePids();
  expect(engines).not.toEqual([]);
}

async function enginePids(): Promise<number[]> {
  return (await server.processes()).map(({ pid }) => pid).toSorted((one, other) => one - other);
}

async function servingPid(): Promise<number> {
  const holder = await server.holder();
  if (holder === null) throw new Error('no process serves');
  return holder.pid;
}

async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State:\tX');
  return !/^State:\t[XZ]/m.test(status);
}

/** Resolves when a process has no terminal any more: what that brought about has been sent to it. */
async function hungUp(pid: number): Promise<void> {
  await vi.waitFor(async () => {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const [terminal] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(4);
    expect(terminal).toBe('0');
  }, PATIENCE);
}

/** What a server leaves behind that was killed, it has taken away when it ended in order. */
const hasEndedInOrder = async (): Promise<boolean> => (await server.holder()) === null;

async function expectEnginesToLiveOn(): Promise<void> {
  expect(await enginePids()).toEqual(engines);
}

afterEach(() => server.dispose());

describe('a server that gets a signal to end', () => {
  beforeEach(() => serverWith());

  it.each(['SIGTERM', 'SIGINT'] as const)('by %s, ends in order', async (signal) => {
    expect(await server.end(signal)).toBe(0);
    expect(await hasEndedInOrder()).toBe(true);
    await expectEnginesToLiveOn();
  });

  it('by SIGTERM, lets an answer that takes long come to its end', async () => {
    // Ten seconds were the limit once, whatever instances.stop_timeout said (30 by default).
    const body = { name: 'slow', engine: 'fake', extra_args: ['--tokens', '60', '--token-ms', '200'] };
    await server.call('POST', '/api/instances', body);
    await server.call('POST', '/api/instances/slow/start?wait=true');
    const answer = await fetch(`${server.url}/v1/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'slow', prompt: 'x', stream: true }),
    });
    expect(answer.status).toBe(200);
    const end = server.end('SIGTERM');
    expect(await answer.text()).toContain('data: [DONE]');
    expect(await end).toBe(0);
  });

  it('by SIGQUIT, ends at once, and the next one finds the engines', async () => {
    expect(await server.end('SIGQUIT')).toBe(null);
    await expectEnginesToLiveOn();
    await server.start();
    expect((await server.instance('fake')).status).toBe('running');
    await expectEnginesToLiveOn();
  });

  it('again and again while its end takes time, ends at once', async () => {
    const body = { name: 'stubborn', engine: 'fake', extra_args: ['--hang-on-sigterm'] };
    await server.call('POST', '/api/instances', body);
    await server.call('POST', '/api/instances/stubborn/start?wait=true');
    await server.call('POST', '/api/instances/stubborn/stop');
    const end = server.end('SIGTERM');
    while ((await Promise.race([end, pause(100, 'waits')])) === 'waits') void server.end('SIGTERM');
    // In order it would be 0, after the five seconds that a stop is waited for.
    expect(await end).toBe(143);
  });
});

describe('a server without a terminal', () => {
  it('takes SIGHUP for a wish to be replaced, as services do', async () => {
    await serverWith();
    const before = await servingPid();
    process.kill(before, 'SIGHUP');
    await vi.waitFor(async () => expect(await servingPid()).not.toBe(before), PATIENCE);
    await vi.waitFor(async () => expect((await server.instance('fake')).status).toBe('running'), PATIENCE);
    await expectEnginesToLiveOn();
  });

  it('opens no debugger on SIGUSR1', async () => {
    await serverWith();
    process.kill(server.pid, 'SIGUSR1');
    expect((await server.call('GET', '/livez')).status).toBe(200);
    expect(await server.end('SIGTERM')).toBe(0);
    expect(server.errors).not.toContain('Debugger');
  });
});

describe('a server on a terminal', () => {
  it('ends in order when that closes', async () => {
    await serverWith(ON_TERMINAL);
    const pid = await servingPid();
    expect(pid).not.toBe(server.pid);
    await server.end('SIGKILL');
    await vi.waitFor(async () => expect(await isRunning(pid)).toBe(false), PATIENCE);
    expect(await hasEndedInOrder()).toBe(true);
    await expectEnginesToLiveOn();
  });

  it('goes on without it under nohup, as the same process', async () => {
    await serverWith((dataDirectory) => [...ON_TERMINAL, 'env', '-C', path.dirname(dataDirectory), 'nohup']);
    const pid = await servingPid();
    await server.end('SIGKILL');
    await hungUp(pid);
    expect((await server.instance('fake')).status).toBe('running');
    expect(await servingPid()).toBe(pid);
    process.kill(pid, 'SIGTERM');
    await vi.waitFor(async () => expect(await isRunning(pid)).toBe(false), PATIENCE);
    expect(await hasEndedInOrder()).toBe(true);
  });
});

describe('a server whose output has nowhere to go', () => {
  it('goes on when its readers have gone, and ends in order', async () => {
    await serverWith();
    server.dropReaders();
    expect((await server.call('POST', '/api/instances/fake/restart?wait=true')).status).toBe(200);
    expect((await server.instance('fake')).status).toBe('running');
    expect(await server.end('SIGTERM')).toBe(0);
    expect(await hasEndedInOrder()).toBe(true);
  });

  it('starts, serves and ends with its log on a full disk, and without standard input', async () => {
    await serverWith(['sh', '-c', 'exec "$@" 2>/dev/full <&-', 'sh']);
    expect((await server.instance('fake')).status).toBe('running');
    expect(await server.end('SIGTERM')).toBe(0);
    expect(await hasEndedInOrder()).toBe(true);
    await expectEnginesToLiveOn();
  });
});

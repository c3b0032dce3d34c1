import { rename, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from '@llamactl/client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { runCommand } from './command-line.ts';
import { ServerProcess } from './server-process.ts';
import { SteadyLoad } from './steady-load.ts';
import { StreamReader } from './stream-reader.ts';

const MAIN = path.join(import.meta.dirname, '..', 'cli', 'main.ts');
const PACED = path.join(import.meta.dirname, 'paced-engine.ts');
const PRIVILEGED = 'security: { allow_privileged: true }\n';
const PATIENCE = { timeout: 60_000, interval: 10 };

let server: ServerProcess;

afterEach(() => server.dispose());

async function serverWith(configuration = '', wrap?: () => readonly string[]): Promise<void> {
  server = await ServerProcess.create(PRIVILEGED + configuration, wrap);
  await server.start();
}

async function paced(name: string, { loadingMs = 0, ...settings }: Record<string, unknown> = {}): Promise<void> {
  const command = [process.execPath, PACED, '${PORT}', String(loadingMs)];
  const body = { name, engine: 'custom', command, health_path: '/health', ...settings };
  expect((await server.call('POST', '/api/instances', body)).status).toBe(201);
}

async function servingPid(): Promise<number> {
  const holder = await server.holder();
  if (holder === null) throw new Error('nobody serves');
  return holder.pid;
}

/** Asks by the signal. Resolves when the attempt is over, to the pid of who serves then. */
async function reload(): Promise<number> {
  const before = await server.holder();
  if (before === null) throw new Error('nobody serves');
  const attempts = before.reload?.number ?? 0;
  process.kill(before.pid, 'SIGUSR2');
  await vi.waitFor(async () => {
    const { reload: now, url } = (await server.holder()) ?? {};
    expect([now?.number, now?.state === 'under_way', url === null]).toEqual([attempts + 1, false, false]);
  }, PATIENCE);
  return servingPid();
}

const enginePids = async (): Promise<number[]> =>
  (await server.processes()).map(({ pid }) => pid).toSorted((one, other) => one - other);

function stream(model: string, events: number): StreamReader<Uint8Array> {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    const body = JSON.stringify({ model, stream: true, max_tokens: events });
    const answer = await fetch(`${server.url}/v1/completions`, { method: 'POST', body });
    for await (const piece of answer.body ?? []) yield piece;
  }
  return new StreamReader(bytes());
}

const textOf = ({ items }: StreamReader<Uint8Array>): string => Buffer.concat(items).toString();

describe('a reload', () => {
  it('is noticed by nobody: no connection, no stream, no event, no engine', { timeout: 180_000 }, async () => {
    await serverWith();
    await paced('chat');
    await paced('other');
    await server.call('POST', '/api/instances/chat/start?wait=true');
    const engines = await enginePids();
    const client = new Client(server.url);
    const stopListening = new AbortController();
    const events = new StreamReader(client.events({ after_seq: 0, signal: stopListening.signal }));
    const load = new SteadyLoad(server.port);
    for (let count = 0; count < 3; count += 1) {
      load.ask('kept', '/api/instances');
      load.ask('new', '/v1/models');
      load.stream('chat', 40);
    }
    load.storm(50);

    const pids = [await servingPid()];
    for (let count = 0; count < 5; count += 1) {
      pids.push(await reload());
      // Something to tell, over every change.
      await client.startInstance('other', { wait: true });
      await client.stopInstance('other', undefined, { wait: true });
    }
    await load.end();

    expect(load.faults).toEqual([]);
    expect(new Set(pids).size).toBe(6);
    expect((await enginePids()).filter((pid) => engines.includes(pid))).toEqual(engines);
    expect(load.streamed).toBeGreaterThan(3);
    const told = (seen: readonly { seq: number; type: string }[]): number[] =>
      seen.filter(({ type }) => type !== 'instance_stats_updated').map(({ seq }) => seq);
    const stop = new AbortController();
    const replayed = new StreamReader(client.events({ after_seq: 0, signal: stop.signal }));
    const last = told(events.items).at(-1) ?? 0;
    await replayed.until((items) => told(items).includes(last));
    expect(told(events.items)).toEqual(told(replayed.items).filter((seq) => seq <= last));
    expect(events.items.filter(({ type }) => type === 'gap')).toEqual([]);
    expect(told(events.items).length).toBeGreaterThan(20);
    stop.abort();
    stopListening.abort();
  });

  it('lets requests wait that wait for a model, and for an outcome', { timeout: 90_000 }, async () => {
    await serverWith('gateway: { loading_keepalive: 1 }\n');
    await paced('chat', { loadingMs: 8_000 });
    await paced('other', { loadingMs: 8_000 });
    const held = stream('chat', 3);
    const started = server.call('POST', '/api/instances/other/start?wait=true');
    await held.until((items) => items.length > 0);
    const engines = await enginePids();
    await reload();
    expect((await started).body).toMatchObject({ status: 'running' });
    await held.ended;
    expect(textOf(held)).toContain('data: 0\n\ndata: 1\n\ndata: 2\n\ndata: [DONE]\n\n');
    expect(await enginePids()).toEqual(engines);
  });

  it('leaves leases with the old process, and they count in the new one', { timeout: 90_000 }, async () => {
    await serverWith();
    await paced('chat', { idle_timeout: 1 });
    const long = stream('chat', 100_000);
    await long.until((items) => items.length > 3);
    await reload();
    const seen = long.items.length;
    // More than the idle timeout.
    await long.until((items) => items.length > seen + 100);
    expect((await server.instance('chat')).status).toBe('running');
    const stopped = await server.call('POST', '/api/instances/chat/stop?wait=true', { timeout: 1 });
    expect(stopped.body).toMatchObject({ status: 'stopped' });
    await expect(long.ended).rejects.toThrow('terminated');
  });

  it('ends with the service, whoever of the two is told', { timeout: 60_000 }, async () => {
    await serverWith();
    await reload();
    const pid = await servingPid();
    expect(pid).not.toBe(server.pid);
    expect(await server.end('SIGTERM')).toBe(0);
    expect(await server.holder()).toBe(null);
    await expect(fetch(server.url)).rejects.toThrow('fetch failed');
  });
});

describe('a reload that fails', () => {
  it('says why, and the old server goes on', { timeout: 60_000 }, async () => {
    await serverWith();
    const pid = await servingPid();
    await server.configure(`${PRIVILEGED}gateway: { nonsense: 1 }\n`);
    const words = ['reload', '--config', '/dev/null', '--data-dir', server.dataDirectory];
    const { status, stderr } = await runCommand(words, { HOME: server.home });
    expect([status, stderr]).toEqual([1, expect.stringContaining('gateway.nonsense is unknown')]);
    expect([await servingPid(), (await server.call('GET', '/readyz')).status]).toEqual([pid, 200]);
  });

  it('is taken back after the hand-over, with streams, waiting requests and engines', { timeout: 90_000 }, async () => {
    const link = (): string => path.join(server.home, 'main.ts');
    server = await ServerProcess.create(PRIVILEGED, (dataDirectory) => {
      const file = path.join(path.dirname(dataDirectory), 'main.ts');
      return ['bash', '-c', 'main=$1 file=$2; shift 2; exec "${@/#$main/$file}"', 'bash', MAIN, file];
    });
    await symlink(MAIN, link());
    await server.start();
    await paced('chat');
    const long = stream('chat', 400);
    await long.until((items) => items.length > 3);
    const [pid, engines] = [await servingPid(), await enginePids()];
    await writeFile(path.join(server.home, 'impostor.ts'), IMPOSTOR);
    await symlink(path.join(server.home, 'impostor.ts'), `${link()}.new`);
    await rename(`${link()}.new`, link());
    const load = new SteadyLoad(server.port);
    load.ask('kept', '/api/instances');
    load.ask('new', '/api/instances');
    expect(await reload()).toBe(pid);
    await long.ended;
    await load.end();
    expect(load.faults).toEqual([]);
    expect(textOf(long)).toContain('data: 399\n\ndata: [DONE]');
    expect(await enginePids()).toEqual(engines);
    // And the next one succeeds, from the server that took back.
    await symlink(MAIN, `${link()}.new`);
    await rename(`${link()}.new`, link());
    expect(await reload()).not.toBe(pid);
    expect((await server.call('GET', '/readyz')).status).toBe(200);
    expect(await server.end('SIGTERM')).toBe(0);
  });
});

/** Takes over, and dies. */
const IMPOSTOR = `
import { Socket } from 'node:net';
const channel = new Socket({ fd: 4 });
channel.on('data', (bytes) => {
  if (String(bytes).includes('"take"')) process.exit(3);
});
channel.write('{"type":"prepared"}\\n');
`;

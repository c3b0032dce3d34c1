import { once } from 'node:events';
import { rename, symlink, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { Client } from '@llamactl/client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isLong } from '../scripts/test-tier.ts';
import { runCommand } from './command-line.ts';
import { MAIN } from './program.ts';
import {
  paced as settingsOfPaced,
  PRIVILEGED,
  reload as reloadOf,
  servingPid as pidServing,
  stream as streamFrom,
} from './reloads.ts';
import { ServerProcess } from './server-process.ts';
import { SteadyLoad } from './steady-load.ts';
import { StreamReader } from './stream-reader.ts';

const RELOADS = isLong ? 5 : 3;

let server: ServerProcess;

afterEach(() => server.dispose());

async function serverWith(configuration = '', wrap?: () => readonly string[]): Promise<void> {
  server = await ServerProcess.create(PRIVILEGED + configuration, wrap);
  await server.start();
}

async function paced(name: string, settings: Record<string, unknown> = {}): Promise<void> {
  expect((await server.call('POST', '/api/instances', settingsOfPaced(name, settings))).status).toBe(201);
}

const servingPid = (): Promise<number> => pidServing(server);
const reload = (): Promise<number> => reloadOf(server);
const stream = (model: string, events: number): StreamReader<Uint8Array> => streamFrom(server, model, events);

const enginePids = async (): Promise<number[]> =>
  (await server.processes()).map(({ pid }) => pid).toSorted((one, other) => one - other);

const textOf = ({ items }: StreamReader<Uint8Array>): string => Buffer.concat(items).toString();

describe('a reload', () => {
  it('is noticed by nobody: no connection, no stream, no event, no engine', async () => {
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
      // One that rests longer than a change takes.
      load.ask('kept', '/api/instances', 700 + 300 * count);
      load.stream('chat', 40);
    }
    load.storm(50);
    const kept = await KeptConnection.open(server.port);
    expect(await kept.ask()).toMatch(/^HTTP\/1\.1 200 /);

    const pids = [await servingPid()];
    for (let count = 0; count < RELOADS; count += 1) {
      pids.push(await reload());
      // Something to tell, over every change.
      await client.startInstance('other', { wait: true });
      await client.stopInstance('other', undefined, { wait: true });
    }
    await load.end();
    // Since the first server was replaced nobody has asked anything on it.
    expect(await kept.ask()).toMatch(/^HTTP\/1\.1 200 .*\r\nconnection: close\r\n/is);

    expect(load.faults).toEqual([]);
    expect(new Set(pids).size).toBe(RELOADS + 1);
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
    expect(told(events.items).length).toBeGreaterThan(4 * RELOADS);
    stop.abort();
    stopListening.abort();
  });

  it('lets requests wait that wait for a model, and for an outcome', async () => {
    await serverWith('gateway: { loading_keepalive: 1 }\n');
    await paced('chat', { loadingMs: 8_000 });
    await paced('other', { loadingMs: 8_000 });
    const held = stream('chat', 3);
    const started = server.call('POST', '/api/instances/other/start?wait=true');
    await held.until((items) => items.length > 0);
    // The engine and the wrapper of each.
    await vi.waitFor(async () => expect(await enginePids()).toHaveLength(4));
    const engines = await enginePids();
    await reload();
    expect((await started).body).toMatchObject({ status: 'running' });
    await held.ended;
    expect(textOf(held)).toContain('data: 0\n\ndata: 1\n\ndata: 2\n\ndata: [DONE]\n\n');
    expect(await enginePids()).toEqual(engines);
  });

  it('leaves leases with the old process, and they count in the new one', async () => {
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

  it('ends with the service, whoever of the two is told', async () => {
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
  it('says why, and the old server goes on', async () => {
    await serverWith();
    const pid = await servingPid();
    await server.configure(`${PRIVILEGED}gateway: { nonsense: 1 }\n`);
    const words = ['reload', '--config', '/dev/null', '--data-dir', server.dataDirectory];
    const { status, stderr } = await runCommand(words, { HOME: server.home });
    expect([status, stderr]).toEqual([1, expect.stringContaining('gateway.nonsense is unknown')]);
    expect([await servingPid(), (await server.call('GET', '/readyz')).status]).toEqual([pid, 200]);
  });

  it('is taken back after the hand-over, with streams, waiting requests and engines', async () => {
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

/** One that a client keeps, and may ask on again as long as it is open. */
class KeptConnection {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(port: number): Promise<KeptConnection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new KeptConnection(socket);
  }

  /** The header of the answer. */
  async ask(): Promise<string> {
    const closed = once(this.#socket, 'close').then(() => ['it was closed']);
    const answered = Promise.race([once(this.#socket, 'data'), closed]);
    this.#socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
    return String((await answered)[0]);
  }
}

/** Takes over, and dies. */
const IMPOSTOR = `
import { Socket } from 'node:net';
const channel = new Socket({ fd: 4 });
channel.on('data', (bytes) => {
  if (String(bytes).includes('"take"')) process.exit(3);
});
channel.write('{"type":"prepared"}\\n');
`;

import { once } from 'node:events';
import { rename, symlink, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { Client } from '@llamactl/client';
import { type FinishedRequest, RequestsSchema } from '@llamactl/contract/requests';
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
import { newestSchema } from '../server/store/migrations.ts';
import { ServerProcess } from './server-process.ts';
import { SteadyLoad } from './steady-load.ts';
import { StreamReader } from './stream-reader.ts';

const NEWEST_SCHEMA = newestSchema();
const RELOADS = isLong ? 5 : 2;
/** Callers of each kind. */
const CALLERS = isLong ? 3 : 1;
/** Between two requests of a caller: without it they take all of the processor. */
const PAUSE_MS = isLong ? 0 : 3;

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

const finished = async (): Promise<FinishedRequest[]> => {
  const { body } = await server.call('GET', '/api/requests');
  return RequestsSchema.parse(body).finished;
};

const textOf = ({ items }: StreamReader<Uint8Array>): string => Buffer.concat(items).toString();

describe('a reload', () => {
  it('is not noticeable: no connection, no stream, no event, no engine is lost', async () => {
    await serverWith();
    await paced('chat');
    await paced('other');
    await server.call('POST', '/api/instances/chat/start?wait=true');
    const engines = await enginePids();
    const client = new Client(server.url);
    const stopListening = new AbortController();
    const events = new StreamReader(client.events({ after_seq: 0, signal: stopListening.signal }));
    const load = new SteadyLoad(server.port);
    for (let count = 0; count < CALLERS; count += 1) {
      load.ask('kept', '/api/instances', PAUSE_MS);
      load.ask('new', '/v1/models', PAUSE_MS);
      // One that rests longer than a change takes.
      load.ask('kept', '/api/instances', 700 + 300 * count);
      load.stream('chat', 40);
    }
    load.storm(isLong ? 50 : 15);
    const [early, late] = [await KeptConnection.open(server.port), await KeptConnection.open(server.port)];
    for (const kept of [early, late]) expect(await kept.ask()).toMatch(/^HTTP\/1\.1 200 /);

    const pids = [await servingPid()];
    for (let count = 0; count < RELOADS; count += 1) {
      pids.push(await reload());
      // Something to tell, over every change.
      await client.startInstance('other', { wait: true });
      await client.stopInstance('other', undefined, { wait: true });
      // The newest server answers what comes on a connection of the first one, over the servers between them.
      if (count === 1) expect(await early.ask()).toMatch(LAST_ANSWER);
    }
    await load.end();
    expect(await late.ask()).toMatch(LAST_ANSWER);

    expect(load.faults).toEqual([]);
    expect(new Set(pids).size).toBe(RELOADS + 1);
    expect((await enginePids()).filter((pid) => engines.includes(pid))).toEqual(engines);
    expect(load.streamed).toBeGreaterThan(CALLERS);
    const kept = (seen: readonly { seq: number; type: string }[]): number[] =>
      seen.filter(({ type }) => type !== 'instance_stats_updated').map(({ seq }) => seq);
    const stop = new AbortController();
    const replayed = new StreamReader(client.events({ after_seq: 0, signal: stop.signal }));
    const last = kept(events.items).at(-1) ?? 0;
    await replayed.until((items) => kept(items).includes(last));
    expect(kept(events.items)).toEqual(kept(replayed.items).filter((seq) => seq <= last));
    expect(events.items.filter(({ type }) => type === 'gap')).toEqual([]);
    expect(kept(events.items).length).toBeGreaterThan(4 * RELOADS);
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

  it('lists requests that the old process finishes, and ends one by its id', async () => {
    await serverWith();
    await paced('chat');
    const long = stream('chat', 100_000);
    await long.until((items) => items.length > 3);
    await reload();
    const listed = async (): Promise<string[]> => {
      const { body } = await server.call('GET', '/api/requests');
      return RequestsSchema.parse(body).in_flight.map(({ id }) => id);
    };
    await vi.waitFor(async () => expect(await listed()).toHaveLength(1), { timeout: 10_000 });
    const [id = ''] = await listed();
    expect((await server.call('DELETE', `/api/requests/${id}`)).status).toBe(200);
    await expect(long.ended).rejects.toThrow('terminated');
    await vi.waitFor(async () => expect(await listed()).toEqual([]), { timeout: 10_000 });
    expect(await finished()).toMatchObject([{ id, outcome: 'cancelled', instance: 'chat' }]);
  });

  it('lists requests that ended in the old process, also over a second reload and a restart', async () => {
    await serverWith();
    await paced('chat');
    const long = stream('chat', 1_000);
    await long.until((items) => items.length > 3);
    await reload();
    await reload();
    expect(await finished()).toEqual([]);
    await long.ended;
    await vi.waitFor(async () => expect(await finished()).toHaveLength(1), { timeout: 10_000 });
    const { body } = await server.call('GET', '/api/requests');
    const { in_flight: left, finished: rows } = RequestsSchema.parse(body);
    expect(left).toEqual([]);
    expect(rows).toMatchObject([{ outcome: 'ok', status: 200, instance: 'chat', stream: true }]);
    expect(await server.end('SIGTERM')).toBe(0);
    await server.start();
    await vi.waitFor(async () => expect(await finished()).toEqual(rows), { timeout: 10_000 });
  });

  it('counts the usage of a stream that began before it and ends after it', async () => {
    await serverWith();
    await paced('chat');
    const requests = async (): Promise<number[]> => {
      const { usage } = await new Client(server.url).getUsage({ by: 'instance' });
      return usage.map((row) => row.requests);
    };
    const short = stream('chat', 1);
    await short.ended;
    await vi.waitFor(async () => expect(await requests()).toEqual([1]));
    const long = stream('chat', 400);
    await long.until((items) => items.length > 3);
    await reload();
    expect(await requests()).toEqual([1]);
    await long.ended;
    await vi.waitFor(async () => expect(await requests()).toEqual([2]), { timeout: 10_000 });
  });

  it('ends with the service, whichever of the two gets the signal', async () => {
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
    await serverByLink();
    await paced('chat');
    const long = stream('chat', 400);
    await long.until((items) => items.length > 3);
    const [pid, engines] = [await servingPid(), await enginePids()];
    await install(IMPOSTOR);
    const load = new SteadyLoad(server.port);
    load.ask('kept', '/api/instances', PAUSE_MS);
    load.ask('new', '/api/instances', PAUSE_MS);
    expect(await reload()).toBe(pid);
    await long.ended;
    await load.end();
    expect(load.faults).toEqual([]);
    expect(textOf(long)).toContain('data: 399\n\ndata: [DONE]');
    expect(await enginePids()).toEqual(engines);
    // And the next one succeeds, from the server that took back.
    await link(MAIN);
    expect(await reload()).not.toBe(pid);
    expect((await server.call('GET', '/readyz')).status).toBe(200);
    expect(await server.end('SIGTERM')).toBe(0);
  });

  it(
    'is made by the program that is started again, where the store was changed and nothing can be taken back',
    { timeout: 120_000 },
    async () => {
      await serverByLink();
      await paced('chat');
      const long = stream('chat', 400);
      await long.until((items) => items.length > 3);
      const [pid, engines] = [await servingPid(), await enginePids()];
      await install(laterVersion(server.dataDirectory));
      const load = new SteadyLoad(server.port);
      load.ask('kept', '/api/instances', PAUSE_MS);
      load.ask('new', '/api/instances', PAUSE_MS);
      const words = ['reload', '--config', '/dev/null', '--data-dir', server.dataDirectory];
      const { status, stdout, stderr } = await runCommand(words, { HOME: server.home });
      const next = await servingPid();
      expect([status, stdout, stderr]).toEqual([0, expect.stringContaining(`(pid ${next})`), '']);
      expect(next).not.toBe(pid);
      expect(server.errors).toContain('cannot take back');
      await long.ended;
      await load.end();
      expect(load.faults).toEqual([]);
      expect(textOf(long)).toContain('data: 399\n\ndata: [DONE]');
      expect(await enginePids()).toEqual(engines);
      expect(await server.end('SIGTERM')).toBe(0);
    },
  );
});

/** A server whose program is a link: what that leads to is what a reload launches. */
async function serverByLink(): Promise<void> {
  server = await ServerProcess.create(PRIVILEGED, (dataDirectory) => {
    const file = path.join(path.dirname(dataDirectory), 'main.ts');
    return ['bash', '-c', 'main=$1 file=$2; shift 2; exec "${@/#$main/$file}"', 'bash', MAIN, file];
  });
  await link(MAIN);
  await server.start();
}

async function link(program: string): Promise<void> {
  const name = path.join(server.home, 'main.ts');
  await symlink(program, `${name}.new`);
  await rename(`${name}.new`, name);
}

/** @param text Of the program that a reload launches. */
async function install(text: string): Promise<void> {
  const file = path.join(server.home, 'installed.ts');
  await writeFile(file, text);
  await link(file);
}

/** A server closes a connection that was idle for 75 seconds, which five reloads need on a busy machine. */
const IDLE_MS = 74_000;
const TIME_IS_OVER = 'it was idle for its whole time';
const LAST_ANSWER = new RegExp(`^(HTTP/1\\.1 200 .*\\r\\nconnection: close\\r\\n|${TIME_IS_OVER}$)`, 'is');

/** One that a client keeps, and may ask on again as long as it is open. */
class KeptConnection {
  readonly #socket: Socket;
  #answeredAt = performance.now();

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(port: number): Promise<KeptConnection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new KeptConnection(socket);
  }

  /** The header of the answer, or why no answer came. */
  async ask(): Promise<string> {
    const isOver = performance.now() - this.#answeredAt > IDLE_MS;
    const closed = isOver ? TIME_IS_OVER : 'it was closed';
    if (this.#socket.closed) return closed;
    const answered = Promise.race([once(this.#socket, 'data'), once(this.#socket, 'close').then(() => [closed])]);
    this.#socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const [answer] = await answered;
    this.#answeredAt = performance.now();
    return String(answer);
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

/** Takes over, changes the store, and dies; started again, it serves with that store. */
const laterVersion = (dataDirectory: string): string => `
import { existsSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
const died = ${JSON.stringify(path.join(dataDirectory, '..', 'died'))};
function setSchema(version) {
  const database = new DatabaseSync(${JSON.stringify(path.join(dataDirectory, 'llamactl.db'))});
  database.exec('pragma user_version = ' + version);
  database.close();
}
if (existsSync(died)) {
  setSchema(${NEWEST_SCHEMA});
  await import(${JSON.stringify(MAIN)});
} else {
  const channel = new Socket({ fd: 4 });
  channel.on('data', (bytes) => {
    if (!String(bytes).includes('"take"')) return;
    writeFileSync(died, '');
    setSchema(1_000);
    process.exit(3);
  });
  channel.write('{"type":"prepared"}\\n');
}
`;

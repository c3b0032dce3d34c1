import { once } from 'node:events';
import { connect } from 'node:net';
import type { Frame } from '@llamactl/contract/events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createEventBus, type EventBus } from '../../events/bus.ts';
import { createFeed, type Feed } from '../../events/feed.ts';
import { DecisionTrace } from '../../events/decision-trace.ts';
import { AuthHarness } from '../../testing/auth-harness.ts';
import { statusChange } from '../../testing/contracts/events.contract.ts';
import { FakeManager } from '../../testing/fake-manager.ts';
import { MemoryStore } from '../../testing/memory-store.ts';
import { errorOf, exchange, testConfig, testServer } from '../../testing/http-harness.ts';
import type { HttpServer } from '../server.ts';
import { webSocketRoutes } from './websocket.routes.ts';
import { NOT_LIMITED } from '../edge/rate-limit.ts';

let harness: AuthHarness;
let bus: EventBus;
let feed: Feed;
let tracing: DecisionTrace;
let server: HttpServer;
let manager: FakeManager;
let port: number;
const clients: WebSocket[] = [];

/** Serves events with the real authentication, or without. */
async function serve(isAuthEnabled = true, tokenTtl = 3_600): Promise<void> {
  harness = await AuthHarness.open({ isEnabled: isAuthEnabled, tokenTtl });
  harness.instances.set('a', 'id-a').set('b', 'id-b');
  const { clock, auth } = harness;
  const onError = (error: unknown): never => {
    throw error;
  };
  bus = createEventBus({ clock, replay: new MemoryStore().replay, stored: [], onError });
  const idOf = (name: string): string | null => harness.instances.get(name) ?? null;
  const nameOf = (id: string): string => id.replace('id-', '');
  tracing = new DecisionTrace({ idOf, nameOf, onError });
  feed = createFeed({ clock, bus, idOf, decisions: tracing });
  const { authenticator, tickets } = auth;
  manager = new FakeManager();
  const onFault = onError;
  ({ server } = testServer({
    auth,
    clock,
    config: testConfig({ auth: { enabled: isAuthEnabled } }),
    plugins: [
      webSocketRoutes({
        limits,
        addressOf: () => '127.0.0.1',
        events: feed,
        logsFor: () => manager,
        authenticator,
        tickets,
        isAuthEnabled,
        clock,
        onFault,
      }),
    ],
  }));
  ({ port } = await server.listen({ host: '127.0.0.1', port: 0 }));
}

const limits = { count: () => NOT_LIMITED };

beforeEach(() => serve());

afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  await server.close();
});

interface Connection {
  webSocket: WebSocket;
  frames: Frame[];
  /** Resolves with code and reason. */
  closed: Promise<string>;
}

interface Offer {
  query?: string;
  protocols?: string[];
  headers?: Record<string, string>;
}

function open({ query = '', protocols = [], headers = {} }: Offer = {}): Connection {
  const webSocket = new WebSocket(`ws://127.0.0.1:${port}/api/ws${query}`, protocols, { headers });
  clients.push(webSocket);
  const frames: Frame[] = [];
  webSocket.on('message', (data: Buffer) => void frames.push(JSON.parse(data.toString()) as Frame));
  webSocket.on('error', () => undefined);
  const closed = new Promise<string>((resolve) => {
    webSocket.once('close', (code, reason) => resolve(`${code} ${reason.toString()}`));
  });
  return { webSocket, frames, closed };
}

async function opened(offer: Offer = {}): Promise<Connection> {
  const connection = open(offer);
  await once(connection.webSocket, 'open');
  return connection;
}

/** Status and error code of a refused handshake. */
async function refusal(offer: Offer = {}): Promise<string> {
  const { webSocket } = open(offer);
  const [, answer] = (await once(webSocket, 'unexpected-response')) as [unknown, NodeJS.ReadableStream & Answer];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(Buffer.from(chunk));
  return `${answer.statusCode} ${errorOf(Buffer.concat(chunks).toString()).code}`;
}
interface Answer {
  statusCode: number;
}

const asAdmin = async (): Promise<Offer> => ({
  headers: { authorization: `Bearer ${await harness.tokenOf('ada', 'admin')}` },
});
const names = ({ frames }: Connection): string[] => frames.map(({ type, data }) => ('name' in data ? data.name : type));
/** Lets the feed write and the clients read. */
const reaches = async (connection: Connection, expected: string[]): Promise<void> => {
  await harness.clock.advance(100);
  await vi.waitFor(() => expect(names(connection)).toEqual(expected), { interval: 5 });
};

describe('the WebSocket accepts', () => {
  it('a caller with a valid token or key in the header', async () => {
    const admin = await opened(await asAdmin());
    const key = await harness.keyOf(await harness.loggedIn('ada'), { scopes: ['viewer'] });
    const other = await opened({ headers: { 'x-api-key': key } });
    bus.emit(statusChange('a'));
    await reaches(admin, ['a']);
    await reaches(other, ['a']);
  });

  it('a page with its token in the name of a subprotocol, which is not selected', async () => {
    const token = await harness.tokenOf('ada');
    const { webSocket } = await opened({ protocols: ['llamactl.v1', `bearer.${token}`] });
    expect(webSocket.protocol).toBe('llamactl.v1');
  });

  it('a page with a ticket, once', async () => {
    const { ticket } = harness.auth.tickets.issue(await harness.loggedIn('ada', 'viewer'));
    const connection = await opened({ query: `?ticket=${ticket}` });
    bus.emit(statusChange('a'));
    await reaches(connection, ['a']);
    expect(await refusal({ query: `?ticket=${ticket}` })).toBe('401 UNAUTHORIZED');
  });

  it('no other caller, and no token in the query', async () => {
    const token = await harness.tokenOf('ada');
    expect(await refusal()).toBe('401 UNAUTHORIZED');
    expect(await refusal({ query: `?token=${token}` })).toBe('401 UNAUTHORIZED');
    expect(await refusal({ query: `?ticket=${token}` })).toBe('401 UNAUTHORIZED');
    expect(await refusal({ headers: { authorization: 'Bearer x' } })).toBe('401 UNAUTHORIZED');
    expect(await refusal({ protocols: ['llamactl.v1', 'bearer.x'] })).toBe('401 UNAUTHORIZED');
    expect(await refusal({ protocols: ['llamactl.v1'] })).toBe('401 UNAUTHORIZED');
    await harness.clock.advance(3_600_000);
    expect(await refusal({ protocols: ['llamactl.v1', `bearer.${token}`] })).toBe('401 TOKEN_EXPIRED');
  });

  it('no key with only the inference scope', async () => {
    const key = await harness.keyOf(await harness.loggedIn('ada'), { scopes: ['inference'] });
    expect(await refusal({ headers: { authorization: `Bearer ${key}` } })).toBe('403 FORBIDDEN');
    expect(await refusal({ protocols: ['llamactl.v1', `bearer.${key}`] })).toBe('403 FORBIDDEN');
  });

  it('no page of another site, even with a valid token', async () => {
    const { headers } = await asAdmin();
    expect(await refusal({ headers: { ...headers, origin: 'https://evil.example' } })).toBe('403 FORBIDDEN');
  });

  it('all callers while authentication is off, with any credentials', async () => {
    await server.close();
    await serve(false);
    for (const offer of [{}, { query: '?ticket=x' }, { protocols: ['llamactl.v1', 'bearer.x'] }]) await opened(offer);
    expect(await refusal({ headers: { origin: 'null' } })).toBe('403 FORBIDDEN');
  });
});

describe('the handshake', () => {
  const request = (headers: string[]): string =>
    ['GET /api/ws HTTP/1.1', 'Host: localhost', ...headers, 'Connection: close', '', ''].join('\r\n');
  const upgrade = ['Upgrade: websocket'];
  const key = ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
  const version = ['Sec-WebSocket-Version: 13'];

  it.each([
    ['without an upgrade', []],
    ['without a key', [...upgrade, ...version]],
    ['with a malformed key', [...upgrade, ...version, 'Sec-WebSocket-Key: x']],
    ['of another version', [...upgrade, ...key, 'Sec-WebSocket-Version: 8']],
    ['with malformed subprotocols', [...upgrade, ...key, ...version, 'Sec-WebSocket-Protocol: a, a']],
  ])('%s is refused in the error format of the API', async (_what, headers) => {
    const { headers: own = {} } = await asAdmin();
    const [answer] = await exchange(port, request([...headers, `Authorization: ${own['authorization'] ?? ''}`]));
    expect(answer?.status).toBe(400);
    expect(errorOf(answer?.body ?? '').code).toBe('VALIDATION_ERROR');
  });

  it('with an unknown query is refused', async () => {
    const { headers = {} } = await asAdmin();
    expect(await refusal({ headers, query: '?after_seq=-1' })).toBe('400 VALIDATION_ERROR');
    expect(await refusal({ headers, query: '?after=1' })).toBe('400 VALIDATION_ERROR');
  });
});

describe('a client', () => {
  it('gets the events that it missed after a reconnect, then new ones', async () => {
    const offer = await asAdmin();
    bus.emit(statusChange('first'));
    const seq = bus.lastSeq;
    bus.emit(statusChange('second'));
    const connection = await opened({ ...offer, query: `?after_seq=${seq}` });
    bus.emit(statusChange('third'));
    await reaches(connection, ['second', 'third']);
  });

  it('gets a gap before anything else', async () => {
    bus.emit(statusChange('a'));
    const connection = await opened({ ...(await asAdmin()), query: '?after_seq=7' });
    await reaches(connection, ['gap', 'a']);
    expect(connection.frames[0]).toMatchObject({ data: { from_seq: 8, to_seq: bus.lastSeq - 1 } });
  });

  it('gets the events of its latest subscription', async () => {
    const connection = await opened(await asAdmin());
    const subscribe = async (subscription: object): Promise<void> => {
      connection.webSocket.send(JSON.stringify({ type: 'subscribe', ...subscription }));
      // A pong arrives after everything that was sent before the ping.
      connection.webSocket.ping();
      await once(connection.webSocket, 'pong');
    };
    await subscribe({ instances: ['B'] });
    for (const name of ['a', 'b']) bus.emit(statusChange(name));
    await reaches(connection, ['b']);
    await subscribe({ types: ['instance_created'] });
    bus.emit({ type: 'instance_created', data: { name: 'c' } });
    bus.emit(statusChange('a'));
    await reaches(connection, ['b', 'c']);
  });

  it('gets decisions if it subscribes to them and may see all that they name', async () => {
    const owner = await harness.loggedIn('ada');
    const narrow = await harness.keyOf(owner, { scopes: ['operator'], instances: ['a'] });
    const viewer = await harness.tokenOf('eve', 'viewer');
    const [all, seesA, seesNoCaller, unsubscribed] = [
      await opened(await asAdmin()),
      await opened({ headers: { 'x-api-key': narrow } }),
      await opened({ headers: { authorization: `Bearer ${viewer}` } }),
      await opened(await asAdmin()),
    ];
    const subscribed = [all, seesA, seesNoCaller];
    for (const { webSocket } of subscribed) {
      webSocket.send(JSON.stringify({ type: 'subscribe', types: ['decision'] }));
      // A pong arrives after everything that was sent before the ping.
      webSocket.ping();
      await once(webSocket, 'pong');
    }
    const counted = { caller: 'account ann', limit: 'max_in_flight', most: 1, counted: 1, retry_after_ms: 1 } as const;
    const inputs = { idle_ms: 1 };
    tracing.note({ kind: 'eviction', instance: { id: 'id-a' }, inputs });
    tracing.note({ kind: 'eviction', instance: { id: 'id-a' }, other: { id: 'id-b' }, inputs });
    tracing.note({ kind: 'route', instance: null, inputs: { named: 'x', by: 'unknown' } });
    tracing.note({ kind: 'admission', instance: null, inputs: { outcome: 'refused', ...counted } });
    await harness.clock.advance(100);
    const decisions = ({ frames }: Connection): string[] =>
      frames.flatMap(({ type, data }) => (type === 'decision' ? [`${data.decision} ${data.other ?? ''}`.trim()] : []));
    await vi.waitFor(() =>
      expect(subscribed.map(decisions)).toEqual([
        ['eviction', 'eviction b', 'route', 'admission'],
        ['eviction'],
        ['eviction', 'eviction b', 'route'],
      ]),
    );
    expect(decisions(unsubscribed)).toEqual([]);
  });

  it('with a key for some instances gets no events of others', async () => {
    const key = await harness.keyOf(await harness.loggedIn('ada'), { scopes: ['viewer'], instances: ['a'] });
    bus.emit(statusChange('b'), 'id-b');
    const connection = await opened({ headers: { authorization: `Bearer ${key}` }, query: '?after_seq=0' });
    for (const name of ['a', 'b']) bus.emit(statusChange(name), `id-${name}`);
    await reaches(connection, ['a']);
  });

  it('gets long frames, and many at once, completely', async () => {
    const connection = await opened(await asAdmin());
    const messages = [100, 10_000, 100_000].map((length) => 'é'.repeat(length));
    for (const message of messages)
      bus.emit({ type: 'system_alert', data: { level: 'error', code: 'x', message, state: 'raised' } });
    await reaches(connection, ['system_alert', 'system_alert', 'system_alert']);
    expect(connection.frames.map(({ data }) => ('message' in data ? data.message : ''))).toEqual(messages);
  });

  it.each([
    ['invalid JSON', 'hello', 'it is no JSON'],
    ['no object', 'null', 'it must be an object'],
    ['no subscription', '{"type":"publish"}', 'type must be "subscribe"'],
    ['an unknown type', '{"type":"subscribe","types":["all"]}', 'types[0] must be '],
    ['an unknown field', '{"type":"subscribe","instance":["a"]}', 'instance is not known'],
  ])('that sends %s is closed with 1008 and the reason', async (_what, text, reason) => {
    const { webSocket, closed } = await opened(await asAdmin());
    webSocket.send(text);
    expect(await closed).toContain(`1008 This is no {"type":"subscribe"}: ${reason}`);
  });

  it('is closed with 1003 for binary messages, and with 1009 for too large ones', async () => {
    const offer = await asAdmin();
    const [bytes, much] = [await opened(offer), await opened(offer)];
    bytes.webSocket.send(Buffer.from('{"type":"subscribe"}'));
    much.webSocket.send('x'.repeat(65_537));
    expect(await bytes.closed).toMatch(/^1003 /);
    expect(await much.closed).toMatch(/^1009/);
  });

  it('is closed with 1008 for too many messages', async () => {
    const { webSocket, closed } = await opened(await asAdmin());
    for (let count = 0; count < 101; count += 1) webSocket.send('{"type":"subscribe"}');
    expect(await closed).toMatch(/^1008 More than 100 frames/);
  });
});

describe('a connection ends', () => {
  it('with 4401 when its credentials expire or are ended', async () => {
    await server.close();
    await serve(true, 20);
    const expiring = await opened(await asAdmin());
    await harness.clock.advance(19_000);
    const staying = await opened(await asAdmin());
    const { headers = {} } = await asAdmin();
    const leaving = await opened({ headers });
    await harness.clock.advance(1_000);
    expect(await expiring.closed).toMatch(/^4401 .*expired/);
    await harness.auth.sessions.logout(await harness.caller((headers['authorization'] ?? '').slice(7)));
    expect(await leaving.closed).toMatch(/^4401 The log-in was ended/);
    expect(staying.webSocket.readyState, 'another token of the same account').toBe(WebSocket.OPEN);
  });

  it('with 1001 when the server stops', async () => {
    const { closed } = await opened(await asAdmin());
    await server.close();
    expect(await closed).toMatch(/^1001 /);
  });

  it('without a handshake when a client answers no ping', async () => {
    const offer = await asAdmin();
    const good = await opened(offer);
    const dead = await silentClient(offer);
    await vi.waitFor(async () => {
      const pong = once(good.webSocket, 'ping');
      await harness.clock.advance(30_000);
      await pong;
    });
    const ended = once(dead, 'close');
    await settled(good);
    await harness.clock.advance(30_000);
    await ended;
    expect(good.webSocket.readyState).toBe(WebSocket.OPEN);
  });

  it('with 1013, if that can be sent, when a client reads too slowly', { timeout: 20_000 }, async () => {
    const offer = await asAdmin();
    const quick = await opened(offer);
    const slow = await silentClient(offer);
    slow.pause();
    const message = 'x'.repeat(500_000);
    const ended = once(slow, 'close');
    for (let count = 1; count <= 60; count += 1) {
      bus.emit({ type: 'system_alert', data: { level: 'error', code: 'x', message, state: 'raised' } });
      await harness.clock.advance(60);
      await vi.waitFor(() => expect(quick.frames).toHaveLength(count), { interval: 2 });
    }
    await harness.clock.advance(2_000);
    slow.resume();
    await ended;
    expect(quick.webSocket.readyState).toBe(WebSocket.OPEN);
  });
});

/** A switched connection whose client is silent and does not answer pings. */
async function silentClient({ headers = {} }: Offer): Promise<ReturnType<typeof connect>> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  const lines = [
    'GET /api/ws HTTP/1.1',
    'Host: localhost',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    `Authorization: ${headers['authorization'] ?? ''}`,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toContain('101 Switching Protocols');
  socket.resume();
  return socket;
}

/** Waits until the server has processed all frames that a client sent. */
async function settled({ webSocket }: Connection): Promise<void> {
  webSocket.ping();
  await once(webSocket, 'pong');
}

describe('lines of logs over the WebSocket', () => {
  const line = { timestamp: '2026-03-01T12:00:00.000Z', level: 'info', message: 'ready', seq: 13 } as const;

  it('come for the logs of a subscription, with the number of the last event', async () => {
    bus.emit(statusChange('a'));
    manager.followed = (async function* () {
      yield [line];
    })();
    await manager.create({ name: 'a' });
    const client = await opened(await asAdmin());
    client.webSocket.send(JSON.stringify({ type: 'subscribe', types: [], logs: [{ instance: 'a', after_seq: 4 }] }));
    await vi.waitFor(() => expect(client.frames).toHaveLength(1), { interval: 5 });
    expect(client.frames[0]).toEqual({
      type: 'log_lines',
      timestamp: expect.any(String) as string,
      seq: bus.lastSeq,
      data: { name: 'a', lines: [line] },
    });
    expect(manager.calls.at(-1)?.arguments.slice(0, 2)).toMatchObject(['a', { afterSeq: 4 }]);
  });

  it('have the number of an earlier event while a later one still waits, so that no client takes that for known', async () => {
    const more = Promise.withResolvers<void>();
    manager.followed = (async function* () {
      await more.promise;
      yield [line];
    })();
    await manager.create({ name: 'a' });
    bus.emit(statusChange('a'));
    const client = await opened(await asAdmin());
    client.webSocket.send(JSON.stringify({ type: 'subscribe', logs: [{ instance: 'a' }] }));
    await vi.waitFor(() => expect(manager.calls.at(-1)?.method).toBe('followLogs'), { interval: 5 });
    const before = bus.lastSeq;
    bus.emit(statusChange('a'));
    more.resolve();
    await vi.waitFor(() => expect(client.frames).toHaveLength(1), { interval: 5 });
    await reaches(client, ['a', 'a']);
    expect(client.frames.map(({ type, seq }) => [type, seq])).toEqual([
      ['log_lines', before],
      ['instance_status_changed', bus.lastSeq],
    ]);
  });

  it('end with the connection', async () => {
    const more = Promise.withResolvers<void>();
    manager.followed = (async function* () {
      await more.promise;
      yield [line];
    })();
    await manager.create({ name: 'a' });
    const client = await opened(await asAdmin());
    client.webSocket.send(JSON.stringify({ type: 'subscribe', logs: [{ instance: 'a' }] }));
    await vi.waitFor(() => expect(manager.calls.at(-1)?.method).toBe('followLogs'), { interval: 5 });
    const signal = manager.calls.at(-1)?.arguments[2] as AbortSignal;
    expect(signal.aborted).toBe(false);
    client.webSocket.close();
    await vi.waitFor(() => expect(signal.aborted).toBe(true), { interval: 5 });
    more.resolve();
  });

  it.each([
    [[{ instance: 'a', level: 'loud' }]],
    [[{ instance: 'a', lines: 5 }]],
    [Array.from({ length: 17 }, () => ({ instance: 'a' }))],
  ])('are refused for an invalid subscription (%#)', async (logs) => {
    const client = await opened(await asAdmin());
    client.webSocket.send(JSON.stringify({ type: 'subscribe', logs }));
    expect(await client.closed).toMatch(/^1008 /);
  });
});

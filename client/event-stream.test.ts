import { describe, expect, it } from 'vitest';
import { Client } from './client.ts';
import { ConnectionError } from './errors.ts';
import type { Frame } from './models.ts';
import type { ClientOptions, Interruption } from './options.ts';
import { collected } from './testing/collected.ts';
import { fakeSockets, type FakeSocket } from './testing/fake-socket.ts';
import { FakeTiming } from './testing/fake-timing.ts';
import { answer, noConnection, refusal, ScriptedFetch, type Reply } from './testing/scripted-fetch.ts';

const created = (seq: number, name = 'a'): Frame => ({
  type: 'instance_created',
  timestamp: '2026-03-01T12:00:00.000Z',
  seq,
  data: { name },
});
/** Opens, sends these frames, and closes. */
const plan =
  (code: number, ...frames: Frame[]) =>
  (socket: FakeSocket): void => {
    socket.open();
    for (const frame of frames) socket.message(frame);
    socket.end(code, 'as the server says');
  };
const refused = (socket: FakeSocket): void => socket.refuse();
/** Closes the socket for good at the end of a test. */
const over = plan(1008);

function bench(plans: ((socket: FakeSocket) => void)[], replies: Reply[] = [], options: ClientOptions = {}) {
  const { WebSocket, made } = fakeSockets(...plans);
  const server = new ScriptedFetch(...replies);
  const timing = new FakeTiming();
  const client = new Client({ url: 'https://h/llm', WebSocket, fetch: server.fetch, retries: 0, ...options }, timing);
  return { client, made, server, timing };
}

/** The numbers of the events before the stream failed, and its error. */
async function eventsOf(frames: AsyncIterable<Frame>): Promise<[number[], Error | null]> {
  const seen: number[] = [];
  try {
    for await (const { seq } of frames) seen.push(seq);
  } catch (error) {
    return [seen, error as Error];
  }
  return [seen, null];
}

describe('event stream', () => {
  it('yields the requested events as they come', async () => {
    const { client, made } = bench([plan(1008, created(5), created(6, 'b'), created(7))], [], { token: 'llk_1' });
    const [seen, error] = await eventsOf(
      client.events({ instances: ['A'], types: ['instance_created'], after_seq: 4 }),
    );
    expect(seen).toEqual([5, 7]);
    expect(error).toMatchObject({
      name: 'ProtocolError',
      message: 'https://h/llm ended the events (1008): as the server says',
    });
    const [socket] = made;
    expect(socket?.url).toBe('wss://h/llm/api/ws?after_seq=4');
    expect(socket?.protocols).toEqual(['llamactl.v1', 'bearer.llk_1']);
    expect(socket?.sent).toEqual(['{"type":"subscribe","instances":["A"],"types":["instance_created"]}']);
  });

  it('works without a token', async () => {
    const { client, made } = bench([over]);
    await eventsOf(client.events());
    expect(made[0]?.protocols).toEqual(['llamactl.v1']);
    expect(made[0]?.sent).toEqual(['{"type":"subscribe"}']);
  });

  it.each([1000, 1001, 1006, 1011, 1013])(
    'resumes after the last event when the socket closes with %i',
    async (code) => {
      const interruptions: Interruption[] = [];
      const { client, made } = bench([plan(code, created(5)), plan(code, created(6)), over]);
      const [seen] = await eventsOf(client.events({ onInterruption: (each) => interruptions.push(each) }));
      expect(seen).toEqual([5, 6]);
      expect(made.map(({ url }) => url.split('after_seq=')[1])).toEqual(['1', '5', '6']);
      expect(interruptions.map(({ attempt, delay }) => [attempt, delay])).toEqual([
        [1, 0.125],
        [1, 0.125],
      ]);
    },
  );

  it('resumes after the server was away for long', async () => {
    const away = noConnection('ECONNREFUSED');
    const { client, timing } = bench(
      [plan(1001, created(5)), refused, refused, refused, plan(1001, created(6)), over],
      [away, away, refusal(503, 'SHUTTING_DOWN')],
    );
    expect((await eventsOf(client.events()))[0]).toEqual([5, 6]);
    expect(timing.waits.filter((seconds) => seconds < 60)).toEqual([0.125, 0.25, 0.5, 1, 0.125]);
  });

  it.each([
    ['a server that is not there', [noConnection('ECONNREFUSED')], 'ConnectionError'],
    ['who is not known', [refusal(401, 'UNAUTHORIZED')], 'UnauthorizedError'],
    ['who may not', [refusal(403, 'FORBIDDEN')], 'ForbiddenError'],
  ])('are refused for %s, in the words of an ordinary answer', async (_what, replies, name) => {
    const { client, server, timing } = bench(
      Array.from({ length: 3 }, () => refused),
      [...replies, ...replies, ...replies],
    );
    expect((await eventsOf(client.events()))[1]).toMatchObject({ name });
    expect(server.targets[0]).toBe('GET /llm/api/ws');
    expect(timing.pending).toBe(0);
  });

  it.each([0, 1, 3])('reports a proxy that blocks WebSockets, after %i retries', async (retries) => {
    const plans = Array.from({ length: 4 }, () => refused);
    const replies = plans.map(() => refusal(400, 'VALIDATION_ERROR'));
    const { client, made, server, timing } = bench(plans, replies, { retries });
    expect((await eventsOf(client.events()))[1]?.message).toBe(
      'https://h/llm/api/ws answers, but does not open a WebSocket. Does a proxy in between support WebSockets?',
    );
    expect([made.length, server.requests.length]).toEqual([retries + 1, retries + 1]);
    expect(timing.waits.filter((seconds) => seconds < 60)).toEqual([0.125, 0.25, 0.5].slice(0, retries));
  });

  it('retries the first connection like any request, without reporting an interruption', async () => {
    const interruptions: Interruption[] = [];
    const plans = [refused, refused, plan(1001, created(5)), refused, refused, refused, refused];
    const away = Array.from({ length: 4 }, () => noConnection('ECONNREFUSED'));
    const replies = [refusal(503, 'SHUTTING_DOWN'), noConnection('ECONNREFUSED'), ...away, refusal(403, 'FORBIDDEN')];
    const { client, timing } = bench([...plans, refused], replies, { retries: 2 });
    const [seen, error] = await eventsOf(client.events({ onInterruption: (each) => interruptions.push(each) }));
    expect([seen, error?.name]).toEqual([[5], 'ForbiddenError']);
    expect(timing.waits.filter((seconds) => seconds < 60)).toEqual([0.125, 0.25, 0.125, 0.25, 0.5, 1, 2]);
    expect(interruptions.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5]);
    const once = bench([refused, over], [refusal(503, 'SHUTTING_DOWN')], { retries: 0 });
    expect((await eventsOf(once.client.events()))[1]).toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(once.made).toHaveLength(1);
  });

  it('resumes with another token when the token expires', async () => {
    const tokens = ['one', 'two', 'three', 'four', 'five', 'six'];
    const plans = [plan(4401, created(5)), plan(4401), plan(4401, created(6)), refused, refused];
    const answers = [refusal(401, 'UNAUTHORIZED'), refusal(401, 'UNAUTHORIZED')];
    const { client, made, timing } = bench(plans, answers, { token: () => tokens.shift() ?? null });
    const [seen, error] = await eventsOf(client.events());
    expect(seen).toEqual([5, 6]);
    expect(error).toMatchObject({ name: 'UnauthorizedError', code: 'UNAUTHORIZED' });
    const used = ['one', 'two', 'three', 'four', 'five'].map((token) => `bearer.${token}`);
    expect(made.map(({ protocols }) => protocols[1])).toEqual(used);
    expect(
      timing.waits.filter((seconds) => seconds < 60),
      'at once, but not again and again',
    ).toEqual([0.25]);
  });

  it('misses no event between the first connection and the next, if the server had none before', async () => {
    const tokens = ['one', 'two'];
    const { client, made } = bench([plan(4401), plan(1008, created(5))], [], { token: () => tokens.shift() ?? null });
    expect((await eventsOf(client.events()))[0]).toEqual([5]);
    expect(made.map(({ url }) => url.split('after_seq=')[1])).toEqual(['1', '0']);
  });

  it('may have lost the gap of a connection that ended without a close frame', async () => {
    const { client, made } = bench([plan(1006), plan(1008, created(5))]);
    await eventsOf(client.events());
    expect(made.map(({ url }) => url.split('after_seq=')[1])).toEqual(['1', '1']);
  });

  it('ends when the token expires and there is no other', async () => {
    const { client } = bench([plan(4401, created(5))], [], { token: 'one' });
    const [seen, error] = await eventsOf(client.events());
    expect(seen).toEqual([5]);
    expect(error).toMatchObject({ name: 'UnauthorizedError', code: 'TOKEN_EXPIRED', message: 'as the server says' });
  });

  it('asks for a fresh token after a refused handshake', async () => {
    const tokens = ['stale', 'fresh'];
    const replies = [refusal(401, 'TOKEN_EXPIRED')];
    const { client, made, server } = bench([refused, over], replies, { token: () => tokens.shift() ?? null });
    await eventsOf(client.events());
    expect(made.map(({ protocols }) => protocols[1])).toEqual(['bearer.stale', 'bearer.fresh']);
    expect(server.requests[0]?.headers.get('authorization')).toBe('Bearer stale');
  });

  it('calls onOpen for every connection, before its first event', async () => {
    const { client } = bench([plan(1001, created(5)), plan(1001), plan(1001, created(6)), over]);
    const seen: unknown[] = [];
    const frames = client.events({ onOpen: () => seen.push('open') });
    await expect(
      (async () => {
        for await (const { seq } of frames) seen.push(seq);
      })(),
    ).rejects.toThrow('1008');
    expect(seen).toEqual(['open', 5, 'open', 'open', 6, 'open']);
  });

  it('ends with the error of a callback', async () => {
    const { client, made, timing } = bench([(socket) => socket.open()]);
    const onOpen = (): never => {
      throw new Error('mine');
    };
    await expect(client.events({ onOpen }).next()).rejects.toThrow('mine');
    expect(made[0]?.closedWith).toBe(1000);
    expect(timing.pending).toBe(0);
  });

  it('reconnects after two silent minutes, because the connection may be dead', async () => {
    const silent = (socket: FakeSocket): void => socket.open();
    const loud = (socket: FakeSocket): void => {
      socket.open();
      socket.message(created(5));
    };
    const { client, made, timing } = bench([silent, silent, loud, over]);
    const interruptions: Interruption[] = [];
    const reading = eventsOf(client.events({ onInterruption: (each) => interruptions.push(each) }));
    for (const tries of [1, 2, 3]) {
      while (made.length < tries || timing.pending === 0) await new Promise(setImmediate);
      await new Promise(setImmediate);
      timing.passAll();
    }
    expect((await reading)[0]).toEqual([5]);
    expect(made.map(({ url }) => url.split('after_seq=')[1])).toEqual(['1', '0', '0', '5']);
    expect(made.map(({ closedWith }) => closedWith)).toEqual([1000, 1000, 1000, 1000]);
    expect(interruptions, 'nothing was lost').toEqual([]);
    expect(timing.waits, 'an event restarts the timer for silence').toEqual([60, 120, 60, 120, 60, 120, 120, 60, 120]);
  });

  it('resumes while the token source fails temporarily, and ends if it fails for good', async () => {
    const away = new ConnectionError('the one that logs in is away', { url: 'https://login/' });
    const answers = ['one', away, 'two', new Error('the keyring is locked')];
    const token = async (): Promise<string> => {
      const next = answers.shift() ?? '';
      if (next instanceof Error) throw next;
      return next;
    };
    const { client, made } = bench([plan(1001, created(5)), plan(1001, created(6))], [], { token });
    const [seen, error] = await eventsOf(client.events());
    expect(seen).toEqual([5, 6]);
    expect(error?.message).toBe('the keyring is locked');
    expect(made.map(({ protocols }) => protocols[1])).toEqual(['bearer.one', 'bearer.two']);
    const first = bench([], [], { token: () => Promise.reject(away) });
    expect((await eventsOf(first.client.events()))[1]).toBe(away);
  });

  it('refuses a token that a WebSocket cannot send', async () => {
    const { client, made } = bench([], [], { token: 'a/b=' });
    await expect(client.events().next()).rejects.toThrow('characters that a WebSocket cannot send');
    expect(made).toEqual([]);
  });

  it('ends on abort while it waits for a token', async () => {
    const stop = new AbortController();
    const { client } = bench([], [], { token: () => new Promise(() => undefined) });
    const next = client.events({ signal: stop.signal }).next();
    stop.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
  });

  it('fails on a message that is not an event', async () => {
    const odd = (socket: FakeSocket): void => {
      socket.open();
      socket.message({ hello: 1 });
    };
    const { client, made } = bench([odd]);
    expect((await eventsOf(client.events()))[1]).toMatchObject({ name: 'ProtocolError' });
    expect(made[0]?.closedWith).toBe(1000);
  });

  it('drops the connection if too many events are unread, and requests them again', async () => {
    const flood = (socket: FakeSocket): void => {
      socket.open();
      for (let seq = 1; seq <= 10_002; seq += 1) socket.message(created(seq));
    };
    const { client, made } = bench([flood, plan(1008, created(10_002))]);
    const [seen] = await eventsOf(client.events({ after_seq: 0 }));
    expect([seen.length, seen[0], seen.at(-1)]).toEqual([10_002, 1, 10_002]);
    expect(made[1]?.url).toContain('after_seq=10001');
  });

  it('ends when the caller leaves the loop or aborts', async () => {
    const { client, made, timing } = bench([
      (socket) => {
        socket.open();
        socket.message(created(5));
      },
    ]);
    for await (const _ of client.events()) break;
    expect(made[0]?.closedWith).toBe(1000);
    expect(timing.pending).toBe(0);
    const abort = new AbortController();
    const other = bench([(socket) => socket.open()]);
    const next = other.client.events({ signal: abort.signal }).next();
    await new Promise(setImmediate);
    abort.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
    expect(other.made[0]?.closedWith).toBe(1000);
    await expect(other.client.events({ signal: abort.signal }).next()).rejects.toThrow('enough');
  });

  it('retries a connection that does not open in time', async () => {
    const { WebSocket, made } = fakeSockets(() => undefined, over);
    const server = new ScriptedFetch(answer({}, 400));
    const client = new Client({ WebSocket, fetch: server.fetch, timeout: 5 }, new FakeTiming());
    expect((await eventsOf(client.events()))[1]).toMatchObject({ name: 'ProtocolError' });
    expect(made.map(({ closedWith }) => closedWith)).toEqual([1000, 1000]);
  });

  it('fails on a platform without WebSocket', async () => {
    const own = Reflect.get(globalThis, 'WebSocket') as unknown;
    Reflect.deleteProperty(globalThis, 'WebSocket');
    try {
      await expect(collected(new Client().events())).rejects.toThrow('This platform has no WebSocket.');
    } finally {
      Reflect.set(globalThis, 'WebSocket', own);
    }
  });
});

describe('a change of the subscription', () => {
  const lines = (...seqs: number[]): Frame => ({
    type: 'log_lines',
    timestamp: '2026-03-01T12:00:00.000Z',
    seq: 5,
    data: {
      name: 'a',
      lines: seqs.map((seq) => ({ timestamp: '2026-03-01T12:00:00.000Z', level: 'info', message: 'x', seq })),
    },
  });
  const sentBy = (socket: FakeSocket | undefined): unknown[] =>
    (socket?.sent ?? []).map((text) => JSON.parse(text) as unknown);

  it('goes over the open connection, and selects the events from then on', async () => {
    let socket: FakeSocket | undefined;
    const { client, made } = bench([
      (opened) => {
        socket = opened;
        opened.open();
        opened.message(created(5));
      },
    ]);
    const events = client.events({ instances: ['a'], after_seq: 4 });
    expect((await events.next()).value).toMatchObject({ seq: 5 });
    events.subscribe({ instances: ['b'], types: ['instance_created', 'requests_updated'] });
    socket?.message(created(6, 'a'));
    socket?.message(created(7, 'b'));
    expect((await events.next()).value).toMatchObject({ seq: 7 });
    expect(made).toHaveLength(1);
    expect(sentBy(socket)).toEqual([
      { type: 'subscribe', instances: ['a'] },
      { type: 'subscribe', instances: ['b'], types: ['instance_created', 'requests_updated'] },
    ]);
    await events.return();
  });

  it('keeps the place of a log that is still wanted, also on the next connection', async () => {
    const { client, made } = bench([plan(1006, lines(10, 20)), plan(1006, lines(30)), over]);
    const log = { instance: 'a', after_seq: 4 };
    const events = client.events({ types: [], logs: [log], after_seq: 5 });
    await events.next();
    await events.next();
    events.subscribe({ types: [], logs: [{ ...log }] });
    await expect(events.next()).rejects.toThrow('ended the events (1008)');
    expect(made.map((socket) => sentBy(socket)[0])).toMatchObject([
      { logs: [{ instance: 'a', after_seq: 4 }] },
      { logs: [{ instance: 'a', after_seq: 20 }] },
      { logs: [{ instance: 'a', after_seq: 30 }] },
    ]);
  });

  it('begins a log with other terms where it says', async () => {
    let socket: FakeSocket | undefined;
    const { client } = bench([
      (opened) => {
        socket = opened;
        opened.open();
        opened.message(lines(10));
      },
    ]);
    const events = client.events({ types: [], logs: [{ instance: 'a', after_seq: 4 }], after_seq: 5 });
    await events.next();
    events.subscribe({ types: [], logs: [{ instance: 'a', level: 'error', after_seq: 2 }] });
    expect(sentBy(socket).at(-1)).toMatchObject({ logs: [{ instance: 'a', level: 'error', after_seq: 2 }] });
    await events.return();
  });
});

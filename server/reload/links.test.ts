import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { duplexPair } from 'node:stream';
import { ApiError } from '@llamactl/contract/errors';
import { describe, expect, it, vi } from 'vitest';
import { LeaseBook } from '../instances/slots/lease-book.ts';
import { EngineDied, type Lease, type LeaseRequest } from '../instances/slots/leases.ts';
import type { HeldListener } from '../instances/ports/listening-ports.ts';
import { activeRequest } from '../testing/active-request.ts';
import { finishedRequest } from '../testing/finished-request.ts';
import { ListenerWitness } from '../supervisor/port-witness.ts';
import { PredecessorLink } from './predecessor-link.ts';
import { type Dead, SuccessorLink } from './successor-link.ts';

const HELLO = {
  pid: 7,
  version: '1.0.0',
  dataDirectory: '/data',
  address: { host: '127.0.0.1', port: 0 },
  listening: 8080,
  reload: 1,
};
const NO_ACTIONS = {
  onCancel: () => undefined,
  onBreak: () => undefined,
  onDead: () => undefined,
  onEnd: () => undefined,
  onUnknown: () => undefined,
};
const TARGET = { port: 8100, healthPath: '/health', key: 'secret' };
const RECORD = {
  id: 'i',
  settings: { request_defaults: { temperature: 0 }, request_strip: ['user'], system_prompt: 'Be brief.' },
};

/** Both ends of a reload, and the leases of the new server. */
function change(acquire?: (request: LeaseRequest) => Promise<Lease>) {
  const [ours, its] = duplexPair();
  const actions = {
    onCancel: vi.fn<(request: string) => void>(),
    onBreak: vi.fn<(instance: string, run: number, died: boolean) => void>(),
    onDead: vi.fn<(dead: Dead) => void>(),
    onEnd: vi.fn<() => void>(),
    onUnknown: vi.fn<(type: string) => void>(),
  };
  const old = new SuccessorLink(ours, actions);
  const next = new PredecessorLink(its);
  const book = new LeaseBook({ elapsed: () => 1_000 });
  const recorded: unknown[] = [];
  const used: unknown[] = [];
  const finished: unknown[] = [];
  const needs = {
    leases: book,
    acquire: acquire ?? (async () => book.of('i', 3).grant('chat', TARGET, RECORD)),
    record: (entry: unknown) => void recorded.push(entry),
    used: (each: unknown) => void used.push(each),
    finished: (each: unknown) => void finished.push(each),
    onUnknown: vi.fn<(type: string) => void>(),
  };
  const open = (): number => book.of('i', 3).count;
  return { old, next, book, needs, actions, recorded, used, finished, open };
}

/** A reload after the take-over, with leases left in the old server. */
async function changed(left: number, acquire?: (request: LeaseRequest) => Promise<Lease>) {
  const both = change(acquire);
  both.old.hello(HELLO);
  const taken = both.next.takeOver();
  await both.old.prepared;
  both.old.take([{ instance: 'i', run: 3, open: left, lastUsed: 900 }]);
  await taken;
  await both.next.serve(both.needs);
  both.next.ready('/door');
  await both.old.ready;
  return both;
}

const request = (signal = new AbortController().signal, onWaiting?: () => void): LeaseRequest => ({
  instance: 'chat',
  caller: 'user:a',
  mayStart: true,
  signal,
  onWaiting,
});

describe('a reload', () => {
  it('proceeds from the hello over the hand-over to the door', async () => {
    const { old, next, needs } = change();
    old.hello(HELLO);
    expect(await next.hello).toMatchObject(HELLO);
    const taken = next.takeOver();
    await old.prepared;
    old.take([]);
    expect(await taken).toEqual([]);
    await next.serve(needs);
    next.ready('/run/door');
    expect(await old.ready).toBe('/run/door');
  });

  it('shows the requests that the old server still serves, and ends them there', async () => {
    const { old, next, actions } = await changed(1);
    old.requests([activeRequest('a'), activeRequest('b')]);
    await vi.waitFor(() => expect(next.requests().map(({ id }) => id)).toEqual(['a', 'b']));
    next.cancelRequest('b');
    await vi.waitFor(() => expect(actions.onCancel).toHaveBeenCalledWith('b'));
    old.close();
    await next.closed;
    expect(next.requests()).toEqual([]);
  });

  it('leaves out requests that the new server cannot read, and goes on', async () => {
    const [stream, its] = duplexPair();
    const next = new PredecessorLink(its);
    const list = [{ id: 'of a later version' }, activeRequest('a'), 7];
    stream.write(`${JSON.stringify({ type: 'requests', list })}\n`);
    await vi.waitFor(() => expect(next.requests().map(({ id }) => id)).toEqual(['a']));
    stream.write(`${JSON.stringify({ type: 'hello', ...HELLO })}\n`);
    expect(await next.hello).toMatchObject(HELLO);
  });

  it('is refused with the reason of the new server', async () => {
    const { old, next } = change();
    next.refuse('gateway.nonsense is unknown');
    await expect(old.prepared).rejects.toThrow('gateway.nonsense is unknown');
    await expect(old.ready).rejects.toThrow('gateway.nonsense is unknown');
  });

  it('fails when either end is gone', async () => {
    const one = change();
    one.next.end();
    await expect(one.old.prepared).rejects.toThrow('ended before it served');
    const other = change();
    other.old.close();
    await expect(other.next.hello).rejects.toThrow('is gone');
    await expect(other.next.takeOver()).rejects.toThrow('is gone');
  });

  it('fails at an invalid message', async () => {
    const [ours, its] = duplexPair();
    const old = new SuccessorLink(ours, NO_ACTIONS);
    its.write('{"type":"ready"}\n');
    await expect(old.ready).rejects.toThrow('door');
  });
});

describe('leases that stay with the old server', () => {
  it('count in the new server until they end in the old one', async () => {
    const { old, open, book } = await changed(2);
    expect([open(), book.lastUsed('i', 3)]).toEqual([2, 900]);
    old.report({ instance: 'i', run: 3, open: 1 });
    await vi.waitFor(() => expect(open()).toBe(1));
    old.report({ instance: 'i', run: 3, open: 0 });
    await vi.waitFor(() => expect([open(), book.lastUsed('i', 3)]).toEqual([0, 1_000]));
  });

  it('are broken when the new server ends them', async () => {
    const { book, open, actions } = await changed(2);
    book.of('i', 3).close();
    expect(open()).toBe(0);
    await vi.waitFor(() => expect(actions.onBreak.mock.calls).toEqual([['i', 3, false]]));
  });

  it('are broken with the information that the engine died', async () => {
    const { book, actions } = await changed(2);
    book.of('i', 3).close(new EngineDied());
    await vi.waitFor(() => expect(actions.onBreak.mock.calls).toEqual([['i', 3, true]]));
  });

  it('end with the old server', async () => {
    const { old, next, open } = await changed(2);
    old.close();
    await next.closed;
    expect(open()).toBe(0);
  });
});

describe('a request that is still with the old server', () => {
  it('gets its lease from the new server, and releases it there', async () => {
    const { old, open } = await changed(0);
    const lease = await old.acquire(request());
    expect(lease).toMatchObject({ instance: 'chat', target: TARGET, record: RECORD });
    expect(open()).toBe(1);
    lease.release();
    lease.release();
    await vi.waitFor(() => expect(open()).toBe(0));
  });

  it('learns that the engine died, and requests another lease', async () => {
    const asked: LeaseRequest[] = [];
    const { old, book } = await changed(0, async (request) => {
      asked.push(request);
      return book.of('i', 3).grant('chat', TARGET, RECORD, { instance: 'i', run: 3, stops: 7 });
    });
    const lease = await old.acquire(request());
    expect(lease.origin).toEqual({ instance: 'i', run: 3, stops: null });
    book.of('i', 3).close(new EngineDied());
    await vi.waitFor(() => expect(lease.signal.reason).toBeInstanceOf(EngineDied));
    await old.acquire({ ...request(), after: lease.origin ?? undefined });
    expect(asked.map(({ after }) => after)).toEqual([undefined, { instance: 'i', run: 3, stops: null }]);
  });

  it('reports when its answer begins, after which it is no longer a suspect', async () => {
    const begun = vi.fn<() => void>();
    const { old, book } = await changed(0, async () => ({ ...book.of('i', 3).grant('chat', TARGET, RECORD), begun }));
    const lease = await old.acquire(request());
    lease.begun();
    await vi.waitFor(() => expect(begun).toHaveBeenCalledTimes(1));
    lease.release();
    lease.begun();
    await old.acquire(request());
    expect(begun).toHaveBeenCalledTimes(1);
  });

  /** Returns a lease of a run whose witness in the new server returns `held`. */
  async function witnessed(held: HeldListener | 'unknown' | null): Promise<Lease> {
    const witness = { held: () => held, listener: () => 'a name that only the new server can look up' };
    const { old, book } = await changed(0, async () => book.of('i', 3).grant('chat', { ...TARGET, witness }, RECORD));
    return old.acquire(request());
  }

  it('gets the listener of the port, and checks it itself', async () => {
    const engine = createServer().listen(0, '127.0.0.1');
    await once(engine, 'listening');
    const { port } = engine.address() as AddressInfo;
    const own = { engine: process.pid, members: () => [], search: () => [] };
    const found = new ListenerWitness(port, own);
    const { witness, ...address } = (await witnessed(found.held())).target;
    expect(address).toEqual(TARGET);
    expect(witness?.listener()).toBe(found.listener());
    engine.close();
    await once(engine, 'close');
    expect(witness?.listener()).toBeNull();
  });

  it('learns that its engine no longer listens', async () => {
    expect((await witnessed(null)).target.witness?.listener()).toBeNull();
  });

  it('gets no witness where the system does not show the owner of the port', async () => {
    expect((await witnessed('unknown')).target).toEqual(TARGET);
  });

  it('learns that a stop ended its lease', async () => {
    const { old, book } = await changed(0);
    const lease = await old.acquire(request());
    book.of('i', 3).close();
    await vi.waitFor(() => expect(lease.signal.aborted).toBe(true));
    expect(lease.signal.reason).not.toBeInstanceOf(EngineDied);
  });

  it('learns that it waits, and leaves when its caller does', async () => {
    const gone = Promise.withResolvers<void>();
    const { old } = await changed(0, ({ signal, onWaiting }) => {
      onWaiting?.();
      signal.addEventListener('abort', () => gone.resolve());
      return new Promise(() => undefined);
    });
    const caller = new AbortController();
    const waits = Promise.withResolvers<void>();
    const lease = old.acquire(request(caller.signal, waits.resolve));
    await waits.promise;
    caller.abort(new Error('hung up'));
    await expect(lease).rejects.toThrow('hung up');
    await gone.promise;
  });

  it('is refused with the error of the new server', async () => {
    const refusal = new ApiError('INSTANCE_NOT_RUNNING', 'chat is stopped.', {
      headers: { 'retry-after': '1' },
      reason: 'r',
    });
    const { old } = await changed(0, () => Promise.reject(refusal));
    const error = await old.acquire(request()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: refusal.code, message: refusal.message, extras: refusal.extras });
  });

  it('is refused, and loses its lease, when the new server ends unexpectedly', async () => {
    const [ours, its] = duplexPair();
    const old = new SuccessorLink(ours, NO_ACTIONS);
    its.write(
      `${JSON.stringify({ type: 'granted', id: 0, lease: { instance: 'chat', record: RECORD, target: TARGET } })}\n`,
    );
    const lease = await old.acquire(request());
    const waiting = old.acquire(request());
    its.destroy();
    await expect(waiting).rejects.toThrow('has ended');
    expect(await old.closed).toBe('lost');
    expect(lease.signal.aborted).toBe(true);
    await expect(old.acquire(request())).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  });

  it('keeps its lease when the new server ends normally', async () => {
    const { old, next } = await changed(0);
    const lease = await old.acquire(request());
    next.end();
    expect(await old.closed).toBe('ended');
    expect(lease.signal.aborted).toBe(false);
  });

  it('ends when its credentials become invalid in the new server', async () => {
    const { next, actions } = await changed(0);
    next.dead({ kind: 'key', whose: 'k1' });
    await vi.waitFor(() => expect(actions.onDead.mock.calls).toEqual([[{ kind: 'key', whose: 'k1' }]]));
  });

  it('loses its lease when the new server ends it', async () => {
    const { old, book } = await changed(0);
    const lease = await old.acquire(request());
    const broken = new Promise<void>((resolve) => {
      lease.signal.addEventListener('abort', () => resolve());
    });
    book.of('i', 3).close();
    await broken;
  });

  it('is recorded in the audit trail', async () => {
    const { old, recorded } = await changed(0);
    const changes = [{ path: 'role', before: 'viewer', after: 'admin' }];
    const row = { subject: 's', address: '::1', action: 'updateUser', target: null, status: 200, requestId: 'r' };
    const entry = { ...row, changes, moreChanges: 1 };
    old.record(entry);
    await vi.waitFor(() => expect(recorded).toEqual([entry]));
  });

  it('counts towards the usage of its key', async () => {
    const { old, used } = await changed(0);
    const party = { id: 'k1', name: 'editor' };
    const each = {
      account: { id: 'u1', name: 'ada' },
      key: party,
      instance: null,
      outcome: 'other' as const,
      tokensIn: 3,
      tokensOut: 5,
    };
    old.used(each);
    await vi.waitFor(() => expect(used).toEqual([each]));
  });

  it('is listed with its end, and at once no longer as in flight', async () => {
    const { old, next, finished } = await changed(1);
    old.requests([activeRequest('a'), activeRequest('b')]);
    await vi.waitFor(() => expect(next.requests()).toHaveLength(2));
    old.finished(finishedRequest({ id: 'a' }));
    await vi.waitFor(() => expect(finished).toEqual([finishedRequest({ id: 'a' })]));
    expect(next.requests().map(({ id }) => id)).toEqual(['b']);
  });
});

/** The other end, with messages of another version, and the messages that it received. */
function scripted() {
  const [stream, other] = duplexPair();
  let text = '';
  other.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  const say = (message: object): void => void other.write(`${JSON.stringify(message)}\n`);
  const received = (): unknown[] =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line): unknown => JSON.parse(line));
  return { stream, other, say, received };
}

describe('a server of a later version', () => {
  it('may replace this one; its unknown messages are ignored', async () => {
    const { stream, say } = scripted();
    const onUnknown = vi.fn<(type: string) => void>();
    const old = new SuccessorLink(stream, { ...NO_ACTIONS, onUnknown });
    say({ type: 'rehearsed', ms: 12 });
    say({ type: 'prepared', needs: ['more'] });
    await old.prepared;
    say({ type: 'ready', door: '/door', doors: 2 });
    expect(await old.ready).toBe('/door');
    say({ type: 'weather', id: 0, is: 'fine' });
    const lease = old.acquire(request());
    const record = { ...RECORD, settings: { ...RECORD.settings, later: true } };
    say({ type: 'granted', id: 0, lease: { instance: 'chat', record, target: { ...TARGET, unix: '/x' } }, at: 1 });
    expect(await lease).toMatchObject({ instance: 'chat', target: TARGET, record: RECORD });
    expect(onUnknown.mock.calls).toEqual([['rehearsed'], ['weather']]);
  });

  it('may refuse with an unknown code, of which message and status are kept', async () => {
    const { stream, say } = scripted();
    const old = new SuccessorLink(stream, NO_ACTIONS);
    const lease = old.acquire(request());
    const message = 'Pay first.';
    say({ type: 'denied', id: 0, error: { code: 'PAYMENT_REQUIRED', message, extras: { status: 402, price: 1 } } });
    await expect(lease).rejects.toMatchObject({ code: 'INTERNAL_ERROR', status: 402, message });
  });

  it('may be the predecessor', async () => {
    const { stream, say, received } = scripted();
    const next = new PredecessorLink(stream);
    const { needs, open } = change();
    say({ type: 'manners', please: true });
    say({ type: 'hello', ...HELLO, protocol: 2 });
    expect(await next.hello).toMatchObject(HELLO);
    const taken = next.takeOver();
    say({ type: 'take', uses: [{ instance: 'i', run: 3, open: 1, lastUsed: null, tokens: 7 }], more: {} });
    await taken;
    await next.serve(needs);
    next.ready('/door');
    say({ type: 'weather', is: 'fine' });
    say({ type: 'leases', instance: 'i', run: 3, open: 2, since: 1 });
    await vi.waitFor(() => expect(open()).toBe(2));
    expect(needs.onUnknown.mock.calls).toEqual([['weather']]);
    await vi.waitFor(() => expect(received()).toEqual([{ type: 'prepared' }, { type: 'ready', door: '/door' }]));
  });

  it('gets a plain reason when it ends with unread messages', async () => {
    const { stream } = scripted();
    const old = new SuccessorLink(stream, NO_ACTIONS);
    stream.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' }));
    await expect(old.ready).rejects.toThrow('the new process ended before it served; the log says more');
  });

  it('is disconnected after an invalid message of a known type', async () => {
    const { stream, say } = scripted();
    const old = new SuccessorLink(stream, NO_ACTIONS);
    say({ type: 'granted', id: 'first' });
    expect(await old.closed).toBe('lost');
  });
});

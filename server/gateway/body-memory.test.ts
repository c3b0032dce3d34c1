import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import {
  type Answer,
  answerOf,
  call,
  type GatewayServer,
  type GatewayOptions,
  type Listening,
  readAnswer,
  settled,
  sha256,
  startEngine,
  startGateway,
} from '../testing/gateway-harness.ts';
import type { Reservation } from './body-budget.ts';
import type { Lease } from '../instances/slots/leases.ts';

/** Memory for the bodies of requests: which request waits, which is refused, and that memory is always freed. */

const MB = 1_048_576;
const CHAT = '/v1/chat/completions';
let clock: FakeClock;
let engine: Listening;
let gateway: GatewayServer;
/** Handles requests at the engine; a test may replace it. */
let serve: (request: IncomingMessage, response: ServerResponse) => unknown;

const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { interval: 5, timeout: 10_000 });
const noneHeld = (): Promise<void> =>
  eventually(() => expect([gateway.budget.used, gateway.budget.waiting]).toEqual([0, 0]));

async function start(options: GatewayOptions = {}): Promise<void> {
  const accountOf = ({ headers }: IncomingMessage): string => String(headers['x-account'] ?? 'test');
  gateway = await startGateway(
    [
      { name: 'a', port: engine.port },
      { name: 'renamed', port: engine.port, settings: { upstream_model: 'other', request_defaults: { top_k: 1 } } },
      { name: 'stopped', port: engine.port, status: 'stopped' },
    ],
    undefined,
    { bodyMemory: 8 * MB, bodyClock: clock, accountOf, ...options },
  );
}

beforeEach(async () => {
  // The test ends long waits by the fake clock. Turns of the event loop are real, like the sockets.
  clock = new FakeClock({ realUpToMs: 1 });
  serve = async (request, response) => {
    const { body } = await readAnswer(request);
    response.end(sha256(body));
  };
  engine = await startEngine((request, response) => serve(request, response));
  await start();
});
afterEach(async () => {
  await Promise.all([engine.close(), gateway.close()]);
});

/** A JSON body of about this many bytes. */
function json(bytes: number, model = 'a'): Buffer {
  return Buffer.from(`{"model":"${model}","prompt":"${'x'.repeat(bytes)}"}`);
}

function post(path: string, headers: Record<string, string | number> = {}): ClientRequest {
  const request = httpRequest({ port: gateway.port, host: '127.0.0.1', method: 'POST', path, agent: false, headers });
  request.on('error', () => undefined);
  return request;
}

/** Sends a body, and counts the bytes that were taken. */
function sending(
  path: string,
  body: Buffer,
  headers: Record<string, string> = {},
): { request: ClientRequest; sent: () => number; answer: Promise<Answer> } {
  const request = post(path, { 'content-length': body.byteLength, ...headers });
  let sent = 0;
  const write = (): void => {
    while (sent < body.byteLength) {
      const piece = body.subarray(sent, sent + 65_536);
      sent += piece.byteLength;
      if (!request.write(piece)) return;
    }
    request.end();
  };
  request.on('drain', write);
  write();
  return { request, sent: () => sent, answer: answerOf(request).then(readAnswer) };
}

/**
 * Reserves memory that the budget cannot reclaim. A request does not hold memory reliably. Once the system's buffers
 * have taken its whole body, about 4 MiB, the budget may reclaim that memory.
 */
function hold(bytes: number, account: string): Reservation {
  const reservation = gateway.budget.reserve(account, bytes, new AbortController().signal);
  if (reservation instanceof Promise) throw new Error('the memory is in use already');
  return reservation;
}

describe('a body', () => {
  test.each(['a', 'renamed'])('reaches the engine of %s as sent, or rewritten', async (model) => {
    const body = json(5 * MB, model);
    const expected =
      model === 'a' ? body : Buffer.from(body.toString().replace('"renamed"', '"other"').replace(/\}$/, ',"top_k":1}'));
    expect((await call(gateway.port, CHAT, { body })).text).toBe(sha256(expected));
    await noneHeld();
  });

  test('in chunks reaches the engine as sent', async () => {
    const body = json(5 * MB);
    const headers = { 'transfer-encoding': 'chunked' };
    expect((await call(gateway.port, CHAT, { body, headers })).text).toBe(sha256(body));
    await noneHeld();
  });

  test('stays unread until memory is free', async () => {
    await gateway.close();
    await start({ bodyMemory: 64 * MB });
    // No system buffers this much: since the engine reads nothing, most of the body stays in the gateway.
    let isThere = false;
    const gate = Promise.withResolvers<void>();
    const plain = serve;
    serve = async (_request, response) => {
      isThere = true;
      await gate.promise;
      response.end('done');
    };
    const early = sending(CHAT, json(40 * MB), { 'x-account': 'one' });
    await eventually(() => expect(isThere).toBe(true));
    serve = plain;
    const late = json(40 * MB);
    const { sent, answer } = sending(CHAT, late, { 'x-account': 'other' });
    await eventually(() => expect(gateway.budget.waiting).toBe(1));
    expect(await settled(sent)).toBeLessThan(20 * MB);
    gate.resolve();
    expect((await early.answer).text).toBe('done');
    expect((await answer).text).toBe(sha256(late));
    await noneHeld();
  });

  test('is refused with 503 after ten seconds, in the shape of its API', async () => {
    const first = hold(7 * MB, 'one');
    const openAi = sending(CHAT, json(2 * MB), { 'x-account': 'other' }).answer;
    const anthropic = sending('/v1/messages', json(2 * MB), { 'x-account': 'other' }).answer;
    await eventually(() => expect(gateway.budget.waiting).toBe(2));
    await clock.advance(10_000);
    const refused = await openAi;
    expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '5', 'x-llamactl-source': 'llamactl' } });
    expect(JSON.parse(refused.text)).toMatchObject({ error: { type: 'server_error', code: 'capacity_exceeded' } });
    expect(JSON.parse((await anthropic).text)).toMatchObject({ type: 'error', error: { type: 'api_error' } });
    first.release();
    await noneHeld();
  });

  test('is refused with 429 if its caller holds half of the memory, while others are served', async () => {
    const first = hold(4 * MB - 70_000, 'one');
    const own = sending(CHAT, json(100_000), { 'x-account': 'one' }).answer;
    await eventually(() => expect(gateway.budget.waiting).toBe(1));
    const body = json(3 * MB);
    expect((await call(gateway.port, CHAT, { body, headers: { 'x-account': 'other' } })).text).toBe(sha256(body));
    await clock.advance(10_000);
    const refused = await own;
    expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '5' } });
    expect(JSON.parse(refused.text)).toMatchObject({ error: { type: 'rate_limit_error', code: 'rate_limited' } });
    first.release();
    await noneHeld();
  });

  test('is served if it is small, while large bodies fill the memory', async () => {
    const first = hold(8 * MB - 1_000, 'one');
    expect((await call(gateway.port, CHAT, { body: json(60_000), headers: { 'x-account': 'other' } })).status).toBe(
      200,
    );
    expect((await call(gateway.port, CHAT, { body: json(60_000), headers: { 'x-account': 'one' } })).status).toBe(200);
    first.release();
    await noneHeld();
  });
});

describe('a body whose model is in the URL', () => {
  test('stays unread until the engine is leased, and uses no memory', async () => {
    const lease = Promise.withResolvers<void>();
    const acquire = gateway.instances.acquire;
    gateway.instances.acquire = async (request): Promise<Lease> => {
      await lease.promise;
      return acquire(request);
    };
    const body = json(40 * MB);
    const { sent, answer } = sending('/v1/completions?model=a', body);
    expect(await settled(sent)).toBeLessThan(20 * MB);
    expect(gateway.budget.used).toBe(0);
    lease.resolve();
    expect((await answer).text).toBe(sha256(body));
  });

  test('passes while held bodies fill the memory', async () => {
    const first = hold(8 * MB - 1_000, 'one');
    const body = json(9 * MB);
    expect((await call(gateway.port, '/v1/completions?model=a', { body })).text).toBe(sha256(body));
    first.release();
  });
});

describe('the memory of a body is freed', () => {
  test('as soon as the answer begins', async () => {
    serve = async (request, response) => {
      await readAnswer(request);
      response.write('begun');
    };
    const { request, answer } = sending(CHAT, json(2 * MB));
    answer.catch(() => undefined);
    await once(request, 'response');
    await noneHeld();
    request.destroy();
  });

  test.each([
    ['an unknown model', json(2 * MB, 'unknown'), 404],
    ['a model that is not running', json(2 * MB, 'stopped'), 503],
    ['invalid JSON', Buffer.alloc(2 * MB, 'x'), 400],
    ['short invalid JSON', Buffer.from('x'), 400],
    ['too many members', Buffer.from(`{"model":"a"${',"":0'.repeat(100_000)}}`), 400],
  ])('when it is refused because of %s', async (_title, body, status) => {
    expect((await call(gateway.port, CHAT, { body })).status).toBe(status);
    await noneHeld();
  });

  test('when its engine dies', async () => {
    serve = (_request, response) => void response.destroy();
    expect((await call(gateway.port, CHAT, { body: json(3 * MB) })).status).toBe(502);
    await noneHeld();
  });

  test('when its engine answers before the whole body has arrived', async () => {
    serve = (_request, response) => void response.writeHead(400).end('no');
    expect((await call(gateway.port, CHAT, { body: json(7 * MB) })).status).toBe(400);
    await noneHeld();
  });

  test('when its caller leaves before the whole body has arrived', async () => {
    const request = post(CHAT, { 'content-length': 3 * MB });
    request.write(json(MB));
    await eventually(() => expect(gateway.budget.used).toBe(3 * MB));
    request.destroy();
    await noneHeld();
  });

  test('when its caller leaves before the engine answers', async () => {
    serve = () => undefined;
    const { request, answer } = sending(CHAT, json(3 * MB));
    answer.catch(() => undefined);
    await eventually(() => expect(gateway.instances.leases('a').count).toBe(1));
    request.destroy();
    await noneHeld();
  });

  test('for another body, after its engine has all of it', async () => {
    const gate = Promise.withResolvers<void>();
    let received = 0;
    serve = async (request, response) => {
      received = (await readAnswer(request)).body.byteLength;
      await gate.promise;
      response.end('done');
    };
    const first = sending(CHAT, json(6 * MB), { 'x-account': 'one' });
    await eventually(() => expect(received).toBeGreaterThan(6 * MB));
    expect(gateway.budget.used).toBeGreaterThan(6 * MB);
    const second = sending(CHAT, json(6 * MB), { 'x-account': 'other' });
    await eventually(() => expect(gateway.instances.leases('a').count).toBe(2));
    gate.resolve();
    expect([(await first.answer).text, (await second.answer).text]).toEqual(['done', 'done']);
    await noneHeld();
  });
});

describe('a slow body', () => {
  const begun = async (
    bytes: number,
    headers: Record<string, string | number>,
  ): Promise<{ request: ClientRequest; answer: Promise<Answer> }> => {
    const request = post(CHAT, headers);
    const answer = answerOf(request).then(readAnswer);
    request.write(Buffer.alloc(bytes, ' '));
    await eventually(() => expect(gateway.budget.used).toBeGreaterThan(0));
    return { request, answer };
  };

  test('keeps its memory while no other body needs it', async () => {
    const { request, answer } = await begun(100, { 'content-length': 200 });
    for (let count = 0; count < 6; count += 1) {
      await clock.advance(50_000);
      request.write(' ');
      await settled(() => request.writableLength);
    }
    request.end(`{"model":"a"}${' '.repeat(81)}`);
    expect((await answer).status).toBe(200);
    await noneHeld();
  });

  test('is refused with 408 after a minute without a byte', async () => {
    const { answer } = await begun(100, { 'content-length': 200 });
    await clock.advance(70_000);
    const refused = await answer;
    expect(refused.status).toBe(408);
    expect(refused.text).toContain('?model=NAME');
    await noneHeld();
  });

  test('is refused with 408 when another body needs its memory', async () => {
    const { answer } = await begun(100, { 'content-length': 7 * MB, 'x-account': 'one' });
    const other = sending(CHAT, json(4 * MB), { 'x-account': 'other' });
    await eventually(() => expect(gateway.budget.waiting).toBe(1));
    await clock.advance(9_000);
    // The first check, ten seconds after the body's start, finds that the body is slow.
    await clock.advance(1_000);
    expect((await answer).status).toBe(408);
    expect((await other.answer).status).toBe(200);
    await noneHeld();
  });

  test('in chunks reserves memory only for the bytes that have arrived', async () => {
    const { request, answer } = await begun(1_000, { 'transfer-encoding': 'chunked' });
    answer.catch(() => undefined);
    expect(gateway.budget.used).toBe(65_536);
    request.destroy();
    await noneHeld();
  });

  test('in chunks is refused with 503 when it needs more memory than is free', async () => {
    const first = hold(7 * MB, 'one');
    const { request, answer } = await begun(60_000, { 'transfer-encoding': 'chunked', 'x-account': 'other' });
    request.end(Buffer.alloc(3 * MB, ' '));
    await eventually(() => expect(gateway.budget.waiting).toBe(1));
    await clock.advance(10_000);
    expect((await answer).status).toBe(503);
    first.release();
    await noneHeld();
  });
});

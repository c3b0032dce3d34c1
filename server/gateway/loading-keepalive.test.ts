import { ApiError } from '@llamactl/contract/errors';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { call, startEngine, startGateway, type GatewayServer, type Listening } from '../testing/gateway-harness.ts';

/** Requests that wait for an instance; each test decides how the wait ends. */

const SIGN = ': the model is not ready yet\n\n';
const BODY = JSON.stringify({ model: 'a', stream: true });

let clock: FakeClock;
let gateway: GatewayServer;
let engine: Listening | null;
let isWaiting: Promise<void>;
let outcome: PromiseWithResolvers<void>;

async function before(serve: Parameters<typeof startEngine>[0] | null, seconds = 15): Promise<void> {
  engine = serve === null ? null : await startEngine(serve);
  gateway = await startGateway([{ name: 'a', port: engine?.port ?? 1 }], clock, { loadingKeepaliveSeconds: seconds });
  const { instances } = gateway;
  const acquire = instances.acquire.bind(instances);
  const waiting = Promise.withResolvers<void>();
  isWaiting = waiting.promise;
  instances.acquire = async (request) => {
    request.onWaiting?.();
    waiting.resolve();
    await outcome.promise;
    return acquire(request);
  };
}

beforeEach(() => {
  clock = new FakeClock();
  outcome = Promise.withResolvers();
});
afterEach(async () => {
  await gateway.close();
  await engine?.close();
});

const ask = (path = '/v1/chat/completions', body = BODY): ReturnType<typeof call> => call(gateway.port, path, { body });

/** Returns the whole answer of a request that waited for this many seconds. */
async function after(seconds: number, path?: string, body?: string): ReturnType<typeof call> {
  const answer = ask(path, body);
  await isWaiting;
  await clock.advance(seconds * 1_000);
  outcome.resolve();
  return answer;
}

describe('a stream whose model loads', () => {
  test("begins with comments, and continues with the engine's answer, byte for byte", async () => {
    await before((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-engine': 'yes' });
      response.write('data: {"n":1}\n');
      response.end('\ndata: [DONE]\n\n');
    });
    const { status, headers, text } = await after(31);
    expect([status, text]).toEqual([200, `${SIGN}${SIGN}data: {"n":1}\n\ndata: [DONE]\n\n`]);
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
      'x-request-id': 'request-1',
      'x-llamactl-source': 'llamactl',
    });
  });

  test("is the engine's own answer after a short wait", async () => {
    await before((_request, response) => response.writeHead(418, { 'content-type': 'text/plain' }).end('teapot'));
    expect(await after(14)).toMatchObject({ status: 418, text: 'teapot', headers: { 'x-llamactl-source': 'engine' } });
  });

  test("ends with the engine's error as one event", async () => {
    await before((_request, response) =>
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":\n{"code":400}}'),
    );
    expect((await after(15)).text).toBe(`${SIGN}data: {"error": {"code":400}}\n\n`);
  });

  test('ends with an error event for an error in plain text', async () => {
    await before((_request, response) => response.writeHead(500).end('out of memory'));
    expect((await after(15)).text).toBe(`${SIGN}data: {"error":{"message":"out of memory"}}\n\n`);
  });

  test('ends with the reason of a failed start as one event, in the shape of its API', async () => {
    for (const [path, event] of [
      ['/v1/chat/completions', 'data: {"error":{"message":"no such file"'],
      [
        '/v1/messages?beta=true',
        'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"no such file"}',
      ],
    ] as const) {
      await before(null);
      const answer = ask(path);
      await isWaiting;
      await clock.advance(15_000);
      outcome.reject(new ApiError('START_FAILED', 'no such file', { status: 503 }));
      const { text } = await answer;
      expect(text.startsWith(SIGN + event)).toBe(true);
      expect(text.endsWith('}\n\n')).toBe(true);
      outcome = Promise.withResolvers();
      await gateway.close();
    }
    await before(null);
  });

  test('ends with an error event when the engine gives no answer', async () => {
    await before((request) => request.socket.destroy());
    const answer = after(15);
    await isWaiting;
    const ended = answer.then(({ text }) => text);
    const tick = setInterval(() => void clock.advance(1_000), 5);
    expect(await ended.finally(() => clearInterval(tick))).toContain('gave no answer');
  });

  test('is broken off without a clean end when the engine dies in the middle', async () => {
    await before((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n', () => response.destroy());
    });
    await expect(after(15)).rejects.toThrow('aborted');
  });
});

describe('no comment is sent before the answer', () => {
  test('for a request without a stream', async () => {
    await before((_request, response) => response.end('whole'));
    expect((await after(60, undefined, JSON.stringify({ model: 'a' }))).text).toBe('whole');
  });

  test('if comments are switched off', async () => {
    await before((_request, response) => response.end('whole'), 0);
    expect((await after(60)).text).toBe('whole');
  });
});

import { once } from 'node:events';
import { request as httpRequest, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { ApiError } from '@llamactl/contract/errors';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { OutOfScope } from '../instances/slots/leases.ts';
import { answerOf, Bench, call, type GatewayServer, readAnswer, rawConnection } from '../testing/gateway-harness.ts';

const bench = new Bench();
afterEach(() => bench.close());

const BODY = JSON.stringify({ model: 'a', messages: [], stream: true });
const PATH = '/v1/chat/completions?key=secret';
const TOKEN = 'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n';
const USAGE =
  'data: {"choices":[],"usage":{"prompt_tokens":25,"completion_tokens":4,"total_tokens":29}}\n\ndata: [DONE]\n\n';

function stream(response: ServerResponse, ...parts: string[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const part of parts) response.write(part);
}

/** Returns the record of the only request after its end. */
async function recordOf({ requests }: GatewayServer) {
  await vi.waitFor(() => expect(requests.finished()).toHaveLength(1), { interval: 2 });
  expect(requests.list(() => null)).toEqual([]);
  return requests.finished()[0];
}

/** Resolves with the id of the only request when an engine has it. */
async function processing({ requests }: GatewayServer): Promise<string> {
  return vi.waitFor(
    () => {
      const [request] = requests.list(() => null);
      if (request?.phase !== 'processing' && request?.phase !== 'streaming')
        throw new Error('the request is not at the engine yet');
      return request.id;
    },
    { timeout: 5_000, interval: 2 },
  );
}

describe('the record of a request', () => {
  it('says that the scope of the key refused it; the answer does not', async () => {
    const gateway = await bench.before((_request, response) => response.end());
    gateway.instances.acquire = () =>
      Promise.reject(new ApiError('INSTANCE_NOT_FOUND', 'There is none.', { cause: new OutOfScope(['chat-1']) }));
    const { status, text } = await call(gateway.port, PATH, { body: BODY });
    expect([status, text.includes('does not exist'), text.includes('chat-1')]).toEqual([404, true, false]);
    expect(await recordOf(gateway)).toMatchObject({
      outcome: 'refused',
      error: {
        code: 'INSTANCE_NOT_FOUND',
        message: 'The instance is not in the scope of the key, which may only call chat-1.',
      },
    });
  });

  it('has the figures of a streamed answer', async () => {
    const gateway = await bench.before((_request, response) => {
      stream(response, TOKEN, USAGE);
      response.end();
    });
    const { text } = await call(gateway.port, PATH, { body: BODY });
    expect(await recordOf(gateway)).toMatchObject({
      id: 'request-1',
      caller: 'test',
      instance: 'a',
      model: 'a',
      door: 'v1',
      method: 'POST',
      path: '/v1/chat/completions',
      stream: true,
      tokens_in: 25,
      tokens_out: 4,
      tokens_estimated: false,
      bytes_out: Buffer.byteLength(text),
      outcome: 'ok',
      status: 200,
    });
  });

  it('has the figures of a JSON answer under /proxy', async () => {
    const gateway = await bench.before((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end('{"content":"Hi","timings":{"prompt_n":2,"cache_n":3,"predicted_n":7}}');
    });
    await call(gateway.port, '/api/instances/A/proxy/completion', { body: '{}' });
    expect(await recordOf(gateway)).toMatchObject({
      instance: 'a',
      model: null,
      door: 'proxy',
      path: '/completion',
      stream: false,
      tokens_in: 5,
      tokens_out: 7,
      time_to_first_token: null,
      outcome: 'ok',
    });
  });

  it.each([
    [404, 'client_error'],
    [503, 'engine_error'],
  ])('has the status %i of an engine as %s', async (status, outcome) => {
    const gateway = await bench.before((_request, response) => response.writeHead(status).end());
    await call(gateway.port, PATH, { body: BODY });
    expect(await recordOf(gateway)).toMatchObject({ instance: 'a', outcome, status, tokens_out: null });
  });

  it('has no instance for an unknown model', async () => {
    const gateway = await bench.before(() => undefined);
    await call(gateway.port, PATH, { body: BODY.replace('"a"', '"unknown"') });
    expect(await recordOf(gateway)).toMatchObject({
      instance: null,
      model: 'unknown',
      outcome: 'refused',
      status: 404,
    });
  });

  it.each([PATH, '/api/instances/a/proxy/x'])('has the name of an instance that is not running: %s', async (path) => {
    const gateway = await bench.before(() => undefined);
    gateway.instances.end('a', 'failed', 'no memory');
    const { status } = await call(gateway.port, path, { body: BODY });
    expect(await recordOf(gateway)).toMatchObject({ instance: 'a', outcome: 'refused', status, waited: null });
  });

  it('is broken when the engine gives no answer', async () => {
    const gateway = await bench.before((request) => request.socket.destroy());
    const { status } = await call(gateway.port, PATH, { body: BODY });
    expect(await recordOf(gateway)).toMatchObject({ instance: 'a', outcome: 'broken', status });
    expect(status).toBe(502);
  });

  it('is broken when the engine breaks off its answer', async () => {
    const gateway = await bench.before((request, response) => {
      stream(response, TOKEN, TOKEN);
      setImmediate(() => request.socket.destroySoon());
    });
    await expect(call(gateway.port, PATH, { body: BODY })).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await recordOf(gateway)).toMatchObject({
      outcome: 'broken',
      status: 200,
      tokens_in: null,
      tokens_out: 2,
      tokens_estimated: true,
    });
  });

  it.each([
    ['before the answer', false],
    ['in the middle of the answer', true],
  ])('is aborted when the caller leaves %s', async (_moment, isAnswering) => {
    const gateway = await bench.before((_request, response) => {
      if (isAnswering) stream(response, TOKEN);
    });
    const request = httpRequest({ port: gateway.port, path: PATH, method: 'POST', agent: false });
    request.on('error', () => undefined);
    const answered = answerOf(request);
    request.end(BODY);
    if (isAnswering) await once(await answered, 'data');
    else answered.catch(() => undefined);
    await processing(gateway);
    request.destroy();
    expect(await recordOf(gateway)).toMatchObject({ outcome: 'aborted', status: isAnswering ? 200 : null });
  });

  it('covers a WebSocket until its end', async () => {
    const gateway = await bench.beforeRaw((socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    });
    const head =
      'GET /api/instances/a/proxy/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
    const { socket, received, gone } = rawConnection(gateway.port, head);
    await vi.waitFor(() => expect(received()).toContain('101 '), { interval: 2 });
    expect(gateway.requests.list(() => null)).toMatchObject([{ phase: 'streaming', stream: true, path: '/ws' }]);
    socket.end();
    await gone;
    expect(await recordOf(gateway)).toMatchObject({ instance: 'a', outcome: 'ok', status: null });
  });
});

describe('a cancelled request', () => {
  it('gets an error before the answer has begun, and its engine is released', async () => {
    const atEngine = Promise.withResolvers<{ isLetGo: Promise<unknown> }>();
    const gateway = await bench.before((request) => {
      atEngine.resolve({ isLetGo: once(request.socket, 'close') });
    });
    const answer = call(gateway.port, PATH, { body: BODY });
    const { isLetGo } = await atEngine.promise;
    expect(gateway.requests.cancel(await processing(gateway))).toBe(true);
    const { status, text } = await answer;
    expect([status, JSON.parse(text)]).toMatchObject([499, { error: { code: 'request_cancelled' } }]);
    expect(await recordOf(gateway)).toMatchObject({ outcome: 'cancelled', status: 499 });
    await isLetGo;
    expect(gateway.instances.leases('a').count).toBe(0);
  });

  it('loses its connection in the middle of the answer', async () => {
    const gateway = await bench.before((_request, response) => stream(response, TOKEN));
    const request = httpRequest({ port: gateway.port, path: PATH, method: 'POST', agent: false });
    request.end(BODY);
    const answer = await answerOf(request);
    await once(answer, 'data');
    gateway.requests.cancel(await processing(gateway));
    await expect(readAnswer(answer)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await recordOf(gateway)).toMatchObject({
      outcome: 'cancelled',
      status: 200,
      tokens_out: 1,
      error: { code: 'REQUEST_CANCELLED' },
    });
  });

  it('stops waiting for its instance', async () => {
    const gateway = await bench.before(() => undefined);
    gateway.instances.acquire = ({ signal, onWaiting }) =>
      new Promise((_resolve, reject) => {
        onWaiting?.();
        signal.addEventListener('abort', () => reject(new Error('left')));
      });
    const answer = call(gateway.port, PATH, { body: BODY });
    await vi.waitFor(
      () => expect(gateway.requests.list(() => 'stopped')).toMatchObject([{ instance: 'a', phase: 'starting' }]),
      { timeout: 5_000, interval: 2 },
    );
    gateway.requests.cancel('request-1');
    expect(await answer).toMatchObject({ status: 499 });
    expect(await recordOf(gateway)).toMatchObject({ outcome: 'cancelled', waited: null, instance: 'a' });
  });

  it('is closed if it is a WebSocket', async () => {
    const gateway = await bench.beforeRaw((socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    });
    const socket = connect(gateway.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      'GET /api/instances/a/proxy/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    );
    await once(socket, 'data');
    const isGone = once(socket, 'close');
    gateway.requests.cancel(await processing(gateway));
    await isGone;
    expect(await recordOf(gateway)).toMatchObject({ outcome: 'cancelled' });
  });
});

describe('the reuse of a restored context', () => {
  it('is reported to the lease before its release', async () => {
    const seen: unknown[] = [];
    const gateway = await bench.before(
      (_request, response) => {
        const usage = { prompt_tokens: 25, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 24 } };
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ usage }));
      },
      { onReused: (reuse) => void seen.push(reuse) },
    );
    await call(gateway.port, PATH, { body: BODY });
    await recordOf(gateway);
    expect(seen).toEqual([{ prompt: 25, cached: 24 }]);
  });
});

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LeasedRecord } from '../instances/slots/leases.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { RecordingTrace } from '../testing/recording-trace.ts';
import {
  call,
  type GatewayServer,
  type GatewayOptions,
  type Listening,
  rawConnection,
  readAnswer,
  startEngine,
  startGateway,
} from '../testing/gateway-harness.ts';

/** Engines that die before they answer. Each test decides when their instance `a` restarts. */

const SIGN = ': the model is not ready yet\n\n';
const CHAT = '/v1/chat/completions';
const BODY = '{"model":"a", "x":1}';

let clock: FakeClock;
let gateway: GatewayServer;
let engines: Listening[];
/** Requests that reached the engine. `die` ends the engine of a request. */
let arrived: { request: IncomingMessage; response: ServerResponse; body: string; die: () => void }[];

beforeEach(() => {
  clock = new FakeClock();
  engines = [];
  arrived = [];
});
afterEach(async () => {
  await gateway.close();
  await Promise.all(engines.map((engine) => engine.close()));
});

/** Starts an engine that keeps its requests until the test answers them or ends the engine. */
async function startSilentEngine(): Promise<number> {
  const engine = await startEngine(async (request, response) => {
    const { text: body } = await readAnswer(request);
    const die = (): void => {
      response.destroy();
      gateway.instances.die('a');
    };
    arrived.push({ request, response, body, die });
  });
  engines.push(engine);
  return engine.port;
}

async function begin(
  options: GatewayOptions = {},
  engine = 'llama_cpp',
  settings: LeasedRecord['settings'] = {},
): Promise<void> {
  gateway = await startGateway(
    [{ name: 'a', aliases: ['alias'], engine, port: await startSilentEngine(), settings }],
    clock,
    options,
  );
}

const ask = (body = BODY, path = CHAT, more: Parameters<typeof call>[2] = {}): ReturnType<typeof call> =>
  call(gateway.port, path, { body, ...more });

/** Waits for the request with this number, counted from 1. */
async function arrival(count: number): Promise<(typeof arrived)[number]> {
  await vi.waitFor(() => expect(arrived).toHaveLength(count));
  const last = arrived.at(-1);
  if (last === undefined) throw new Error('no request came');
  return last;
}

/** Resolves when this number of requests wait for the restart. */
const waiting = (count: number): Promise<void> => vi.waitFor(() => expect(gateway.instances.waiting('a')).toBe(count));

async function comeBack(): Promise<void> {
  gateway.instances.comeBack('a', { status: 'running', port: await startSilentEngine() });
}

describe('a request whose engine dies before it answers', () => {
  test.each([
    ['whose model is in a JSON body', BODY, CHAT, {}],
    ['whose model is an alias', '{"model":"alias"}', CHAT, {}],
    ["of Anthropic's API", BODY, '/v1/messages', {}],
    ['with a query', BODY, `${CHAT}?beta=true`, {}],
    [
      'whose model is in a form',
      '--x\r\nContent-Disposition: form-data; name="model"\r\n\r\na\r\n--x--\r\n',
      '/v1/completions',
      { headers: { 'content-type': 'multipart/form-data; boundary=x' } },
    ],
    ['without a body, whose model is in the URL', '', `${CHAT}?model=a`, {}],
  ])('%s is sent again to the next run, byte for byte', async (_title, body, path, more) => {
    await begin();
    const answer = ask(body, path, more);
    (await arrival(1)).die();
    await waiting(1);
    await comeBack();
    const second = await arrival(2);
    expect([second.request.url, second.body]).toEqual([path, body]);
    second.response.end('the answer');
    expect(await answer).toMatchObject({ status: 200, text: 'the answer' });
    expect(gateway.instances.leases('a').count).toBe(0);
  });

  test('gets the system prompt of the instance once in each attempt', async () => {
    await begin({}, 'llama_cpp', { system_prompt: 'Be brief.' });
    const answer = ask('{"model":"a","messages":[]}');
    const first = await arrival(1);
    first.die();
    await waiting(1);
    await comeBack();
    const second = await arrival(2);
    const body = '{"model":"a","messages":[{"role":"system","content":"Be brief."}]}';
    expect([first.body, second.body]).toEqual([body, body]);
    second.response.end('the answer');
    expect((await answer).status).toBe(200);
  });

  test('is sent again once: a second death is an error that clients must not retry', async () => {
    await begin();
    const answer = ask();
    (await arrival(1)).die();
    await waiting(1);
    await comeBack();
    (await arrival(2)).die();
    const { status, headers, text } = await answer;
    expect([status, headers['x-should-retry'], headers['retry-after']]).toEqual([502, 'false', undefined]);
    expect(JSON.parse(text)).toMatchObject({
      error: {
        message:
          'The engine of "a" ended a second time before it had answered this request; the instance is restarting: it was killed',
      },
    });
    expect(arrived).toHaveLength(2);
  });

  test('is sent again when the death is reported seconds after the connection broke', async () => {
    await begin();
    const answer = ask();
    const { response } = await arrival(1);
    response.destroy();
    await vi.waitFor(() => expect(clock.pending).toHaveLength(1));
    await clock.advance(4_900);
    gateway.instances.die('a');
    await waiting(1);
    await comeBack();
    (await arrival(2)).response.end('late');
    expect(await answer).toMatchObject({ status: 200, text: 'late' });
  });

  test.each([
    ['to a path that is not for inference', 'POST', '/v1/other', BODY],
    ['with another method', 'PUT', CHAT, BODY],
    ['whose body is streamed', 'POST', `${CHAT}?model=a`, 'streamed'],
  ])('%s is not sent again', async (_title, method, path, body) => {
    await begin();
    const answer = ask(body, path, { method });
    (await arrival(1)).die();
    expect(await answer).toMatchObject({ status: 502, headers: { 'retry-after': '1' } });
    expect(arrived).toHaveLength(1);
  });

  describe('is traced', () => {
    const traced = (trace: RecordingTrace): unknown[] =>
      trace.of('retry').map(({ instance, requestId, inputs }) => [instance, requestId, inputs.outcome, inputs.because]);
    const begun = async (): Promise<RecordingTrace> => {
      const trace = new RecordingTrace();
      trace.isOn = true;
      await begin({ trace });
      return trace;
    };

    test('when it is sent again, and when its second engine dies too', async () => {
      const trace = await begun();
      const answer = ask();
      (await arrival(1)).die();
      await waiting(1);
      await comeBack();
      (await arrival(2)).die();
      await answer;
      expect(traced(trace)).toEqual([
        [{ name: 'a' }, 'request-1', 'again', 'engine_died'],
        [{ name: 'a' }, 'request-1', 'given_up', 'second_death'],
      ]);
    });

    test.each([
      ['not_inference', '/v1/other', BODY],
      ['body_gone', `${CHAT}?model=a`, 'streamed'],
    ])('when it is not sent again: %s', async (because, path, body) => {
      const trace = await begun();
      const answer = ask(body, path);
      (await arrival(1)).die();
      await answer;
      expect(traced(trace)).toEqual([[{ name: 'a' }, 'request-1', 'given_up', because]]);
    });

    test.each([
      ['not_restarted', () => gateway.instances.comeBack('a', { status: 'failed' }), true],
      ['engine_lives', () => gateway.instances.end('a', 'stopping'), false],
    ])('when no run follows: %s', async (because, then, hasDied) => {
      const trace = await begun();
      const answer = ask();
      const { die, response } = await arrival(1);
      if (hasDied) die();
      else response.destroy();
      then();
      await answer;
      expect(traced(trace)).toEqual([[{ name: 'a' }, 'request-1', 'given_up', because]]);
    });
  });

  describe('whose body is large', () => {
    const MEGABYTE = 1_000_000;
    const large = (letter: string): string => JSON.stringify({ model: 'a', text: letter.repeat(900_000) });

    test('keeps its memory while it waits to be sent again', async () => {
      await begin({ bodyMemory: 2 * MEGABYTE });
      const first = ask(large('x'));
      const { die } = await arrival(1);
      die();
      await waiting(1);
      const second = ask(large('y'));
      await vi.waitFor(() => expect(gateway.budget.waiting).toBe(1));
      await comeBack();
      // Once the first body was sent again, the second body can use its memory.
      (await arrival(3)).response.end('second');
      expect(arrived.map(({ body }) => body)).toEqual([large('x'), large('x'), large('y')]);
      arrived[1]?.response.end('first');
      expect(await first).toMatchObject({ status: 200, text: 'first' });
      expect(await second).toMatchObject({ status: 200, text: 'second' });
    });

    test('is not sent again when another body took its memory after it was sent', async () => {
      await begin({ bodyMemory: 2 * MEGABYTE });
      const first = ask(large('x'));
      const one = await arrival(1);
      const second = ask(large('y'));
      const other = await arrival(2);
      one.response.destroy();
      other.die();
      expect(await first).toMatchObject({ status: 502 });
      await waiting(1);
      await comeBack();
      (await arrival(3)).response.end('second');
      expect(await second).toMatchObject({ status: 200, text: 'second' });
    });
  });

  test('is not sent again to a custom engine', async () => {
    await begin({}, 'custom');
    const answer = ask();
    (await arrival(1)).die();
    expect(await answer).toMatchObject({ status: 502 });
    expect(arrived).toHaveLength(1);
  });

  test('is not sent again under /proxy', async () => {
    await begin();
    const answer = ask(BODY, `/api/instances/a/proxy${CHAT}`);
    (await arrival(1)).die();
    expect(await answer).toMatchObject({ status: 502 });
    expect(arrived).toHaveLength(1);
  });

  test.each(['stopping', 'stopped', 'failed'] as const)('is not sent again when the instance is %s', async (status) => {
    await begin();
    const answer = ask();
    const { response } = await arrival(1);
    response.destroy();
    gateway.instances.end('a', status, 'a reason');
    expect((await answer).status).toBe(status === 'failed' ? 502 : 503);
    expect(arrived).toHaveLength(1);
  });

  test('is not sent again when the engine only broke the connection', async () => {
    await begin();
    const answer = ask();
    (await arrival(1)).response.destroy();
    await vi.waitFor(() => expect(clock.pending).toHaveLength(1));
    await clock.advance(5_000);
    await clock.advance(500);
    expect(await answer).toMatchObject({ status: 502 });
    expect(arrived).toHaveLength(1);
  });

  test('fails after a short wait when the engine still listens, because it is alive', async () => {
    const witness = { listener: () => 'socket:[1]', held: () => null };
    gateway = await startGateway([{ name: 'a', engine: 'llama_cpp', port: await startSilentEngine(), witness }], clock);
    const answer = ask();
    (await arrival(1)).response.destroy();
    await vi.waitFor(() => expect(clock.pending).toHaveLength(1));
    await clock.advance(500);
    await clock.advance(500);
    expect(await answer).toMatchObject({ status: 502 });
  });

  test('loses its connection, and is not sent again, after the first byte of the answer', async () => {
    await begin();
    const { received, gone } = rawConnection(
      gateway.port,
      `POST ${CHAT} HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
    );
    const { response, die } = await arrival(1);
    response.write('The');
    await vi.waitFor(() => expect(received()).toContain('The'));
    die();
    await gone;
    expect(received().endsWith('0\r\n\r\n')).toBe(false);
    expect(arrived).toHaveLength(1);
  });

  test('gets the reason why the instance does not restart', async () => {
    await begin();
    const answer = ask();
    (await arrival(1)).die();
    await waiting(1);
    gateway.instances.comeBack('a', { status: 'failed', reason: 'gave up after 5 restarts' });
    const { status, text } = await answer;
    expect([status, text]).toEqual([503, expect.stringContaining('gave up after 5 restarts')]);
    expect(gateway.requests.finished()).toMatchObject([{ outcome: 'broken', status: 503 }]);
  });

  test('stops waiting when its caller leaves', async () => {
    await begin();
    const head = `POST ${CHAT} HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;
    const { socket } = rawConnection(gateway.port, head);
    (await arrival(1)).die();
    await waiting(1);
    socket.destroy();
    await waiting(0);
    await vi.waitFor(() => expect(gateway.requests.finished()).toMatchObject([{ outcome: 'aborted' }]));
    await comeBack();
    expect(arrived).toHaveLength(1);
  });

  test('stops waiting when an operator cancels it', async () => {
    await begin();
    const answer = ask();
    (await arrival(1)).die();
    await waiting(1);
    gateway.requests.cancel('request-1');
    expect((await answer).text).toContain('cancelled by an operator');
    expect(gateway.instances.waiting('a')).toBe(0);
  });
});

describe('the record of a request that is sent again', () => {
  test('has the phases of both attempts, and the figures of the answer', async () => {
    await begin();
    const phase = (): string | undefined => gateway.requests.list(() => 'restarting')[0]?.phase;
    const answer = ask();
    const first = await arrival(1);
    expect(phase()).toBe('processing');
    first.die();
    await waiting(1);
    expect(phase()).toBe('starting');
    await comeBack();
    const second = await arrival(2);
    expect(phase()).toBe('processing');
    const text = JSON.stringify({ usage: { prompt_tokens: 3, completion_tokens: 4 } });
    second.response.writeHead(200, { 'content-type': 'application/json' }).end(text);
    await answer;
    await vi.waitFor(() =>
      expect(gateway.requests.finished()).toMatchObject([
        { outcome: 'ok', status: 200, tokens_in: 3, tokens_out: 4, bytes_out: text.length, instance: 'a' },
      ]),
    );
    expect(gateway.requests.finished()).toHaveLength(1);
  });
});

describe('a stream whose engine dies before its first byte', () => {
  const STREAM = '{"model":"a","stream":true}';

  test('gets comments while it waits, and then the answer', async () => {
    await begin({ loadingKeepaliveSeconds: 15 });
    const answer = ask(STREAM);
    (await arrival(1)).die();
    await waiting(1);
    await clock.advance(31_000);
    await comeBack();
    const { response } = await arrival(2);
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: [DONE]\n\n');
    expect(await answer).toMatchObject({ status: 200, text: `${SIGN}${SIGN}data: [DONE]\n\n` });
  });

  test.each([
    [CHAT, 'data: {"error":'],
    ['/v1/messages', 'event: error\ndata: {"type":"error",'],
  ])('ends with one event when the next run dies too: %s', async (path, event) => {
    await begin({ loadingKeepaliveSeconds: 15 });
    const answer = ask(STREAM, path);
    (await arrival(1)).die();
    await waiting(1);
    await clock.advance(15_000);
    await comeBack();
    (await arrival(2)).die();
    const { text } = await answer;
    expect(text.startsWith(`${SIGN}${event}`)).toBe(true);
    expect(text).toContain('a second time');
  });
});

test('a request reports to its lease that its answer has begun', async () => {
  await begin();
  const { instances } = gateway;
  const acquire = instances.acquire.bind(instances);
  const begun = Promise.withResolvers<void>();
  instances.acquire = async (request) => ({ ...(await acquire(request)), begun: begun.resolve });
  const answer = ask();
  const { response } = await arrival(1);
  response.writeHead(200).write('a');
  await begun.promise;
  response.end();
  await once(response, 'close');
  expect((await answer).text).toBe('a');
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { testEngine, testModel } from '../../scripts/test-assets.ts';
import {
  type Answer,
  answerOf,
  call,
  type GatewayServer,
  readAnswer,
  startGateway,
} from '../testing/gateway-harness.ts';

/** The gateway before a real llama-server. */

const KEY = 'key-of-the-run';
const READY = /listening on http:\/\/127\.0\.0\.1:(\d+)/;
const CHAT = { messages: [{ role: 'user', content: 'Hi! Ünïcödé?' }], temperature: 0, cache_prompt: false };
/** Generates until it is cancelled. */
const ENDLESS = JSON.stringify({ model: 'demo', prompt: 'Hi', stream: true, ignore_eos: true, n_predict: -1 });

const PATIENCE = { timeout: 10_000, interval: 5 };

interface RealEngine {
  port: number;
  /** Counts how often the engine's log contains a text. */
  count(text: string): number;
  process: ChildProcess;
}

async function startLlama(): Promise<RealEngine> {
  const flags = [
    '--host',
    '127.0.0.1',
    '--port',
    '0',
    '--parallel',
    '2',
    '--context-shift',
    '--threads',
    '1',
    '--threads-batch',
    '1',
  ];
  const process = spawn(testEngine(), ['--model', await testModel(), ...flags], {
    env: { LLAMA_API_KEY: KEY },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [process.stdout, process.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const port = await vi.waitFor(() => Number(READY.exec(output)?.[1] ?? expect.fail(output)), {
    timeout: 20_000,
    interval: 5,
  });
  return { port, process, count: (text) => output.split(text).length - 1 };
}

async function end({ process }: RealEngine): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const exited = once(process, 'exit');
  process.kill('SIGKILL');
  await exited;
}

let engine: RealEngine;
let gateway: GatewayServer;

beforeAll(async () => {
  engine = await startLlama();
  gateway = await startGateway([{ name: 'demo', port: engine.port, key: KEY }]);
});
afterAll(async () => {
  await gateway.close();
  await end(engine);
});

function direct(path: string, body?: string): Promise<Answer> {
  const headers = { authorization: `Bearer ${KEY}` };
  return call(engine.port, path, body === undefined ? { headers } : { body, headers });
}

/** Removes the parts that differ between two equal requests. */
function constant(text: string): string {
  return text
    .replaceAll(/"timings":\{[^}]*\}/g, '"timings":{}')
    .replaceAll(/"(?:created|created_at|completed_at)":\d+/g, '"created":0')
    .replaceAll(/"(chatcmpl|cmpl|msg|resp|rs)[-_][A-Za-z0-9]+"/g, '"$1"');
}

async function busySlots(): Promise<number> {
  const slots = JSON.parse((await direct('/slots')).text) as { is_processing: boolean }[];
  return slots.filter((slot) => slot.is_processing).length;
}

describe("an answer through the gateway equals the engine's answer", () => {
  test.each([
    ['/v1/chat/completions', { ...CHAT }],
    ['/v1/chat/completions', { ...CHAT, stream: true, stream_options: { include_usage: true } }],
    ['/v1/completions', { prompt: 'Hi', max_tokens: 5, temperature: 0, stream: true, cache_prompt: false }],
    ['/v1/messages', { ...CHAT, max_tokens: 20 }],
    ['/v1/messages', { ...CHAT, max_tokens: 20, stream: true }],
    ['/v1/chat/completions', { messages: 'no list' }],
    ['/v1/embeddings', { input: 'x' }],
    ['/v1/nothing-here', {}],
    ['/completion', { prompt: 'Hi', n_predict: 5, temperature: 0, cache_prompt: false }],
    ['/completion', { prompt: 'Hi', n_predict: 5, temperature: 0, stream: true, cache_prompt: false }],
    ['/infill', { input_prefix: 'def ', input_suffix: '()', n_predict: 5, temperature: 0, cache_prompt: false }],
    ['/rerank', { query: 'x', documents: ['a'] }],
    ['/tokenize', { content: 'Hi there' }],
    ['/detokenize', { tokens: [5, 6] }],
    ['/apply-template', { messages: CHAT.messages }],
  ])('POST %s %j', async (path, settings) => {
    const body = JSON.stringify({ model: 'demo', ...settings });
    const expected = await direct(path, body);
    const answer = await call(gateway.port, path, { body });
    expect(answer.status).toBe(expected.status);
    expect(answer.headers['content-type']).toBe(expected.headers['content-type']);
    expect(constant(answer.text)).toBe(constant(expected.text));
    expect(answer.text).not.toBe('');
    expect(answer.headers).toMatchObject({ 'x-llamactl-source': 'engine' });
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });

  test('GET /props under /proxy', async () => {
    const answer = await call(gateway.port, '/api/instances/demo/proxy/props');
    expect(answer).toMatchObject({ status: 200, text: (await direct('/props')).text });
  });
});

test('100 streams in direct succession are complete', async () => {
  const body = JSON.stringify({ model: 'demo', ...CHAT, stream: true });
  for (let count = 0; count < 100; count += 1) {
    const answer = await call(gateway.port, '/v1/chat/completions', { body });
    expect(answer.text.endsWith('data: [DONE]\n\n')).toBe(true);
  }
});

test('20 simultaneous streams are complete', async () => {
  const body = JSON.stringify({ model: 'demo', ...CHAT, stream: true });
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => call(gateway.port, '/v1/chat/completions', { body })),
  );
  for (const answer of answers) expect(answer.text.endsWith('data: [DONE]\n\n')).toBe(true);
});

/** Starts a request whose answer never ends, and waits until the engine works on it. */
async function endless(body = ENDLESS): Promise<{ request: ClientRequest; answered: Promise<IncomingMessage> }> {
  const begun = engine.count('processing task');
  const request = httpRequest({ port: gateway.port, path: '/v1/completions', method: 'POST', agent: false });
  const answered = answerOf(request);
  request.end(body);
  if (body === ENDLESS) await once(await answered, 'data');
  await vi.waitFor(() => expect(engine.count('processing task')).toBe(begun + 1), PATIENCE);
  return { request, answered };
}

/**
 * Waits until the engine has cancelled a task. Reads the log and not `/slots`: without a stream, llama-server checks its
 * caller only after a second without any result, and an answer of `/slots` is a result.
 */
async function expectCancelled(before: number): Promise<void> {
  await vi.waitFor(() => expect(engine.count('cancel task')).toBe(before + 1), PATIENCE);
  await vi.waitFor(async () => expect(await busySlots()).toBe(0), PATIENCE);
  expect(gateway.instances.leases('demo').count).toBe(0);
}

test.each([
  ['in the middle of a stream', ENDLESS],
  ['before an answer that is not streamed', ENDLESS.replace('"stream":true', '"stream":false')],
])('a caller that leaves %s frees the engine', async (_moment, body) => {
  const before = engine.count('cancel task');
  const { request, answered } = await endless(body);
  const isOver = Promise.allSettled([answered]);
  request.destroy();
  await expectCancelled(before);
  await isOver;
});

test('a lease that ends breaks the stream and frees the engine', async () => {
  const before = engine.count('cancel task');
  const { answered } = await endless();
  gateway.instances.leases('demo').close();
  await expect(readAnswer(await answered)).rejects.toMatchObject({ code: 'ECONNRESET' });
  await expectCancelled(before);
});

test('an engine killed in the middle of a stream breaks it', async () => {
  const victim = await startLlama();
  const server = await startGateway([{ name: 'demo', port: victim.port, key: KEY }]);
  try {
    const request = httpRequest({ port: server.port, path: '/v1/completions', method: 'POST', agent: false });
    request.end(ENDLESS);
    const answer = await answerOf(request);
    await once(answer, 'data');
    victim.process.kill('SIGKILL');
    await expect(readAnswer(answer)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await call(server.port, '/v1/completions', { body: ENDLESS })).toMatchObject({ status: 502 });
    expect(server.instances.leases('demo').count).toBe(0);
  } finally {
    await server.close();
    await end(victim);
  }
});

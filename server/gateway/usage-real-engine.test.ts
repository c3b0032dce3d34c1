import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { answerOf, call, type GatewayServer, startGateway } from '../testing/gateway-harness.ts';
import { type RealLlama, startRealLlama } from '../testing/real-llama.ts';

/** Compares the tokens that are read from a real llama-server's answers with its own counts. */

let engine: RealLlama;
let gateway: GatewayServer;
beforeAll(async () => {
  engine = await startRealLlama('--metrics', '--parallel', '2');
});
afterAll(() => engine.end());
beforeEach(async () => {
  gateway = await startGateway([{ name: 'demo', port: engine.port, key: engine.key }]);
  return () => gateway.close();
});

/** Returns the engine's counts since its start: prompt tokens, including cached ones, and generated tokens. */
async function counted(): Promise<{ in: number; out: number }> {
  const { text } = await call(engine.port, '/metrics', { headers: { authorization: `Bearer ${engine.key}` } });
  const figure = (name: string): number => Number(new RegExp(`^llamacpp:${name} (\\d+)$`, 'm').exec(text)?.[1]);
  return {
    in: figure('prompt_tokens_total') + figure('prompt_tokens_cached_total'),
    out: figure('tokens_predicted_total'),
  };
}

const MESSAGES = { messages: [{ role: 'user', content: 'Grüße, "usage":{"completion_tokens":1}' }], temperature: 0 };
const INCLUDE = { stream_options: { include_usage: true } };

describe("the tokens of a request equal the engine's counts", () => {
  test.each<[string, object]>([
    ['/v1/chat/completions', { ...MESSAGES, max_tokens: 5 }],
    ['/v1/chat/completions', { ...MESSAGES, max_tokens: 7, stream: true }],
    ['/v1/chat/completions', { ...MESSAGES, max_tokens: 7, stream: true, ...INCLUDE }],
    ['/v1/chat/completions', { ...MESSAGES, max_tokens: 6, stream: true, timings_per_token: true }],
    ['/v1/completions', { prompt: 'Hi', max_tokens: 4, temperature: 0 }],
    ['/v1/completions', { prompt: 'Hi', max_tokens: 4, temperature: 0, stream: true }],
    ['/v1/messages', { ...MESSAGES, max_tokens: 8 }],
    ['/v1/messages', { ...MESSAGES, max_tokens: 8, stream: true }],
    ['/v1/responses', { input: 'Hi', max_output_tokens: 6 }],
    ['/v1/responses', { input: 'Hi', max_output_tokens: 6, stream: true }],
    ['/api/instances/demo/proxy/completion', { prompt: 'Hi', n_predict: 3 }],
    ['/api/instances/demo/proxy/completion', { prompt: 'Hi', n_predict: 3, stream: true }],
  ])('%s %j', async (path, settings) => {
    const before = await counted();
    const answer = await call(gateway.port, path, { body: JSON.stringify({ model: 'demo', ...settings }) });
    await vi.waitFor(() => expect(gateway.requests.finished()).toHaveLength(1), { interval: 2 });
    const after = await counted();
    const isStream = 'stream' in settings;
    const [request] = gateway.requests.finished();
    expect(answer.status).toBe(200);
    expect(request).toMatchObject({
      instance: 'demo',
      outcome: 'ok',
      stream: isStream,
      tokens_in: after.in - before.in,
      tokens_out: after.out - before.out,
      tokens_estimated: false,
      bytes_out: answer.body.byteLength,
    });
    expect(after.out - before.out).toBeGreaterThan(0);
    if (isStream) expect(request?.time_to_first_token).toBeGreaterThanOrEqual(0);
    else expect(request?.time_to_first_token).toBeNull();
  });

  test('are counted by pieces when the caller leaves', async () => {
    const body = JSON.stringify({ model: 'demo', prompt: 'Hi', stream: true, ignore_eos: true, n_predict: -1 });
    const request = httpRequest({ port: gateway.port, path: '/v1/completions', method: 'POST', agent: false });
    request.end(body);
    let text = '';
    for await (const chunk of await answerOf(request)) {
      text += String(chunk);
      if (text.split('\n\n').length > 20) break;
    }
    request.destroy();
    await vi.waitFor(() => expect(gateway.requests.finished()).toHaveLength(1), { interval: 2 });
    const [finished] = gateway.requests.finished();
    expect(finished).toMatchObject({ outcome: 'aborted', tokens_in: null, tokens_estimated: true });
    // The end of a sentence is an event without text, so it is no piece. The engine may have sent more than the caller
    // read.
    const pieces = text.match(/"text":"[^"]/g)?.length;
    expect(pieces).toBeGreaterThan(15);
    expect(finished?.tokens_out).toBeGreaterThanOrEqual(pieces ?? Infinity);
  });
});

test('embeddings generate no tokens', async () => {
  const embedder = await startRealLlama('--embeddings', '--pooling', 'mean');
  const server = await startGateway([{ name: 'demo', port: embedder.port, key: embedder.key }]);
  try {
    const { text } = await call(server.port, '/v1/embeddings', { body: '{"model":"demo","input":["Hi","Hello you"]}' });
    const { usage } = JSON.parse(text) as { usage: { prompt_tokens: number } };
    await vi.waitFor(() => expect(server.requests.finished()).toHaveLength(1), { interval: 2 });
    expect(server.requests.finished()).toMatchObject([{ tokens_in: usage.prompt_tokens, tokens_out: 0 }]);
    expect(usage.prompt_tokens).toBeGreaterThan(2);
  } finally {
    await server.close();
    await embedder.end();
  }
});

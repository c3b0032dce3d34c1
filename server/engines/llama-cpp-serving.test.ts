import { describe, expect, it } from 'vitest';
import { llamaCppServed, llamaCppServing } from './llama-cpp-serving.ts';

const serving = (...argv: string[]) => llamaCppServing({ argv, environment: {} });

describe('the requests that a launch of llama-server answers', () => {
  it('are chats of four slots that share the context by default', () => {
    expect(serving('-m', '/m.gguf')).toEqual({
      embeddings: false,
      rerank: false,
      projector: false,
      hasTemplate: false,
      readsTemplates: true,
      context: null,
      contextShares: 1,
      mostContext: null,
      slots: 4,
    });
  });

  it.each([
    [['--embeddings'], { embeddings: true }],
    [['--embedding'], { embeddings: true }],
    [['--reranking'], { rerank: true }],
    [['--pooling', 'rank'], { rerank: true }],
    [['--mmproj', '/p.gguf'], { projector: true }],
    [['--no-jinja'], { readsTemplates: false }],
    [['--chat-template', 'chatml'], { hasTemplate: true }],
    [['-c', '8192', '-np', '2'], { context: 8_192, contextShares: 2, slots: 2 }],
    [['-c', '8192', '-np', '2', '--kv-unified'], { contextShares: 1, slots: 2 }],
    [['--kv-unified-per-slot', '1024'], { mostContext: 1_024, context: 4_096 }],
  ])('follow from %j', (argv, expected) => {
    expect(serving(...argv)).toMatchObject(expected);
  });

  it('follow from variables too', () => {
    expect(llamaCppServing({ argv: [], environment: { LLAMA_ARG_EMBEDDINGS: '1' } }).embeddings).toBe(true);
  });
});

describe('the report of a running llama-server', () => {
  const target = { port: 1, healthPath: '/health', key: null };
  const served = (status: number, text: string) => llamaCppServed(async () => ({ status, text }), target);

  it('has the context of one request, the slots and the modalities', async () => {
    const properties = {
      default_generation_settings: { n_ctx: 256, params: {} },
      total_slots: 2,
      modalities: { vision: true, video: false, audio: false },
    };
    expect(await served(200, JSON.stringify(properties))).toEqual({
      context: 256,
      slots: 2,
      vision: true,
      audio: false,
    });
  });

  it.each([
    [200, '{}'],
    [200, 'no JSON'],
    [404, '{}'],
  ])('is unknown for the answer %i %s', async (status, text) => {
    expect(await served(status, text)).toBeNull();
  });

  it('is unknown without an answer', async () => {
    expect(await llamaCppServed(async () => null, target)).toBeNull();
  });
});

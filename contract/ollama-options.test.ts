import { describe, expect, it } from 'vitest';
import { isOllamaBlob, ollamaParameter, parametersOfOllama } from './ollama-options.ts';

describe('a parameter of Ollama', () => {
  it.each([
    ['temperature', 0],
    ['stop', ['###']],
    ['seed', '7'],
  ])('%s is the field of requests with that name, whatever its value', (name, value) => {
    expect(ollamaParameter(name, value)).toEqual({ field: name, value });
  });

  it.each([
    ['num_predict', 512, { field: 'max_tokens', value: 512 }],
    ['num_predict', -1, { field: 'max_tokens', value: null }],
    ['num_predict', -2, { field: 'max_tokens', value: null }],
    ['num_predict', 0, { field: 'max_tokens', value: null }],
    ['num_ctx', 4_096, { option: 'ctx_size', value: 4_096 }],
    ['num_ctx', 0, { option: 'ctx_size', value: null }],
    ['num_gpu', 0, { option: 'n_gpu_layers', value: 0 }],
    ['num_gpu', -1, { option: 'n_gpu_layers', value: null }],
    ['num_thread', 1.5, { option: 'threads', value: null }],
    ['num_batch', 64, { option: 'batch_size', value: 64 }],
    ['main_gpu', 0, { option: 'main_gpu', value: 0 }],
    ['draft_num_predict', 4, { option: 'spec_draft_n_max', value: 4 }],
  ])('%s with the value %d is %j', (name, value, expected) => {
    expect(ollamaParameter(name, value)).toEqual(expected);
  });

  it.each([
    ['num_predict', '512'],
    ['num_ctx', null],
    ['num_keep', 5],
  ])('%s with the value %j has no counterpart', (name, value) => {
    expect(ollamaParameter(name, value)).toBeNull();
  });
});

describe('the parameters of a model of Ollama', () => {
  it('are fields of requests, options, and those without a counterpart', () => {
    expect(parametersOfOllama({ seed: 1, num_predict: -1, num_ctx: 512, num_gpu: -1, num_keep: 5 })).toEqual({
      fields: { seed: 1, max_tokens: null },
      options: { ctx_size: 512, n_gpu_layers: null },
      unused: ['num_keep'],
    });
  });

  it.each([
    [{ use_mmap: true }, 'mmap'],
    [{ use_mmap: false }, 'none'],
    [{ use_mlock: true }, 'mmap+mlock'],
    [{ use_mmap: true, use_mlock: true }, 'mmap+mlock'],
    [{ use_mmap: false, use_mlock: true }, 'mlock'],
    [{ use_mlock: false }, null],
  ])('have one load mode: %j is %s', (parameters, mode) => {
    expect(parametersOfOllama(parameters)).toEqual({ fields: {}, options: { load_mode: mode }, unused: [] });
  });
});

describe('a file of Ollama', () => {
  const digest = 'a1'.repeat(32);

  it.each([`/home/ann/.ollama/models/blobs/sha256-${digest}`, `C:\\models\\blobs\\sha256-${digest}`])(
    'is %s',
    (file) => {
      expect(isOllamaBlob(file)).toBe(true);
    },
  );

  it.each([`/models/blobs/sha256-${digest}.gguf`, `/models/sha256-${digest}`, '/models/blobs/sha256-a1'])(
    'is not %s',
    (file) => {
      expect(isOllamaBlob(file)).toBe(false);
    },
  );
});

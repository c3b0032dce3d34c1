import { describe, expect, it } from 'vitest';
import { isOllamaBlob, ollamaParameter } from './ollama-options.ts';

describe('a parameter of Ollama', () => {
  it.each([
    ['temperature', 0],
    ['stop', ['###']],
    ['seed', '7'],
  ])('%s is the field of requests with that name, whatever its value', (name, value) => {
    expect(ollamaParameter(name, value)).toEqual({ field: name });
  });

  it.each([
    ['num_predict', 512, { field: 'max_tokens' }],
    ['num_predict', -1, 'default'],
    ['num_predict', -2, 'default'],
    ['num_predict', 0, 'default'],
    ['num_ctx', 4_096, { option: 'ctx_size' }],
    ['num_ctx', 0, 'default'],
    ['num_gpu', 0, { option: 'n_gpu_layers' }],
    ['num_gpu', -1, 'default'],
    ['num_thread', 1.5, 'default'],
    ['num_batch', 64, { option: 'batch_size' }],
  ])('%s with the value %d is %j', (name, value, expected) => {
    expect(ollamaParameter(name, value)).toEqual(expected);
  });

  it.each([
    ['num_predict', '512'],
    ['num_ctx', null],
    ['num_keep', 5],
    ['use_mmap', true],
  ])('%s with the value %j has no counterpart', (name, value) => {
    expect(ollamaParameter(name, value)).toBeNull();
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

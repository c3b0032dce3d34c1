import { describe, expect, it } from 'vitest';
import { CHAT_TEMPLATE, factsOf, quantizationIn } from './model-facts.ts';

type Value = string | number | boolean;

function facts(metadata: Record<string, Value>, stem = 'model'): ReturnType<typeof factsOf> {
  return factsOf(
    { version: 3, metadata: new Map(Object.entries(metadata)), lists: new Map(), tensors: 1, parameters: 8e9 },
    stem,
  );
}

const CHAT = { 'general.architecture': 'qwen3', [CHAT_TEMPLATE]: '{{ messages }}' };

describe('the facts of a GGUF header', () => {
  it('are its architecture, size, context and quantisation', () => {
    const known = { 'general.architecture': 'llama', 'general.file_type': 15, 'llama.context_length': 8_192 };
    expect(facts(known)).toEqual({
      kind: 'model',
      architecture: 'llama',
      parameters: 8e9,
      quantization: 'Q4_K_M',
      context: 8_192,
      capabilities: [],
      parts: 1,
    });
  });

  it('take the quantisation from the name of the file first, which is finer', () => {
    expect(facts({ 'general.file_type': 15 }, 'Qwen3-8B-UD-Q4_K_XL').quantization).toBe('UD-Q4_K_XL');
    expect(facts({ 'general.file_type': 999 }).quantization).toBeNull();
  });

  it.each([
    ['Qwen3-8B-Q4_K_M', 'Q4_K_M'],
    ['gemma-3-1b-it-bf16', 'BF16'],
    ['gpt-oss-20b-mxfp4', 'MXFP4'],
    ['model.IQ2_XXS', 'IQ2_XXS'],
    ['SmolLM2-135M-Instruct.Q4_1', 'Q4_1'],
    ['M-Q4_K_M-imat', 'Q4_K_M'],
    ['M-F16-to.Q5_K_S_x', 'Q5_K_S'],
    ['M-NVFP4', 'NVFP4'],
    ['M-Q4_0_4_4', 'Q4_0_4_4'],
    ['M-Q4', 'Q4'],
    ['Q8_0', 'Q8_0'],
    ['Agent-Q3-8B', null],
    ['M-XQ4_K_M', null],
    ['qwen', null],
    ['Q', null],
  ])('find the quantisation in %s', (stem, quantization) => {
    expect(quantizationIn(stem)).toBe(quantization);
  });

  it.each([
    ['a chat model', CHAT, ['chat']],
    ['one with tools', { ...CHAT, [CHAT_TEMPLATE]: '{% if tools %}' }, ['chat', 'tools']],
    ['one that reasons', { ...CHAT, [CHAT_TEMPLATE]: '{% if enable_thinking %}' }, ['chat', 'reasoning']],
    ['a base model', { 'general.architecture': 'llama' }, []],
    ['an encoder', { 'general.architecture': 'nomic-bert' }, ['embeddings']],
    ['an embedding model with a chat template', { ...CHAT, 'qwen3.pooling_type': 3 }, ['embeddings']],
    ['a reranker', { ...CHAT, 'qwen3.pooling_type': 4 }, ['rerank']],
  ])('say what it can do: %s', (_what, metadata: Record<string, Value>, capabilities) => {
    expect(facts(metadata).capabilities).toEqual(capabilities);
  });

  it.each([
    [{ 'general.architecture': 'clip' }, 'projector'],
    [{ 'general.type': 'adapter' }, 'adapter'],
    [{ 'general.type': 'imatrix' }, 'other'],
    [{ 'general.type': 'model' }, 'model'],
  ])('say what the file is: %j', (metadata: Record<string, Value>, kind) => {
    expect(facts(metadata).kind).toBe(kind);
  });
});

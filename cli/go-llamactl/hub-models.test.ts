import { describe, expect, it } from 'vitest';
import { modelSetting } from './hub-models.ts';

const CACHE = '/home/me/.cache/llama.cpp';
const MODELS = [
  { ref: null, path: '/models/Qwen3-4B-Q4_K_M.gguf' },
  { ref: 'Qwen/Qwen3-4B-GGUF:Q8_0', path: `${CACHE}/Qwen_Qwen3-4B-GGUF_Qwen3-4B-Q8_0.gguf` },
  { ref: 'Qwen/Qwen3-4B-GGUF:Q4_K_M', path: `${CACHE}/Qwen_Qwen3-4B-GGUF_Qwen3-4B-Q4_K_M.gguf` },
  { ref: 'org/plain:plain', path: '/hub/models--org--plain/snapshots/c/sub/plain.gguf' },
  { ref: 'org/ud:UD-Q4_K_XL', path: '/hub/models--org--ud/snapshots/c/ud-UD-Q4_K_XL.gguf' },
];

describe('the model of an instance with hf_repo', () => {
  it.each([
    ['Qwen/Qwen3-4B-GGUF:Q4_K_M', '', 'Qwen/Qwen3-4B-GGUF:Q4_K_M'],
    ['qwen/qwen3-4b-gguf:q8_0', '', 'Qwen/Qwen3-4B-GGUF:Q8_0'],
    ['Qwen/Qwen3-4B-GGUF', '', 'Qwen/Qwen3-4B-GGUF:Q4_K_M'],
    ['Qwen/Qwen3-4B-GGUF', 'Qwen3-4B-Q8_0.gguf', 'Qwen/Qwen3-4B-GGUF:Q8_0'],
    ['org/plain', 'sub/plain.gguf', 'org/plain:plain'],
    ['org/ud:Q4_K_XL', '', 'org/ud:UD-Q4_K_XL'],
  ])('is on the machine: %s %s', (repository, file, setting) => {
    expect(modelSetting({ repository, file }, MODELS)).toBe(setting);
  });

  it.each([
    ['Qwen/Qwen3-4B-GGUF:Q5_K_M', '', 'Qwen/Qwen3-4B-GGUF:Q5_K_M'],
    ['unsloth/Qwen3-4B-GGUF', 'Qwen3-4B-Q4_K_M.gguf', 'unsloth/Qwen3-4B-GGUF:Q4_K_M'],
    ['org/big', 'big-UD-IQ2_XXS-00001-of-00003.gguf', 'org/big:UD-IQ2_XXS'],
    ['org/repo', 'model.gguf', 'org/repo'],
  ])('is not on the machine, and keeps its reference: %s %s', (repository, file, setting) => {
    expect(modelSetting({ repository, file }, MODELS)).toBe(setting);
  });
});

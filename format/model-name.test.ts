import { describe, expect, it } from 'vitest';
import { modelName } from './model-name.ts';

describe('the name of the model of an instance', () => {
  const file = { model_path: '/m/a.gguf' };

  it('is the name in the list of models', () => {
    const model_info = { name: 'Qwen3-8B-Q4_K_M' };
    expect(modelName({ ...file, model_info })).toBe('Qwen3-8B-Q4_K_M');
    expect(modelName({ ...file, model: 'qwen/qwen3:Q4_K_M', model_info })).toBe('Qwen3-8B-Q4_K_M');
  });

  it('is the given one, or that of the file, if the list lacks the model', () => {
    expect(modelName({ ...file, model: 'qwen/qwen3:Q4_K_M', model_info: null })).toBe('qwen/qwen3:Q4_K_M');
    expect(modelName({ ...file, model_info: null })).toBe('a');
    expect(modelName({ model_path: String.raw`C:\m\a.gguf`, model_info: null })).toBe('a');
    expect(modelName({ model_path: '/m/a-00001-of-00003.gguf', model_info: null })).toBe('a');
    expect(modelName({ model_path: '/m/mlx-model', model_info: null })).toBe('mlx-model');
    expect(modelName({ model_info: null })).toBeNull();
  });

  it('is never an id, if there is a file', () => {
    expect(modelName({ ...file, model: '78718cc79ca0fde2', model_info: null })).toBe('a');
  });
});

import { expect, test } from 'vitest';
import { sampleRow } from '../testing/sample-row.ts';
import { modelName } from './model-name.ts';

test('the name of a model is that of the library, else as it was given, else its file', () => {
  expect(
    modelName(sampleRow({ model_info: { id: 'x', name: 'Qwen3 8B', quantization: 'Q4', size: 1, context: null } })),
  ).toBe('Qwen3 8B');
  expect(modelName(sampleRow({ model: 'qwen/qwen3:Q4' }))).toBe('qwen/qwen3:Q4');
  expect(modelName(sampleRow({ model_path: '/m/a.gguf' }))).toBe('a.gguf');
});

import { expect, it } from 'vitest';
import { mayLackFile } from './why-query.ts';

const INFO = { id: 'm', name: 'qwen3:8b', quantization: 'Q4_K_M', size: 5_000_000_000, context: null };

it.each([
  ['the library has no model with its file', { model_info: null }, true],
  ['Ollama lacks the file of its model', { model_info: { ...INFO, size: 0 } }, true],
  ['the library has its file', { model_info: INFO }, false],
  ['it has no file', { model_path: undefined, model_info: null }, false],
  ['it does not run', { status: 'stopped', model_info: null }, false],
] as const)('the file of a running instance may be gone if %s', (_what, fields, may) => {
  expect(mayLackFile({ status: 'running', model_path: '/m/qwen.gguf', ...fields })).toBe(may);
});

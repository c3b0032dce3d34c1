import type { Model } from '@llamactl/client';
import { expect, test } from 'vitest';
import { filteredModels, sortedModels } from './model-order.ts';

function model(name: string, changes: Partial<Model> = {}): Model {
  return {
    id: name,
    ref: null,
    name,
    format: 'gguf',
    architecture: 'llama',
    parameters: null,
    quantization: null,
    context: null,
    size: 1,
    capabilities: [],
    source: 'folder',
    path: `/models/${name}.gguf`,
    modified_at: '2026-01-01T00:00:00Z',
    used_by: [],
    problems: [],
    ...changes,
  };
}

const names = (models: readonly Model[]): string[] => models.map(({ name }) => name);

test('names are sorted with their numbers as numbers', () => {
  expect(names(sortedModels([model('qwen10'), model('qwen9')], 'name', 'up'))).toEqual(['qwen9', 'qwen10']);
});

test('models without a value come last in both orders', () => {
  const models = [model('none'), model('small', { parameters: 1 }), model('large', { parameters: 2 })];
  expect(names(sortedModels(models, 'parameters', 'up'))).toEqual(['small', 'large', 'none']);
  expect(names(sortedModels(models, 'parameters', 'down'))).toEqual(['large', 'small', 'none']);
});

test('a search needs all of its words, in any field', () => {
  const models = [model('qwen3', { quantization: 'Q4_K_M', capabilities: ['vision'] }), model('gemma')];
  expect(names(filteredModels(models, 'VISION q4'))).toEqual(['qwen3']);
  expect(names(filteredModels(models, 'gemma q4'))).toEqual([]);
  expect(names(filteredModels(models, ' '))).toEqual(['qwen3', 'gemma']);
});

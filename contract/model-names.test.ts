import { expect, it } from 'vitest';
import { modelsCalled } from './model-names.ts';

const ofOllama = (name: string) => ({ id: name, ref: `ollama:${name}`, name, path: `/blobs/${name.length}` });
const MODELS = ['qwen3:latest', 'qwen3:8b', 'me/qwen3:latest', 'hf.co/acme/Demo:Q4_1'].map(ofOllama);

it.each([
  ['qwen3', 'qwen3:latest'],
  ['ollama:qwen3', 'qwen3:latest'],
  ['library/qwen3', 'qwen3:latest'],
  ['registry.ollama.ai/library/qwen3:8b', 'qwen3:8b'],
  ['me/qwen3', 'me/qwen3:latest'],
  ['registry.ollama.ai/me/qwen3', 'me/qwen3:latest'],
  ['hf.co/acme/Demo:Q4_1', 'hf.co/acme/Demo:Q4_1'],
])('%s is the model that Ollama calls %s', (word, name) => {
  expect(modelsCalled(word, MODELS).map((model) => model.name)).toEqual([name]);
});

it.each([
  ['docker:ai/smollm2', 'docker:ai/smollm2:latest'],
  ['https://example.com/m.gguf', `https://example.com/m.gguf#sha256=${'0'.repeat(64)}`],
])('%s is the model that was downloaded as %s', (word, ref) => {
  const model = { id: '1', ref, name: 'm', path: '/m.gguf' };
  expect(modelsCalled(word, [model])).toEqual([model]);
});

it.each(['qwen3:4b', 'registry.ollama.ai/hf.co/acme/Demo:Q4_1', 'library/me/qwen3'])('%s is none of them', (word) => {
  expect(modelsCalled(word, MODELS)).toEqual([]);
});

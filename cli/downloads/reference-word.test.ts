import { expect, it } from 'vitest';
import { isReference } from './reference-word.ts';

it.each([
  'org/repo',
  'org/repo:Q4_K_M',
  'hf.co/org/repo',
  'https://huggingface.co/org/repo/blob/main/model.gguf',
  'ollama:qwen3:8b',
  'docker:ai/qwen3',
  'ms:org/repo',
  'https://example.com/model.gguf',
])('%s is a reference', (word) => expect(isReference(word)).toBe(true));

it.each(['qwen', 'qwen3:8b', './org/repo', '../repo', '/models/qwen', '~/qwen', 'models/qwen.gguf', 'a/b/c'])(
  '%s is a name or a path',
  (word) => expect(isReference(word)).toBe(false),
);

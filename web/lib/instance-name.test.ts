import { describe, expect, it } from 'vitest';
import { instanceName } from './instance-name.ts';

describe('the name of a new instance', () => {
  it.each([
    ['Qwen/Qwen3-8B-GGUF:Q4_K_M', 'qwen3-8b'],
    ['Qwen3-8B-Instruct-Q4_K_M.gguf', 'qwen3-8b'],
    ['/models/gemma-3-27b-it-Q5_K_S.gguf', 'gemma-3-27b'],
    ['DeepSeek-V3-IQ2_XXS-00001-of-00006.gguf', 'deepseek-v3'],
    ['Qwen3 1.7B', 'qwen3-1.7b'],
    ['ollama:qwen3:8b', 'ollama'],
    ['模型.gguf', 'model'],
    ['', 'model'],
  ])('of %s is %s', (model, name) => {
    expect(instanceName(model, [])).toBe(name);
  });

  it('gets a number if another instance has it, in any case', () => {
    expect(instanceName('chat.gguf', ['Chat', 'chat-2'])).toBe('chat-3');
  });

  it('is never longer than the server accepts', () => {
    expect(instanceName(`${'x'.repeat(200)}.gguf`, []).length).toBeLessThanOrEqual(63);
  });
});

import { describe, expect, it } from 'vitest';
import { instanceName } from './instance-name.ts';

describe('the instance name for a file', () => {
  it.each([
    ['/models/qwen2.5-0.5b-instruct-q4_k_m.gguf', 'qwen2.5-0.5b-instruct-q4_k_m'],
    ['Phi 3 (mini).GGUF', 'Phi-3-mini'],
    ['/m/big-00001-of-00003.gguf', 'big'],
    ['.hidden.gguf', 'hidden'],
    ['/m/模型.gguf', 'model'],
    ['/m/batch.gguf', 'batch-2'],
    [`/m/${'x'.repeat(80)}.gguf`, 'x'.repeat(63)],
  ])('of %s is %s', (file, name) => {
    expect(instanceName(file, [])).toBe(name);
    expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
  });

  it('gets a number if the name is taken, in any case', () => {
    expect(instanceName('qwen.gguf', ['Qwen'])).toBe('qwen-2');
    expect(instanceName('qwen.gguf', ['qwen', 'qwen-2'])).toBe('qwen-3');
    const long = 'x'.repeat(63);
    expect(instanceName(`${long}.gguf`, [long])).toBe(`${'x'.repeat(61)}-2`);
  });
});

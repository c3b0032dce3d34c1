import type { ModelInfo } from '@llamactl/contract/instance';
import { describe, expect, it } from 'vitest';
import { contextWarning } from './context-warning.ts';
import { newSettings } from './settings.ts';

const MODEL: ModelInfo = { id: '0123456789abcdef', name: 'm', quantization: null, size: 1, context: 8_192 };

function warningOf(options: Record<string, string | number>, model: ModelInfo | null = MODEL): string | null {
  return contextWarning(newSettings({ model_path: '/m.gguf', options }), model);
}

describe('a context', () => {
  it.each<[what: string, options: Record<string, string | number>]>([
    ['of the model', { ctx_size: 8_192 }],
    ['of the model for each slot', { ctx_size: 32_768, parallel: 4 }],
    ['that is stretched', { ctx_size: 32_768, rope_scaling: 'yarn' }],
    ['that the engine chooses', {}],
  ])('%s gets no warning', (_what, options) => {
    expect(warningOf(options)).toBe(null);
  });

  it('gets none if the model is unknown, or tells no context', () => {
    expect(warningOf({ ctx_size: 2_000_000_000 }, null)).toBe(null);
    expect(warningOf({ ctx_size: 2_000_000_000 }, { ...MODEL, context: null })).toBe(null);
  });

  it('larger than the model can use gets a warning with both numbers', () => {
    expect(warningOf({ ctx_size: 200_000 })).toContain(
      'ctx_size 200000 is more than the 8192 tokens for which the model',
    );
    expect(warningOf({ ctx_size: 200_000, parallel: 4 })).toContain(
      'more than the 32768 that 4 slots of the model can use',
    );
  });
});

import type { Model } from '@llamactl/client';

/** A small chat model, except for the given fields. */
export function sampleModel(changes: Partial<Model> & Pick<Model, 'name' | 'path'>): Model {
  return {
    id: '0123456789abcdef',
    ref: null,
    format: 'gguf',
    architecture: 'llama',
    parameters: 1e6,
    quantization: 'Q4_K_M',
    context: 2_048,
    size: 1e6,
    capabilities: ['chat'],
    source: 'folder',
    modified_at: '2026-03-01T12:00:00Z',
    used_by: [],
    problems: [],
    ...changes,
  };
}

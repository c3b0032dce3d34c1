import type { ModelCapability } from '@llamactl/contract/model';
import { describe, expect, it } from 'vitest';
import { abilitiesOf, type ModelAbilities } from './abilities.ts';
import type { Served, Serving } from './ports/engine-adapter.ts';

const SERVING: Serving = {
  embeddings: false,
  rerank: false,
  projector: false,
  hasTemplate: false,
  readsTemplates: true,
  context: 8_192,
  contextShares: 1,
  mostContext: null,
  slots: 4,
};
const model = (...capabilities: ModelCapability[]): ModelAbilities => ({ capabilities, context: 32_768 });

describe('the abilities of an instance', () => {
  it.each<[string, ModelAbilities | null, Partial<Serving>, string[]]>([
    ['a chat model', model('chat', 'tools', 'reasoning'), {}, ['chat', 'tools']],
    ['a chat model without its template engine', model('chat', 'tools'), { readsTemplates: false }, ['chat']],
    ['a chat model with a projector', model('chat', 'vision'), { projector: true }, ['chat', 'vision']],
    ['a model with vision, without its projector', model('chat', 'vision'), {}, ['chat']],
    ['an embedding model', model('embeddings'), { embeddings: true }, ['embeddings']],
    ['an embedding model without the option', model('embeddings'), {}, []],
    ['a chat model that embeds', model('chat', 'tools'), { embeddings: true, hasTemplate: true }, ['embeddings']],
    ['a chat model that ranks', model('chat'), { rerank: true }, ['rerank']],
    ['a reranker', model('rerank'), { embeddings: true, rerank: true }, ['rerank']],
    ['a base model with a template of its own', model(), { hasTemplate: true }, ['chat']],
    ['an unknown model', null, {}, ['chat']],
    ['an unknown model that embeds', null, { embeddings: true }, ['embeddings']],
  ])('%s', (_what, known, serving, expected) => {
    expect(abilitiesOf(known, { ...SERVING, ...serving }, null).capabilities).toEqual(expected);
  });

  it('are unknown for an unknown engine', () => {
    expect(abilitiesOf(model('chat'), null, null)).toEqual({ capabilities: [], context_size: null, slots: null });
  });

  it('are those that the configuration names for an unknown engine', () => {
    expect(abilitiesOf(null, null, null, ['image', 'audio']).capabilities).toEqual(['audio', 'image']);
  });

  it('are those that the running engine reports', () => {
    const served: Served = { context: 256, slots: 2, vision: true, audio: true };
    expect(abilitiesOf(model('chat'), SERVING, served)).toEqual({
      capabilities: ['chat', 'vision', 'audio'],
      context_size: 256,
      slots: 2,
    });
  });

  it.each<[string, Partial<Serving>, number | null]>([
    ['as given', {}, 8_192],
    ['a share of it', { contextShares: 4 }, 2_048],
    ['at most the limit of a slot', { mostContext: 1_024 }, 1_024],
    ['the trained one if none is given', { context: null }, 32_768],
  ])('have a context: %s', (_what, serving, expected) => {
    expect(abilitiesOf(model('chat'), { ...SERVING, ...serving }, null).context_size).toBe(expected);
  });

  it('have no context if the model is unknown and none is given', () => {
    expect(abilitiesOf(null, { ...SERVING, context: null }, null).context_size).toBeNull();
  });
});

import { describe, expect, test } from 'vitest';
import { partsOf } from './abilities.ts';

describe('the parts of the playground', () => {
  test('are those of the capabilities', () => {
    expect(partsOf({ capabilities: ['chat', 'tools'] })).toEqual(['chat', 'compare', 'load']);
    expect(partsOf({ capabilities: ['audio', 'image'] })).toEqual(['audio', 'image']);
  });

  test('have the chat that is open, also beside an instance that cannot chat', () => {
    expect(partsOf({ capabilities: ['embeddings'] })).toEqual(['embeddings']);
    expect(partsOf({ capabilities: ['embeddings'] }, true)).toEqual(['chat', 'embeddings']);
  });

  test('are the usual ones of an instance of which nothing is known', () => {
    const usual = ['chat', 'compare', 'embeddings', 'rerank', 'load'];
    expect([partsOf({ capabilities: [] }), partsOf(undefined)]).toEqual([usual, usual]);
  });
});

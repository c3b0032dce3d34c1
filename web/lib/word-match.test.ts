import { describe, expect, it } from 'vitest';
import { wordMatches } from './word-match.ts';

const ITEMS = ['Stop chat', 'Start chat-70b', 'Start embed', 'Instances', 'Restart chat'];
const found = (query: string): string[] => wordMatches(ITEMS, (item) => item, query, 10);

describe('the search for words', () => {
  it('wants all words, in any order and case', () => {
    expect(found('CHAT start')).toEqual(['Start chat-70b', 'Restart chat']);
  });

  it('prefers the beginning of the text, then the beginning of a word', () => {
    expect(found('start')).toEqual(['Start embed', 'Start chat-70b', 'Restart chat']);
    expect(found('in')).toEqual(['Instances']);
  });

  it('prefers a whole word, also in the plural, to a longer one that begins with it', () => {
    const items = ['Keyboard shortcuts', 'monkey', 'API keys'];
    expect(wordMatches(items, (item) => item, 'key', 10)).toEqual(['API keys', 'Keyboard shortcuts', 'monkey']);
  });

  it('returns the first items in their order without words', () => {
    expect(wordMatches(ITEMS, (item) => item, ' ', 2)).toEqual(['Stop chat', 'Start chat-70b']);
    expect(found('nothing')).toEqual([]);
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { suggestion, suggestions } from './suggestion.ts';

const KNOWN = ['host', 'port', 'base_path', 'allowed_hosts', 'idle_timeout', 'stop_timeout'];

describe('suggestion', () => {
  it.each([
    ['prot', 'port'],
    ['hots', 'host'],
    ['Port', 'port'],
    ['basepath', 'base_path'],
    ['base-path', 'base_path'],
    ['alowed_host', 'allowed_hosts'],
    ['idle_timout', 'idle_timeout'],
  ])('takes %s for %s', (unknown, meant) => {
    expect(suggestion(unknown, KNOWN)).toBe(meant);
  });

  it('returns null for a word that is similar to none', () => {
    expect(suggestion('telemetry', KNOWN)).toBeNull();
    expect(suggestion('x', KNOWN)).toBeNull();
    expect(suggestion('mmap', ['min_p'])).toBeNull();
    expect(suggestion('nope', ['top'])).toBeNull();
    expect(suggestion('', KNOWN)).toBeNull();
    expect(suggestion('port', [])).toBeNull();
  });

  it('finds a short word with two letters too many', () => {
    expect(suggestion('stop', ['st'])).toBe('st');
  });

  it('has all words that are equally similar', () => {
    expect(suggestions('servce', ['serve', 'start', 'service'])).toEqual(['serve', 'service']);
    expect(suggestions('strat', ['start', 'stats'])).toEqual(['start']);
    expect(suggestions('telemetry', KNOWN)).toEqual([]);
  });

  it('finds a known word after one typing error', () => {
    const slip = fc.record({
      word: fc.constantFrom(...KNOWN),
      at: fc.nat(30),
      kind: fc.constantFrom('drop', 'double', 'replace'),
    });
    fc.assert(
      fc.property(slip, ({ word, at, kind }) => {
        const index = at % word.length;
        const letter = word.charAt(index);
        const middle = { drop: '', double: letter + letter, replace: 'q' }[kind];
        expect(suggestion(word.slice(0, index) + middle + word.slice(index + 1), KNOWN)).toBe(word);
      }),
    );
  });
});

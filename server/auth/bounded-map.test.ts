import { describe, expect, it } from 'vitest';
import { BoundedMap } from './bounded-map.ts';

describe('a bounded map', () => {
  it('evicts the least recently used entry, and reports it', () => {
    const evicted: number[] = [];
    const map = new BoundedMap<string, number>(2, (value) => void evicted.push(value));
    map.set('a', 1);
    map.set('b', 2);
    map.get('a');
    map.set('c', 3);
    expect(evicted).toEqual([2]);
    expect(map.entries()).toEqual([
      ['a', 1],
      ['c', 3],
    ]);
  });

  it('replaces the value of an existing key without evicting', () => {
    const evicted: number[] = [];
    const map = new BoundedMap<string, number>(1, (value) => void evicted.push(value));
    map.set('a', 1);
    map.set('a', 2);
    expect([map.get('a'), map.size, evicted]).toEqual([2, 1, []]);
  });

  it('returns the deleted value', () => {
    const map = new BoundedMap<string, number>(1);
    map.set('a', 1);
    expect([map.delete('a'), map.delete('a'), map.size]).toEqual([1, undefined, 0]);
  });
});

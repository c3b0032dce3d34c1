import { describe, expect, it, test } from 'vitest';
import { leastWidth, movedIndex, rangeOf, rowAt, rowWindow } from './rows.ts';

describe('the rendered rows of a long list', () => {
  it('are those on the screen and a few around them', () => {
    expect(rowWindow({ count: 1_000, rowHeight: 33, scrollTop: 3_300, height: 660 })).toEqual({ first: 92, end: 128 });
  });

  it('stay within the list', () => {
    expect(rowWindow({ count: 5, rowHeight: 33, scrollTop: 0, height: 660 })).toEqual({ first: 0, end: 5 });
    expect(rowWindow({ count: 0, rowHeight: 33, scrollTop: 0, height: 660 })).toEqual({ first: 0, end: 0 });
  });

  it('exist also while the list is scrolled beyond its new end', () => {
    expect(rowWindow({ count: 3, rowHeight: 33, scrollTop: 9_000, height: 660 })).toEqual({ first: 2, end: 3 });
  });
});

describe('a key in a list', () => {
  it.each([
    ['ArrowDown', 4, 5],
    ['j', 4, 5],
    ['k', 4, 3],
    ['PageDown', 4, 14],
    ['End', 4, 19],
    ['Home', 4, 0],
    ['ArrowUp', 0, 0],
    ['ArrowDown', 19, 19],
  ])('%s moves from row %i to row %i', (key, from, to) => {
    expect(movedIndex(key, from, 20, 10)).toBe(to);
  });

  it('moves nowhere if it is another key, or the list is empty', () => {
    expect(movedIndex('x', 4, 20, 10)).toBe(null);
    expect(movedIndex('End', 0, 0, 10)).toBe(null);
  });
});

describe('a range of rows', () => {
  const ids = ['a', 'b', 'c', 'd'];
  it('includes both ends, in either direction', () => {
    expect(rangeOf(ids, 'b', 'd')).toEqual(['b', 'c', 'd']);
    expect(rangeOf(ids, 'd', 'b')).toEqual(['b', 'c', 'd']);
  });

  it('is one row if its begin is gone', () => {
    expect(rangeOf(ids, 'z', 'c')).toEqual(['c']);
    expect(rangeOf(ids, null, 'c')).toEqual(['c']);
  });
});

test('a list is at least as wide as its columns and the edges of a row', () => {
  expect(leastWidth(['96px', 'minmax(160px, 2fr)', 'minmax(0, 1fr)'])).toBe(96 + 160 + 32);
  expect(leastWidth(['6.5rem', 'minmax(12rem, 1.6fr)'])).toBe(104 + 192 + 32);
});

test('keys pass headings between rows, and turn round at the first one', () => {
  const isRow = (at: number): boolean => at !== 0 && at !== 3;
  expect(rowAt(3, 1, 6, isRow)).toBe(4);
  expect(rowAt(3, -1, 6, isRow)).toBe(2);
  expect(rowAt(0, -1, 6, isRow)).toBe(1);
  expect(rowAt(0, 1, 1, isRow)).toBe(-1);
});

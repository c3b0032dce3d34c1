import { describe, expect, test } from 'vitest';
import { extremesOf, nearestIndex, spreadPlaces, steppedIndex } from './chart-values.ts';

test('words say the newest, highest and lowest value, without times that have none', () => {
  expect(extremesOf([4, null, 9, 2, 5, null])).toEqual({ now: 5, highest: 9, lowest: 2 });
  expect(extremesOf([null, null])).toBeNull();
});

describe('the cursor', () => {
  test.each([
    [99, 0],
    [100, 0],
    [104, 0],
    [106, 1],
    [119, 2],
    [500, 2],
  ])('at %i is on the nearest time', (moment, index) => {
    expect(nearestIndex([100, 110, 120], moment)).toBe(index);
  });

  test('has no place without times', () => {
    expect(nearestIndex([], 5)).toBe(-1);
  });

  test('steps over times without a value, and stays at the ends', () => {
    const series = [{ name: 'a', values: [1, null, null, 2] }];
    expect(steppedIndex(series, 0, 1, 4)).toBe(3);
    expect(steppedIndex(series, 3, -1, 4)).toBe(0);
    expect(steppedIndex(series, 3, 1, 4)).toBeNull();
  });
});

test('names at the ends of lines do not cover each other, and stay inside', () => {
  expect(spreadPlaces([50, 52], 12, 0, 100)).toEqual([50, 62]);
  expect(spreadPlaces([99, 98], 12, 0, 100)).toEqual([100, 88]);
  expect(spreadPlaces([10, 90], 12, 0, 100)).toEqual([10, 90]);
});

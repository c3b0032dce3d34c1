import { describe, expect, test } from 'vitest';
import { currentOf, extremesOf, lonelyIndexes, nearestIndex, spreadPlaces, steppedIndex } from './chart-values.ts';

test('words say the highest and lowest value, without times that have none', () => {
  expect(extremesOf([4, null, 9, 2, 5, null])).toEqual({ highest: 9, lowest: 2 });
  expect(extremesOf([null, null])).toBeNull();
});

describe('the value of now', () => {
  test('is the newest one of a line that goes on', () => {
    expect(currentOf([2, 4, 6], [1, 5, null], 10)).toBe(5);
  });

  test('is missing where the line has ended: a stopped instance uses no memory', () => {
    expect(currentOf([2, 4], [1, 5], 15)).toBeNull();
    expect(currentOf([2, 4], [null, null], 4)).toBeNull();
  });

  test('may be as old as the steps of a line with long steps', () => {
    expect(currentOf([0, 60], [1, 5], 200)).toBe(5);
    expect(currentOf([0, 60], [1, 5], 220)).toBeNull();
  });
});

test('values that no line joins get a point', () => {
  expect(lonelyIndexes([null, 4, null, 2, 3, null, 7])).toEqual([1, 6]);
  expect(lonelyIndexes([1, 2])).toEqual([]);
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

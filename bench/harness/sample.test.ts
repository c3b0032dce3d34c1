import { describe, expect, it } from 'vitest';
import { median, percentile, spreadOf } from './sample.ts';

describe('a sample', () => {
  it('has the value in the middle as its median, or the mean of the two there', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 2, 100])).toBe(3);
    expect(median([7])).toBe(7);
  });

  it('has the value that a share does not exceed as a percentile', () => {
    const hundred = Array.from({ length: 100 }, (_unused, index) => 100 - index);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile(hundred, 0.5)).toBe(50);
    expect(percentile([3], 0.99)).toBe(3);
  });

  it('has a spread', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 });
  });

  it('is something', () => {
    expect(() => median([])).toThrow('nothing was measured');
    expect(() => percentile([], 0.5)).toThrow('nothing was measured');
  });
});

import { describe, expect, it } from 'vitest';
import { RAM, withMargin } from '../memory-estimate.ts';
import { fitOf, largestMemory } from './memory-fit.ts';

const GB = 1e9;

describe('the largest memory', () => {
  it('is that of the GPU or the machine that has most', () => {
    const small = { name: 'small', memory_total: 8 * GB };
    const large = { name: 'large', memory_total: 24 * GB };
    expect(largestMemory([small, large], 16 * GB)).toEqual({ kind: 'gpu', name: 'large', total: 24 * GB });
    expect(largestMemory([small, large], 64 * GB)).toEqual({ kind: 'ram', name: 'memory', total: 64 * GB });
    expect(largestMemory([small], 8 * GB)).toMatchObject({ kind: 'gpu' });
    expect(largestMemory([{ name: 'shared', memory_total: null }], 8 * GB)).toMatchObject({ kind: 'ram' });
  });
});

describe('a model', () => {
  it.each([
    [5 * GB, 16 * GB, 'yes'],
    [5 * GB, 7 * GB, 'tight'],
    [5 * GB, 6 * GB, 'no'],
    [20 * GB, 16 * GB, 'no'],
    [0, 16 * GB, 'yes'],
  ])('of %d bytes in %d fits: %s', (size, total, fits) => {
    expect(fitOf(size, total).fits).toBe(fits);
  });

  it('needs more than its files, by the margin of all estimates and half a gigabyte', () => {
    const needed = fitOf(10 * GB, 1).memory_needed;
    const bare = withMargin({ device: RAM, weights: 10 * GB, cache: 0, compute: 0 });
    expect(needed).toBeGreaterThan(bare + 0.4 * GB);
    expect(needed).toBeLessThan(bare + 0.5 * GB);
  });
});

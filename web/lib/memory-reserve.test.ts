import { expect, it } from 'vitest';
import { memoryReserve } from './memory-reserve.ts';

it('the parts of a need and the reserve add up to it', () => {
  expect(memoryReserve({ need: 427, weights: 123, cache: 180, compute: 22 })).toBe(102);
});

it('a need that was measured below its parts has no reserve', () => {
  expect(memoryReserve({ need: 300, weights: 123, cache: 180, compute: 22 })).toBe(0);
});

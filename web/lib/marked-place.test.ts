import { expect, test } from 'vitest';
import { isFieldAt } from './marked-place.ts';

test('a link means a field, or the field around it', () => {
  expect(isFieldAt('options.ctx_size', 'options.ctx_size')).toBe(true);
  expect(isFieldAt('environment.CUDA', 'environment')).toBe(true);
  expect([
    isFieldAt('options.ctx', 'options.ctx_size'),
    isFieldAt('ports', 'port'),
    isFieldAt(undefined, 'port'),
  ]).toEqual([false, false, false]);
});

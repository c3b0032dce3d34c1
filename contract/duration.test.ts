import { expect, it } from 'vitest';
import { durationSeconds } from './duration.ts';

it.each([
  [90, 90],
  [0.5, 0.5],
  ['90', 90],
  ['90s', 90],
  ['15m', 900],
  ['24h', 86_400],
  ['7d', 604_800],
])('%s is %d seconds', (duration, seconds) => {
  expect(durationSeconds(duration)).toBe(seconds);
});

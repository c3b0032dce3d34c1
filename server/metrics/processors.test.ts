import { expect, test } from 'vitest';
import { parseProcessorTimes, usageBetween } from './processors.ts';

test('parseProcessorTimes counts disk waits as idle, stolen time as busy, and guests once', () => {
  const text = 'cpu  100 20 30 1000 500 4 5 6 90 10\ncpu0 1 1 1 1 1 1 1 1 0 0\nintr 5\n';
  expect(parseProcessorTimes(text)).toEqual({ busy: 165, total: 1_665 });
});

test('parseProcessorTimes returns null for other texts', () => {
  expect(parseProcessorTimes('')).toBe(null);
  expect(parseProcessorTimes('cpu0 1 2 3 4\n')).toBe(null);
});

test.each([
  ['half', { busy: 100, total: 1_000 }, { busy: 150, total: 1_100 }, 50],
  ['all', { busy: 0, total: 0 }, { busy: 70, total: 70 }, 100],
  ['none', { busy: 100, total: 1_000 }, { busy: 100, total: 1_400 }, 0],
  ['a count that went back', { busy: 100, total: 1_000 }, { busy: 99, total: 1_400 }, 0],
  ['waiting that went back', { busy: 100, total: 1_000 }, { busy: 120, total: 1_019 }, 100],
  ['no time', { busy: 100, total: 1_000 }, { busy: 100, total: 1_000 }, null],
])('usage between two readings: %s', (_name, before, after, usage) => {
  expect(usageBetween(before, after)).toBe(usage);
});

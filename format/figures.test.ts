import { expect, test } from 'vitest';
import { contextText } from './figures.ts';

test('the size of a context is in thousands of 1024, or has its digits in groups', () => {
  expect([4_096, 131_072, 8_000, 465_408, 8_000_000].map(contextText)).toEqual([
    '4k',
    '128k',
    '8000',
    '465\u00A0408',
    '8\u00A0000\u00A0000',
  ]);
});

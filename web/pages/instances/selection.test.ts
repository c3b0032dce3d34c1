import { expect, test } from 'vitest';
import { leftOf } from './selection.ts';

test('rows that are not in the list leave the selection', () => {
  expect([...leftOf(new Set(['code-1', 'rerank']), ['rerank', 'chat'])]).toEqual(['rerank']);
});

test('a selection whose rows are all in the list stays the same set', () => {
  const selected = new Set(['chat']);
  expect(leftOf(selected, ['embed', 'chat'])).toBe(selected);
});

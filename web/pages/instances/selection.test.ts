import { expect, test } from 'vitest';
import { leftOf } from './selection.ts';

test('rows that a filter hides leave the selection', () => {
  expect([...leftOf(new Set(['code-1', 'rerank']), ['rerank', 'chat'])]).toEqual(['rerank']);
});

test('a selection whose rows are all shown stays the same set', () => {
  const selected = new Set(['chat']);
  expect(leftOf(selected, ['embed', 'chat'])).toBe(selected);
});

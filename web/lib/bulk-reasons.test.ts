import { expect, test } from 'vitest';
import { bulkReasons, firstNames } from './bulk-reasons.ts';

test('refusals with one reason are one group, the largest first, and a known reason replaces the sentence', () => {
  const refused = ['a', 'code-1', 'code-2', 'code-3'].map((name) => ({
    name,
    sentence: `${name} was not started: no slot is free.`,
  }));
  const more = { name: 'b', sentence: 'There is no instance b.' };
  const known = (name: string): string | null => (name.startsWith('code') ? 'Group code allows 2 at once.' : null);
  expect(bulkReasons([...refused, more], known)).toEqual([
    { reason: 'Group code allows 2 at once.', names: ['code-1', 'code-2', 'code-3'] },
    { reason: 'no slot is free.', names: ['a'] },
    { reason: 'There is no instance b.', names: ['b'] },
  ]);
});

test('a long list has its first names', () => {
  expect([firstNames(['a']), firstNames(['a', 'b']), firstNames(['a', 'b', 'c'])]).toEqual(['a', 'a, b', 'a, b …']);
});

import { expect, test } from 'vitest';
import { callerChoices, ownerOf } from './callers.ts';

const KEY = { id: '1cebd7a7', name: 'ci-nightly', owner: 'otto' };

test('a caller is chosen by the name of its key and the owner, once for all of its requests', () => {
  const seen = ['key:1cebd7a7 (ci-nightly)', 'user:ada', 'key:99 (gone)'];
  expect(callerChoices(seen, [KEY], undefined)).toEqual([
    { id: 'key:1cebd7a7', label: 'key:ci-nightly · otto' },
    { id: 'key:99', label: 'key:gone' },
    { id: 'user:ada', label: 'user:ada' },
  ]);
});

test('the chosen caller is there before a request or key names it', () => {
  expect(callerChoices([], [], 'key:1cebd7a7')).toEqual([{ id: 'key:1cebd7a7', label: 'key:1cebd7a7' }]);
  expect(callerChoices([], [KEY], 'key:1cebd7a7')).toHaveLength(1);
});

test('a caller that is a known key has the owner of the key', () => {
  const owners = new Map([['key:1cebd7a7', 'otto']]);
  expect(ownerOf(owners, 'key:1cebd7a7 (ci-nightly)')).toBe('otto');
  expect([ownerOf(owners, 'key:99 (gone)'), ownerOf(owners, 'user:ada'), ownerOf(owners, null)]).toEqual([
    null,
    null,
    null,
  ]);
});

import { expect, test } from 'vitest';
import { callerChoices, ownerOf, ownersIn } from './callers.ts';

const KEY = { id: '1cebd7a7', name: 'ci-nightly', owner: 'otto' };

test('a caller is chosen by the name of its key and the owner, once for all of its requests', () => {
  const seen = ['key:1cebd7a7 (ci-nightly)', 'user:ada', 'key:99 (gone)'];
  expect(callerChoices(seen, [KEY], undefined)).toEqual([
    { id: 'key:1cebd7a7', label: 'key:ci-nightly · otto' },
    { id: 'key:99', label: 'key:gone' },
    { id: 'user:ada', label: 'user:ada' },
  ]);
});

test('an address is chosen once, with all unknown keys that came from it', () => {
  const seen = ['address:192.0.2.7', 'address:192.0.2.7 (llk_3RCRoi…)', 'address:192.0.2.7 (llk_9W3PIs…)'];
  expect(callerChoices(seen, [], undefined)).toEqual([{ id: 'address:192.0.2.7', label: '192.0.2.7' }]);
});

test('a deleted key keeps its owner', () => {
  const usage = [
    { id: '99', owner: 'nora' },
    { id: '1cebd7a7', owner: 'before' },
    { id: null, owner: null },
  ];
  expect([...ownersIn([KEY], usage)]).toEqual([
    ['key:99', 'nora'],
    ['key:1cebd7a7', 'otto'],
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

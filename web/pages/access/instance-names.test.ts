import { expect, test } from 'vitest';
import { chosenParts, groupsOf, sortedNames } from './instance-names.ts';

test('names are sorted as people count', () => {
  expect(sortedNames(['chat-10', 'code-1', 'chat-2', 'Chat-1'])).toEqual(['Chat-1', 'chat-2', 'chat-10', 'code-1']);
});

test('a group has its members, and an instance without a group is in none', () => {
  const rows = [
    { name: 'a', group: 'vision' },
    { name: 'b' },
    { name: 'c', group: 'code' },
    { name: 'd', group: 'code' },
  ];
  expect(groupsOf(rows)).toEqual([
    { name: 'code', members: ['c', 'd'] },
    { name: 'vision', members: ['a'] },
  ]);
});

test('chosen instances are named by their groups as far as these are whole', () => {
  const rows = [
    { name: 'a' },
    { name: 'c', group: 'code' },
    { name: 'd', group: 'code' },
    { name: 'v', group: 'vision' },
  ];
  expect(chosenParts(['d', 'a', 'c'], rows)).toEqual({ groups: [{ name: 'code', members: ['c', 'd'] }], names: ['a'] });
  expect(chosenParts(['d'], rows)).toEqual({ groups: [], names: ['d'] });
});

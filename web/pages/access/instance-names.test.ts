import { expect, test } from 'vitest';
import { groupsOf, sortedNames } from './instance-names.ts';

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

import { expect, test } from 'vitest';
import { currentBootId, namespaceName } from './boot-id.ts';

test('boots are distinguished, in a container also by its first process, since the next container may get its number', () => {
  expect(currentBootId()).toBe(currentBootId());
  expect(namespaceName('pid:[4026532345]', 100)).not.toBe(namespaceName('pid:[4026532345]', 200));
  expect(namespaceName('pid:[4026532345]', 100)).not.toBe(namespaceName('pid:[4026532346]', 100));
  // the machine's own namespace always has one number, and the boot id beside it
  expect(namespaceName('pid:[4026531836]', 100)).toBe(namespaceName('pid:[4026531836]', 200));
});

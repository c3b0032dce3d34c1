import { expect, test } from 'vitest';
import { isPlaceOf } from './instance-address.ts';

test.each([
  ['/instances/chat', true],
  ['/instances/chat/edit', true],
  ['/instances/chat-2', false],
  ['/instances', false],
])('the path %s belongs to the instance chat: %s', (pathname, isIts) => {
  expect(isPlaceOf('chat', pathname)).toBe(isIts);
});

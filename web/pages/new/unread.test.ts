import { expect, it } from 'vitest';
import { NO_TEXTS, unreadOf, withoutUnread } from './unread.ts';

it('a save would lose a document that cannot be read, and a command that was not taken into the form', () => {
  expect(unreadOf(NO_TEXTS)).toBeNull();
  expect(unreadOf({ ...NO_TEXTS, yaml: 'name: chat' })).toBeNull();
  expect(unreadOf({ ...NO_TEXTS, yaml: 'name: [', isFlawed: true })).toBe('yaml');
  expect(unreadOf({ ...NO_TEXTS, command: ' \n' })).toBeNull();
  expect(unreadOf({ ...NO_TEXTS, command: 'llama-server' })).toBe('command');
});

it('the texts are dropped one by one', () => {
  const both = { yaml: 'name: [', isFlawed: true, command: 'llama-server' };
  const rest = withoutUnread(both);
  expect(rest).toEqual({ yaml: null, isFlawed: false, command: 'llama-server' });
  expect(withoutUnread(rest)).toEqual(NO_TEXTS);
});

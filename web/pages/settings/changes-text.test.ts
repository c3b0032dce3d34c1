import { expect, test } from 'vitest';
import { changesText, shownChange } from './changes-text.ts';

const WORDS = { toDefault: 'default', groupAdded: 'new', groupRemoved: 'removed' };

test('a group is new or removed', () => {
  const settings = [
    { key: 'groups.big', value: { pinned: true }, kind: 'group' },
    { key: 'groups.code', value: undefined, kind: 'group' },
    { key: 'groups.code.max_running', value: 0, kind: 'number' },
  ] as const;
  const drafts = new Map<string, string | null>([
    ['groups.big', null],
    ['groups.code', '{}'],
    ['groups.code.max_running', '2'],
  ]);
  expect(changesText(settings, drafts, WORDS)).toBe(
    'groups.big removed, groups.code new, groups.code.max_running 0 → 2',
  );
  expect(settings.map((setting) => shownChange(setting, drafts, WORDS))).toEqual([
    { before: '{\n  "pinned": true\n}', after: 'removed' },
    { before: '', after: 'new' },
    { before: '0', after: '2' },
  ]);
});

test('changes are in one line, each with its value before and after, and no secrets', () => {
  const settings = [
    { key: 'server.port', value: 8080, kind: 'number' },
    { key: 'models.dirs', value: ['/a', '/b'], kind: 'texts' },
    { key: 'server.public_url', value: null, kind: 'text' },
    { key: 'auth.secret', value: '***', kind: 'secret' },
    { key: 'logs.level', value: 'info', kind: 'text' },
  ] as const;
  const drafts = new Map<string, string | null>([
    ['server.port', null],
    ['models.dirs', '/a\n/c'],
    ['server.public_url', 'https://x'],
    ['auth.secret', 'new'],
  ]);
  expect(changesText(settings, drafts, WORDS)).toBe(
    'server.port 8080 → default, models.dirs /a /b → /a /c, server.public_url default → https://x, auth.secret *** → ***',
  );
});

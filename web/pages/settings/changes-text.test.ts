import { expect, test } from 'vitest';
import { changesText } from './changes-text.ts';

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
  expect(changesText(settings, drafts, 'default')).toBe(
    'server.port 8080 → default, models.dirs /a /b → /a /c, server.public_url default → https://x, auth.secret *** → ***',
  );
});

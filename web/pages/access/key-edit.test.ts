import type { Key } from '@llamactl/client';
import { describe, expect, test } from 'vitest';
import { editFlaw, keyChange, type KeyEdit } from './key-edit.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const KEY: Key = {
  id: 'k1',
  name: 'editor',
  owner: 'ada',
  prefix: 'llk_abc',
  scopes: ['inference'],
  instances: null,
  may_start: true,
  max_in_flight: 0,
  requests_per_minute: 0,
  tokens_per_minute: 0,
  created_at: '2025-01-01T00:00:00Z',
  expires_at: null,
  last_used_at: null,
};
const edit = (changes: Partial<KeyEdit>): KeyEdit => ({ name: 'editor', end: 'keep', day: '', ...changes });

describe('the edit of a key', () => {
  test('changes only what is different', () => {
    expect(keyChange(edit({}), KEY, NOW)).toBeNull();
    expect(keyChange(edit({ end: 'never' }), KEY, NOW)).toBeNull();
    expect(keyChange(edit({ name: ' laptop ' }), KEY, NOW)).toEqual({ name: 'laptop' });
  });

  test('ends the key in some days, never, or with the begin of a day', () => {
    expect(keyChange(edit({ end: '30' }), KEY, NOW)).toEqual({ expires_at: '2026-01-31T00:00:00.000Z' });
    const ending = { ...KEY, expires_at: '2026-02-01T00:00:00.000Z' };
    expect(keyChange(edit({ end: 'never' }), ending, NOW)).toEqual({ expires_at: null });
    const day = new Date('2026-03-01T00:00').toISOString();
    expect(keyChange(edit({ end: 'day', day: '2026-03-01' }), KEY, NOW)).toEqual({ expires_at: day });
  });

  test.each([
    [{ name: ' ' }, 'name'],
    [{ end: 'day' }, 'day'],
    [{ end: 'day', day: '2025-12-01' }, 'day'],
    [{ end: 'day', day: '2026-03-01' }, null],
  ] as const)('%j has the flaw %s', (changes, flaw) => {
    expect(editFlaw(edit(changes), NOW)).toBe(flaw);
  });
});

import { describe, expect, test } from 'vitest';
import { addressOf, flawOf, keyBody, newKey, purposesOf, snippetOf, withOwner, withPurpose } from './purposes.ts';

const NEW_KEY = newKey('admin');
const PAGE = 'https://ai.example.com/llm/#/access?tab=keys';

describe('a new key', () => {
  test('for an editor may call and start models, and nothing else', () => {
    expect(keyBody({ ...NEW_KEY, name: ' editor ' }, 0)).toEqual({
      name: 'editor',
      scopes: ['inference'],
      may_start: true,
    });
  });

  test('for Prometheus reads figures only', () => {
    const draft = { ...withPurpose(NEW_KEY, 'prometheus', 'admin'), name: 'prometheus' };
    expect(keyBody(draft, 0)).toEqual({ name: 'prometheus', scopes: ['metrics'], may_start: false });
  });

  test('ends so many days from now', () => {
    expect(keyBody({ ...NEW_KEY, name: 'k', end: '30' }, Date.parse('2026-01-01T00:00:00Z'))).toMatchObject({
      expires_at: '2026-01-31T00:00:00.000Z',
    });
  });

  test('has a role beside its scopes', () => {
    expect(keyBody({ ...NEW_KEY, name: 'k', role: 'viewer' }, 0)).toMatchObject({ scopes: ['inference', 'viewer'] });
  });

  test('of a viewer has only rights that a viewer may give', () => {
    expect(purposesOf('viewer')).toEqual(['prometheus', 'other']);
    expect(keyBody({ ...newKey('viewer'), name: 'k' }, 0)).toMatchObject({ scopes: ['metrics'], may_start: false });
    const other = withPurpose(newKey('viewer'), 'other', 'viewer');
    expect(keyBody({ ...other, name: 'k' }, 0)).toMatchObject({ scopes: ['metrics'], may_start: false });
  });

  test('for another account has the rights of its role', () => {
    const draft = withOwner({ ...NEW_KEY, name: 'k', purpose: 'ci', role: 'admin' }, 'ada', 'viewer');
    expect(keyBody(draft, 0)).toEqual({ name: 'k', scopes: ['metrics'], may_start: false, owner: 'ada' });
    expect(keyBody(withOwner(draft, 'bob', 'operator'), 0)).toMatchObject({ owner: 'bob', scopes: ['metrics'] });
    expect(keyBody(withOwner(draft, null, 'admin'), 0)).not.toHaveProperty('owner');
  });

  test('keeps the end that was chosen, for each purpose and owner', () => {
    const draft = { ...NEW_KEY, end: '30' } as const;
    expect(withOwner(draft, 'ada', 'operator').end).toBe('30');
    expect(withPurpose(draft, 'ci', 'admin').end).toBe('30');
    expect(withPurpose(draft, 'openWebUi', 'admin').end).toBe('30');
    expect(withPurpose(NEW_KEY, 'ci', 'admin').end).toBe('90');
  });

  test('has the limits that are not 0', () => {
    const limits = { max_in_flight: ' 2', requests_per_minute: '0', tokens_per_minute: '5000' };
    expect(keyBody({ ...NEW_KEY, name: 'k', limits }, 0)).toEqual({
      name: 'k',
      scopes: ['inference'],
      may_start: true,
      max_in_flight: 2,
      tokens_per_minute: 5_000,
    });
  });

  test.each([
    ['a number for each limit', { limits: { ...NEW_KEY.limits, tokens_per_minute: 'x' } }, 'limit'],
    ['a name', { name: ' ' }, 'name'],
    ['a right', { mayCall: false }, 'right'],
    ['an instance, if it is not for all', { instances: [] }, 'instance'],
  ] as const)('needs %s', (_, changes, flaw) => {
    expect(flawOf({ ...NEW_KEY, name: 'k', ...changes })).toBe(flaw);
  });
});

describe('the snippet of a key', () => {
  test('has the prefix under which the page was opened', () => {
    expect(addressOf(PAGE, 'v1')).toBe('https://ai.example.com/llm/v1');
    expect(snippetOf('openWebUi', 'llk_x', PAGE, ['inference'])).toBe('URL: https://ai.example.com/llm/v1\nKey: llk_x');
  });

  test('of Prometheus has scheme, host and path apart', () => {
    const snippet = snippetOf('prometheus', 'llk_x', PAGE, ['metrics']);
    expect(snippet).toContain('scheme: https\n');
    expect(snippet).toContain('metrics_path: /llm/metrics\n');
    expect(snippet).toContain("targets: ['ai.example.com']");
  });

  test.each([
    [['inference'], 'v1/models'],
    [['operator'], 'v1/models'],
    [['metrics', 'viewer'], 'api/instances'],
    [['metrics'], 'metrics'],
  ] as const)('with the rights %j reads %s', (scopes, path) => {
    expect(snippetOf('other', 'llk_x', PAGE, scopes)).toContain(`https://ai.example.com/llm/${path} `);
  });
});

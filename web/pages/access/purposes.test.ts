import { describe, expect, test } from 'vitest';
import { addressOf, flawOf, keyBody, NEW_KEY, snippetOf, withPurpose } from './purposes.ts';

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
    const draft = { ...withPurpose(NEW_KEY, 'prometheus'), name: 'prometheus' };
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

  test.each([
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
    expect(snippetOf('openWebUi', 'llk_x', PAGE)).toBe('URL: https://ai.example.com/llm/v1\nKey: llk_x');
  });

  test('of Prometheus has scheme, host and path apart', () => {
    const snippet = snippetOf('prometheus', 'llk_x', PAGE);
    expect(snippet).toContain('scheme: https\n');
    expect(snippet).toContain('metrics_path: /llm/metrics\n');
    expect(snippet).toContain("targets: ['ai.example.com']");
  });
});

import type { AuditChange } from '@llamactl/contract/auth';
import type { JsonValue } from '@llamactl/contract/request-additions';
import { describe, expect, it } from 'vitest';
import { boundedChanges, propertyChanges } from './audit-changes.ts';

const SECRET = 'S3CR3T';

const change = (path: string, after: JsonValue): AuditChange => ({ path, before: null, after });
const stored = (path: string, after: JsonValue): JsonValue | undefined =>
  boundedChanges([change(path, after)]).changes?.[0]?.after;

describe('boundedChanges', () => {
  it('leaves out both fields without changes', () => {
    expect(boundedChanges([])).toEqual({});
  });

  it('keeps values of every kind as they are', () => {
    const changes = [
      change('a', 1),
      change('b', true),
      change('c', 'x  y'),
      change('d', [1, 'x']),
      change('e', { f: null }),
    ];
    expect(boundedChanges(changes)).toEqual({ changes });
  });

  it.each<[string, string, JsonValue]>([
    ['an option with the name of a secret', 'options.api_key', SECRET],
    ['a number as a secret', 'options.hf_token', 12_345],
    ['the log-in of a URL', 'model_path', `https://me:${SECRET}@host/m.gguf`],
    ['a flag among arguments', 'extra_args', ['--api-key', SECRET]],
    ['a variable among arguments', 'command', ['env', `HF_TOKEN=${SECRET}`]],
    ['a flag in a text', 'options.args', `--verbose --api-key ${SECRET}`],
    ['a flag in an argument of several words', 'command', ['sh', '-c', `serve --api-key=${SECRET}`]],
    ['a field of a map', 'request_defaults', { user: { password: SECRET } }],
    ['a list of maps', 'request_defaults', { tools: [{ headers: { 'x-api-key': SECRET } }] }],
  ])('masks %s', (_what, path, value) => {
    const text = JSON.stringify(boundedChanges([{ path, before: value, after: value }]));
    expect(text.split('***')).toHaveLength(3);
    expect(text).not.toMatch(/S3CR3T|12345/);
  });

  it('does not mask a missing secret, nor a switch', () => {
    expect(boundedChanges([{ path: 'options.api_key', before: null, after: true }])).toEqual({
      changes: [{ path: 'options.api_key', before: null, after: true }],
    });
  });

  it('masks before it shortens', () => {
    expect(stored('extra_args', ['x'.repeat(150), '--api-key', SECRET.repeat(20)])).not.toContain(SECRET);
  });

  it('shortens long texts, and writes long lists and maps as shortened texts', () => {
    expect(stored('a', 'x'.repeat(200))).toBe('x'.repeat(200));
    expect(stored('a', 'x'.repeat(201))).toBe(`${'x'.repeat(199)}…`);
    expect(stored('a', ['x'.repeat(300)])).toBe(`["${'x'.repeat(197)}…`);
    // No half of a character.
    expect(stored('a', `${'x'.repeat(198)}😀😀`)).toBe(`${'x'.repeat(198)}…`);
    expect(boundedChanges([change('p'.repeat(300), 1)]).changes?.[0]?.path).toBe(`${'p'.repeat(199)}…`);
  });

  it('keeps fifty changes, and counts the others', () => {
    const many = Array.from({ length: 53 }, (_, index) => change(`o${index}`, index));
    expect(boundedChanges(many)).toEqual({ changes: many.slice(0, 50), moreChanges: 3 });
    expect(boundedChanges(many.slice(0, 50))).toEqual({ changes: many.slice(0, 50) });
  });

  it('keeps at most 4 KB of text, and counts the others', () => {
    const many = Array.from({ length: 20 }, (_, index) => ({
      path: `o${index}`,
      before: 'ü'.repeat(300),
      after: 'ü'.repeat(300),
    }));
    const { changes = [], moreChanges = 0 } = boundedChanges(many);
    expect(Buffer.byteLength(JSON.stringify(changes))).toBeLessThan(4_096 + 100);
    expect(changes.length).toBeGreaterThan(3);
    expect(changes.length + moreChanges).toBe(20);
  });
});

describe('propertyChanges', () => {
  it('has the properties that differ, but no times that pass by themselves', () => {
    const before = { name: 'ci', scopes: ['inference'], expires_at: null, last_used_at: null, updated_at: '1' };
    const after = { name: 'laptop', scopes: ['inference'], expires_at: '2', last_used_at: '2', updated_at: '2' };
    expect(propertyChanges(before, after)).toEqual([
      { path: 'name', before: 'ci', after: 'laptop' },
      { path: 'expires_at', before: null, after: '2' },
    ]);
  });
});

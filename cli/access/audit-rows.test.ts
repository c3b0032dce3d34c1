import type { AuditRow } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { actionText, auditRows, changesText } from './audit-rows.ts';

type Query = {
  limit?: number | undefined;
  before_seq?: number | undefined;
  subject?: string | undefined;
  action?: string | undefined;
};

/** An audit trail with rows numbered from `length` down to 1. */
class Trail {
  readonly queries: Query[] = [];
  readonly #length: number;

  constructor(length: number) {
    this.#length = length;
  }

  async getAudit({ limit = 100, before_seq: before = Infinity, subject, action }: Query = {}): Promise<AuditRow[]> {
    this.queries.push({ limit, before_seq: before, subject, action });
    const first = Math.min(this.#length, before - 1);
    return Array.from({ length: Math.min(limit, first) }, (_, index) => rowOf(first - index));
  }
}

function rowOf(seq: number): AuditRow {
  const row = { subject: 'user:ann', address: '::1', action: 'login', target: null, status: 200, request_id: 'r' };
  return { seq, timestamp: '2026-03-01T12:00:00Z', ...row };
}

const signal = new AbortController().signal;

describe('auditRows', () => {
  it('returns the requested number of rows, over several pages', async () => {
    const trail = new Trail(5_000);
    const rows = await auditRows(trail, { lines: 2_100, signal });
    expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 2_100 }, (_, index) => 5_000 - index));
    expect(trail.queries.map(({ limit }) => limit)).toEqual([1_000, 1_000, 100]);
  });

  it('ends where the trail ends', async () => {
    const trail = new Trail(30);
    expect(await auditRows(trail, { lines: 50, signal })).toHaveLength(30);
    expect(trail.queries).toHaveLength(1);
  });

  it('begins before a given row', async () => {
    const [first] = await auditRows(new Trail(30), { lines: 1, before: 10, signal });
    expect(first?.seq).toBe(9);
  });

  it.each([
    ['ann', 'user:ann'],
    ['user:ann', 'user:ann'],
    ['key:1 (ci)', 'key:1 (ci)'],
    ['anonymous', 'anonymous'],
    ['-', 'anonymous'],
  ])('filters by subject: %s is %s', async (given, sent) => {
    const trail = new Trail(1);
    await auditRows(trail, { lines: 1, subject: given, signal });
    expect(trail.queries[0]?.subject).toBe(sent);
  });

  it.each([
    ['createKey', 'create key'],
    ['startAllInstances', 'start all instances'],
    ['applyFleet', 'apply'],
    ['exportFleet', 'export'],
    ['login', 'login'],
  ])('filters by action, in words or as the API names it: %s', async (operation, words) => {
    expect(actionText(operation)).toBe(words);
    for (const action of [operation, words]) {
      const trail = new Trail(1);
      await auditRows(trail, { lines: 1, action, signal });
      expect(trail.queries[0]?.action).toBe(operation);
    }
  });
});

describe('changesText', () => {
  it('has old and new values, and only the name of a secret', () => {
    const changes = [
      { path: 'role', before: 'viewer', after: 'admin' },
      { path: 'options.lora', before: null, after: ['x'] },
      { path: 'password', before: '***', after: '***' },
    ];
    expect(changesText({ changes })).toBe('role: viewer → admin, options.lora: - → ["x"], password');
    expect(changesText({ changes: changes.slice(0, 1), more_changes: 7 })).toBe('role: viewer → admin, 7 more');
    expect(changesText({})).toBe('');
  });
});

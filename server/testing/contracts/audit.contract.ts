import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEntry, AuditQuery, AuditStore } from '../../auth/auth-ports.ts';

/** An audit trail under test, with operations that the port does not have. */
export interface AuditSubject {
  audit: AuditStore;
  /** Opens the same data again, as the next process does. */
  reopen(): Promise<AuditStore>;
  dispose(): Promise<void>;
}

/** A row without its number; `requestId` identifies it. */
export function auditEntry(requestId: string, changes: Partial<AuditEntry> = {}): AuditEntry {
  return {
    timestamp: '2026-01-01T00:00:00.000Z',
    subject: 'user:ada',
    address: '127.0.0.1',
    action: 'createInstance',
    target: 'llama',
    status: 201,
    requestId,
    ...changes,
  };
}

const ALL: AuditQuery = { limit: 1_000, beforeSeq: null, subject: null, actions: null, target: null };

/** The contract tests of {@link AuditStore}. */
export function auditContract(title: string, make: () => Promise<AuditSubject>): void {
  describe(title, () => {
    let subject: AuditSubject;
    let audit: AuditStore;

    beforeEach(async () => {
      subject = await make();
      audit = subject.audit;
    });
    afterEach(async () => {
      await subject.dispose();
    });

    const found = async (query: Partial<AuditQuery>): Promise<string[]> =>
      (await audit.read({ ...ALL, ...query })).map(({ requestId }) => requestId);

    it('is empty at first', async () => {
      expect(await audit.read(ALL)).toEqual([]);
    });

    it('returns complete rows, the newest first, with growing numbers, also after a reopen', async () => {
      const entries = [
        auditEntry('a', { target: null, status: 401, subject: 'anonymous' }),
        auditEntry('b', { target: `x' or "1"=1; --`, subject: `key:k1 (ünï 'quoted')`, address: '::1' }),
        auditEntry('c'),
        auditEntry('d', { changes: [{ path: 'options.ctx_size', before: null, after: [1, 'ü'] }] }),
        auditEntry('e', { changes: [{ path: 'role', before: 'viewer', after: 'admin' }], moreChanges: 3 }),
      ];
      await Promise.all(entries.map((entry) => audit.append(entry)));
      const rows = await audit.read(ALL);
      expect(rows).toEqual(entries.toReversed().map((entry) => ({ ...entry, seq: expect.any(Number) as number })));
      const numbers = rows.map(({ seq }) => seq);
      expect(numbers).toEqual(numbers.toSorted((a, b) => b - a));
      expect(new Set(numbers).size).toBe(5);
      expect(await (await subject.reopen()).read(ALL)).toEqual(rows);
    });

    it('returns pages without a missing or repeated row', async () => {
      const requests = Array.from({ length: 25 }, (_, index) => `r${index}`);
      await Promise.all(requests.map((request) => audit.append(auditEntry(request))));
      const read: string[] = [];
      let beforeSeq: number | null = null;
      for (;;) {
        const page = await audit.read({ ...ALL, limit: 10, beforeSeq });
        // Rows appended meanwhile belong to no later page.
        await audit.append(auditEntry('meanwhile'));
        read.push(...page.map(({ requestId }) => requestId));
        beforeSeq = page.at(-1)?.seq ?? null;
        if (page.length < 10) break;
      }
      expect(read).toEqual(requests.toReversed());
    });

    it('filters by exact subject, action and target, alone and combined', async () => {
      await audit.append(auditEntry('a'));
      await audit.append(auditEntry('b', { subject: 'user:bob' }));
      await audit.append(auditEntry('c', { action: 'deleteInstance' }));
      await audit.append(auditEntry('d', { target: 'other' }));
      await audit.append(auditEntry('e', { target: null }));
      await audit.append(auditEntry('f', { subject: 'user:bob', action: 'deleteInstance', target: 'other' }));
      expect(await found({ subject: 'user:bob' })).toEqual(['f', 'b']);
      expect(await found({ actions: ['deleteInstance'] })).toEqual(['f', 'c']);
      expect(await found({ target: 'other' })).toEqual(['f', 'd']);
      expect(await found({ subject: 'user:bob', actions: ['deleteInstance'], target: 'other' })).toEqual(['f']);
      expect(await found({ subject: 'user:ada', actions: ['deleteInstance'], target: 'other' })).toEqual([]);
      expect(await found({ subject: 'user:ada', actions: ['login', 'deleteInstance', 'createInstance'] })).toEqual([
        'e',
        'd',
        'c',
        'a',
      ]);
      expect(await found({ actions: [] })).toEqual(['f', 'e', 'd', 'c', 'b', 'a']);
      expect(await found({ subject: 'user:%' })).toEqual([]);
      expect(await found({ subject: 'user:ada', limit: 2 })).toEqual(['e', 'd']);
      const [, , third] = await audit.read({ ...ALL, subject: 'user:ada' });
      expect(await found({ subject: 'user:ada', beforeSeq: third?.seq ?? 0 })).toEqual(['a']);
    });

    it('finds a key by its id, with and without its name', async () => {
      await audit.append(auditEntry('a', { target: '0123456789ab' }));
      await audit.append(auditEntry('b', { target: '0123456789ab (ci)' }));
      await audit.append(auditEntry('c', { target: '0123456789abc' }));
      await audit.append(auditEntry('d', { target: '0123456789ab )' }));
      expect(await found({ target: '0123456789ab' })).toEqual(['b', 'a']);
      expect(await found({ target: '0123456789ab (ci)' })).toEqual(['b']);
      expect(await found({ target: 'ci', isPart: true })).toEqual(['b']);
    });

    it('finds an ended request by its id', async () => {
      const id = '8b0c2d4e-1f3a-4c5d-9e7f-0a1b2c3d4e5f';
      await audit.append(auditEntry('a', { target: `${id} (chat, user:ada)` }));
      await audit.append(auditEntry('b', { target: `${id}~2 (chat, user:ada)` }));
      expect(await found({ target: id })).toEqual(['a']);
    });

    it('filters by a part of subject, action and target in any case, if asked to', async () => {
      await audit.append(auditEntry('a', { subject: 'user:Otto' }));
      await audit.append(auditEntry('b', { subject: 'key:k1 (Ünser_otto)', target: 'Chat-7' }));
      await audit.append(auditEntry('c', { subject: 'anonymous', action: 'login', target: null }));
      expect(await found({ isPart: true, subject: 'OTT' })).toEqual(['b', 'a']);
      expect(await found({ isPart: true, subject: 'user:ot' })).toEqual(['a']);
      expect(await found({ isPart: true, subject: 'anon' })).toEqual(['c']);
      expect(await found({ isPart: true, subject: 'Ünser_' })).toEqual(['b']);
      expect(await found({ isPart: true, actions: ['instance'], target: 'chat' })).toEqual(['b']);
      expect(await found({ isPart: true, actions: ['LOGIN', 'nothing', 'createI'], target: null })).toEqual([
        'c',
        'b',
        'a',
      ]);
      // The kind of a subject is no part of its name, and nothing is a wildcard.
      expect(await found({ isPart: true, subject: 'user' })).toEqual([]);
      expect(await found({ isPart: true, subject: '%' })).toEqual([]);
      expect(await found({ subject: 'otto' })).toEqual([]);
    });

    it('finds a part of a change, as rows show it, if asked to', async () => {
      const changes = [{ path: 'instances.idle_timeout', before: null, after: 600 }];
      await audit.append(auditEntry('a', { action: 'updateConfig', target: null, changes }));
      await audit.append(auditEntry('b', { target: 'chat' }));
      expect(await found({ isPart: true, target: 'Idle_timeout' })).toEqual(['a']);
      expect(await found({ isPart: true, target: '600' })).toEqual(['a']);
      // The names of fields are no part of a row.
      expect(await found({ isPart: true, target: 'before' })).toEqual([]);
      expect(await found({ target: 'instances.idle_timeout' })).toEqual([]);
    });

    it('filters by time and by status', async () => {
      await audit.append(auditEntry('a', { timestamp: '2026-01-01T09:00:00.000Z', status: 200 }));
      await audit.append(auditEntry('b', { timestamp: '2026-01-01T10:00:00.000Z', status: 403 }));
      await audit.append(auditEntry('c', { timestamp: '2026-01-01T11:00:00.000Z', status: 404 }));
      expect(await found({ since: '2026-01-01T10:00:00.000Z' })).toEqual(['c', 'b']);
      expect(await found({ until: '2026-01-01T10:00:00.000Z' })).toEqual(['a']);
      expect(await found({ since: '2026-01-01T09:30:00.000Z', until: '2026-01-01T10:30:00.000Z' })).toEqual(['b']);
      expect(await found({ statuses: [403, 403] })).toEqual(['b']);
      expect(await found({ statuses: [400, 499], limit: 1 })).toEqual(['c']);
    });

    it('prunes only older rows, no matter how many', async () => {
      const old = Array.from({ length: 700 }, (_, index) =>
        auditEntry(`old${index}`, { timestamp: '2025-12-31T23:59:59.999Z' }),
      );
      await audit.append(auditEntry('first'));
      await Promise.all(old.map((entry) => audit.append(entry)));
      await audit.append(auditEntry('last'));
      await audit.prune('2026-01-01T00:00:00.000Z');
      expect(await found({})).toEqual(['last', 'first']);
      await audit.prune('2026-01-01T00:00:00.000Z');
      expect(await found({})).toEqual(['last', 'first']);
    });

    it('never reuses a number, even if the newest rows were pruned', async () => {
      await audit.append(auditEntry('a'));
      await audit.append(auditEntry('b'));
      const newest = (await audit.read(ALL))[0]?.seq ?? 0;
      await audit.prune('9999-01-01T00:00:00.000Z');
      const next = await subject.reopen();
      await next.append(auditEntry('c'));
      expect((await next.read(ALL))[0]?.seq).toBeGreaterThan(newest);
    });

    it('stores the object at the time of the call, not later changes of it', async () => {
      const entry = auditEntry('a');
      const appended = audit.append(entry);
      entry.subject = 'another';
      await appended;
      expect(await found({ subject: 'user:ada' })).toEqual(['a']);
    });

    it('acknowledges only after the commit, which follows the turn', async () => {
      const order: string[] = [];
      const appended = audit.append(auditEntry('a')).then(() => order.push('acknowledged'));
      await Promise.resolve();
      await new Promise<void>((resolve) => process.nextTick(resolve));
      order.push('rest of the turn');
      await appended;
      expect(order).toEqual(['rest of the turn', 'acknowledged']);
    });
  });
}

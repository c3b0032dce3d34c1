import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { auditContract, auditEntry } from '../testing/contracts/audit.contract.ts';
import { auditSelection } from './audit-store.ts';
import { openDatabase } from './database.ts';
import { createSqliteStore, openStore } from './sqlite.ts';
import type { SqliteStore } from './sqlite.ts';

const clock = systemClock();
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llamactl-audit-'));
  file = join(folder, 'llamactl.db');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

auditContract('the audit trail on SQLite', async () => {
  let store: SqliteStore = openStore({ file, clock });
  return {
    audit: store.audit,
    reopen: async () => {
      await store.close();
      store = openStore({ file, clock });
      return store.audit;
    },
    dispose: () => store.close(),
  };
});

describe('the audit trail on SQLite', () => {
  it.each([
    ['seq', { beforeSeq: 7 }, 'INTEGER PRIMARY KEY'],
    ['subject', { subject: 'user:ada' }, 'INDEX audit_by_subject (subject=?)'],
    ['action', { actions: ['login'], beforeSeq: 7 }, 'INDEX audit_by_action (action=? AND rowid<?)'],
    ['target', { target: 'llama', actions: ['login'], beforeSeq: 7 }, 'INDEX audit_by_target (target=? AND rowid<?)'],
  ])('searches by %s with an index and without sorting', (_by, query, index) => {
    const database = openDatabase(file);
    const { sql, values } = auditSelection({
      limit: 1,
      beforeSeq: null,
      subject: null,
      actions: null,
      target: null,
      ...query,
    });
    const plan = database.prepare(`explain query plan ${sql}`).all(...values);
    database.close();
    expect(plan.map((row) => row['detail'])).toEqual([expect.stringContaining(`SEARCH audit USING ${index}`)]);
  });

  it('removes old rows in small commits, with other commits in between', async () => {
    const store = openStore({ file, clock });
    await Promise.all(Array.from({ length: 600 }, (_, index) => store.audit.append(auditEntry(`r${index}`))));
    const order: string[] = [];
    const pruned = store.audit.prune('2027-01-01T00:00:00.000Z').then(() => order.push('pruned'));
    for (const request of ['first', 'second']) {
      await store.audit.append(auditEntry(request, { timestamp: '2027-01-01T00:00:00.000Z' }));
      order.push(request);
    }
    await pruned;
    expect(order).toEqual(['first', 'second', 'pruned']);
    await store.close();
  });

  it('names a row that cannot be read', async () => {
    const database = openDatabase(file);
    const store = createSqliteStore(database, file, clock);
    await store.audit.append(auditEntry('a'));
    database.exec(`alter table audit drop column status; alter table audit add column status text`);
    const all = { limit: 1, beforeSeq: null, subject: null, actions: null, target: null };
    await expect(store.audit.read(all)).rejects.toThrow(`Row 1 of the audit trail in ${file} cannot be read`);
    await store.close();
  });
});

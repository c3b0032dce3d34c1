import type { DatabaseSync } from 'node:sqlite';
import type { AuditChange } from '@llamactl/contract/auth';
import { z } from 'zod';
import { TARGET_ID, type AuditEntry, type AuditQuery, type AuditStore } from '../auth/auth-ports.ts';
import type { CommitQueue } from './commit-queue.ts';
import { Json, readRow } from './row.ts';

/** Rows removed in one commit. 250 took 1.4 ms (at most 3.9 ms); a year's rows in one commit would block the event loop for seconds. */
const PRUNED_AT_ONCE = 250;

const AuditRow = z.object({
  seq: z.number(),
  timestamp: z.string(),
  subject: z.string(),
  address: z.string(),
  action: z.string(),
  target: z.string().nullable(),
  status: z.number(),
  requestId: z.string(),
  changes: Json.transform((stored) => stored as AuditChange[]).nullable(),
  moreChanges: z.number().nullable(),
});

/** A row of the table as an entry: what is null there is left out. */
function entryOf({ changes, moreChanges, ...entry }: z.output<typeof AuditRow>): AuditEntry & { seq: number } {
  return { ...entry, ...(changes !== null && { changes }), ...(moreChanges !== null && { moreChanges }) };
}

/** Stores the audit trail. @param file For messages. */
export function createAuditStore(database: DatabaseSync, file: string, queue: CommitQueue): AuditStore {
  const insert = database.prepare(
    `insert into audit (timestamp, subject, address, action, target, status, request_id, changes, more_changes)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const removeOld = database.prepare(
    `delete from audit where seq in
       (select seq from audit where timestamp < ? order by timestamp limit ${PRUNED_AT_ONCE})`,
  );

  return {
    async append({ timestamp, subject, address, action, target, status, requestId, changes, moreChanges = null }) {
      const text = changes === undefined ? null : JSON.stringify(changes);
      const values = [timestamp, subject, address, action, target, status, requestId, text, moreChanges] as const;
      await queue.add([{ run: () => insert.run(...values) }]);
    },

    async read(query) {
      const { sql, values } = auditSelection(query);
      return database
        .prepare(sql)
        .all(...values)
        .map((row) => entryOf(readRow(AuditRow, row, `Row ${String(row['seq'])} of the audit trail in ${file}`)));
    },

    async prune(before) {
      let removed: number;
      do {
        removed = 0;
        await queue.add([{ run: () => (removed = Number(removeOld.run(before).changes)) }]);
      } while (removed === PRUNED_AT_ONCE);
    },
  };
}

/** Where a part of a text is searched. `lower` of SQLite knows ASCII only, so it must lower both sides. */
const PARTS = {
  subject: 'instr(lower(subject), lower(?)) > 0',
  /** Without `user:` or `key:`, or else "us" would match every account. */
  name: "instr(lower(substr(subject, instr(subject, ':') + 1)), lower(?)) > 0",
  action: 'instr(lower(action), lower(?)) > 0',
  /** The target, or a change: path, old or new value, as a row shows them. */
  target: `(instr(lower(target), lower(?)) > 0
            or exists (select 1 from json_tree(changes) where instr(lower(atom), lower(?)) > 0))`,
};

/**
 * Builds the query with only the requested filters, so that SQLite can use an index for each. Filters of time, of status and of
 * parts use none (`+`): with the index of times SQLite would sort all rows of the period, where a page needs only its newest.
 */
export function auditSelection(query: AuditQuery): { sql: string; values: (string | number)[] } {
  const { limit, beforeSeq, subject, actions, target, isPart = false, since, until, statuses } = query;
  const filters: readonly (readonly [condition: string, ...values: (string | number | null)[]])[] = [
    ['seq < ?', beforeSeq],
    [isPart ? PARTS[subject?.includes(':') === true ? 'subject' : 'name'] : 'subject = ?', subject],
    actions === null ? ['', null] : [anyOf(isPart ? PARTS.action : 'action = ?', actions.length), ...actions],
    isPart || target === null ? [PARTS.target, target, target] : wholeTarget(target),
    ['+timestamp >= ?', since ?? null],
    ['+timestamp < ?', until ?? null],
    ['status >= ?', statuses?.[0] ?? null],
    ['status <= ?', statuses?.[1] ?? null],
  ];
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  for (const [condition, ...given] of filters) {
    const known = given.filter((value) => value !== null);
    if (known.length === 0) continue;
    conditions.push(condition);
    values.push(...known);
  }
  const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
  return {
    sql: `select seq, timestamp, subject, address, action, target, status, request_id as requestId, changes,
                 more_changes as moreChanges
          from audit ${where} order by seq desc limit ?`,
    values: [...values, limit],
  };
}

function anyOf(condition: string, count: number): string {
  return count === 1 ? condition : `(${Array.from({ length: count }, () => condition).join(' or ')})`;
}

/** Finds a whole target; an id also with the name behind it, `ID (NAME)`. Both ways use the index of targets. */
function wholeTarget(target: string): readonly [condition: string, ...values: string[]] {
  if (!TARGET_ID.test(target)) return ['target = ?', target];
  // `)` follows `(` in the order of characters.
  return ['(target = ? or (target >= ? and target < ?))', target, `${target} (`, `${target} )`];
}

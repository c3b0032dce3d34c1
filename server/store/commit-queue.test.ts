import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditEntry } from '../testing/contracts/audit.contract.ts';
import { keptEvent } from '../testing/contracts/replay.contract.ts';
import { storedKey, storedUser } from '../testing/contracts/accounts.contract.ts';
import { storedInstance } from '../testing/contracts/store.contract.ts';
import { StoreBusy } from '../instances/ports/instance-store.ts';
import { watchStore } from '../instances/store-watch.ts';
import { createCommitQueue, type CommitQueue, type Step } from './commit-queue.ts';
import { openDatabase } from './database.ts';
import { createSqliteStore } from './sqlite.ts';

let folder: string;
let file: string;
let database: DatabaseSync;
let turns: (() => void)[];
let now: number;
/** Time until the next timer, and its callback. */
let timer: { milliseconds: number; callback: () => void } | null;
let queue: CommitQueue;

/** A clock on which the test controls the turns. */
const clock = {
  now: () => 0,
  elapsed: () => now,
  after: (milliseconds: number, callback: () => void) => {
    timer = { milliseconds, callback };
    return () => undefined;
  },
  nextTurn: (callback: () => void) => void turns.push(callback),
};
const turn = (): void => turns.shift()?.();
/** Advances the time to the next timer. */
const pass = (): void => {
  const due = timer;
  timer = null;
  now += due?.milliseconds ?? 0;
  due?.callback();
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llamactl-queue-'));
  file = join(folder, 'llamactl.db');
  database = openDatabase(file);
  database.exec('create table t (value integer not null unique) strict');
  turns = [];
  now = 0;
  timer = null;
  queue = createCommitQueue(database, file, clock);
});
afterEach(() => {
  if (database.isOpen) database.close();
  rmSync(folder, { recursive: true });
});

const insert = (value: unknown): Step => ({
  run: () => database.prepare('insert into t (value) values (?)').run(value as number),
  refusal: `${String(value)} is there`,
});
const range = (first: number, length: number): number[] => Array.from({ length }, (_, index) => first + index);

/** Committed rows, as another program sees them. */
function committed(table = 't'): number {
  const other = new DatabaseSync(file, { readOnly: true });
  const count = Number(other.prepare(`select count(*) as count from ${table}`).get()?.['count']);
  other.close();
  return count;
}

/** How each promise settled, with the reason of a rejection. */
const outcomes = async (changes: readonly Promise<void>[]): Promise<string[]> =>
  (await Promise.allSettled(changes)).map((result) =>
    result.status === 'fulfilled' ? 'stored' : (result.reason as Error).message,
  );

describe('the commit queue', () => {
  it('commits all changes of one turn together', async () => {
    const store = createSqliteStore(database, file, clock);
    const changes = [
      store.accounts.saveUser(storedUser('u')),
      store.accounts.saveKey(storedKey('k', 'u')),
      store.save(storedInstance('a'), [keptEvent(1)]),
      store.audit.append(auditEntry('r')),
      store.replay.append([keptEvent(2)]),
    ];
    expect(turns).toHaveLength(1);
    turn();
    expect(turns).toHaveLength(0);
    await Promise.all(changes);
    expect(['users', 'keys', 'instances', 'events', 'audit'].map(committed)).toEqual([1, 1, 1, 2, 1]);
  });

  it('splits a turn at 64 rows, never within a change, and keeps the order', async () => {
    const sizes = [40, 24, 1, 200, 64, 63, 2];
    const changes = sizes.map((size, index) => queue.add(range(index * 1_000, size).map(insert)));
    const seen: number[] = [];
    while (turns.length > 0) {
      turn();
      seen.push(committed());
    }
    expect(seen).toEqual([64, 65, 265, 329, 392, 394]);
    await Promise.all(changes);
  });

  it('rolls back a refused change, but not other changes of the commit', async () => {
    const changes = [
      queue.add([insert(1)]),
      queue.add([insert(2), insert(3), insert(1), insert(4)]),
      queue.add([insert(2)]),
    ];
    turn();
    expect(await outcomes(changes)).toEqual(['stored', '1 is there; nothing was stored.', 'stored']);
    expect(database.prepare('select value from t order by value').all()).toEqual([{ value: 1 }, { value: 2 }]);
  });

  it('refuses only the change with an invalid value, and reports the reason', async () => {
    const changes = [null, undefined, 'text', 1].map((value) => queue.add([insert(value)]));
    turn();
    expect(await outcomes(changes)).toEqual([
      'NOT NULL constraint failed: t.value; nothing was stored.',
      'Provided value cannot be bound to SQLite parameter 1; nothing was stored.',
      'cannot store TEXT value in INTEGER column t.value; nothing was stored.',
      'stored',
    ]);
  });

  it('rejects the whole batch on a disk error, and stores nothing of it', async () => {
    database.exec('pragma query_only = on');
    const changes = [queue.add([insert(1)]), queue.add([insert(2)])];
    turn();
    const reason = `${file} could not be written (it is read-only); nothing was stored.`;
    expect(await outcomes(changes)).toEqual([reason, reason]);
    database.exec('pragma query_only = off');
    const next = queue.add([insert(1)]);
    turn();
    await next;
    expect(committed()).toBe(1);
  });

  it('accepts an empty change without a commit', async () => {
    await queue.add([]);
    expect(turns).toHaveLength(0);
  });

  it('commits pending changes at once when it is drained', async () => {
    const changes = range(1, 100).map((value) => queue.add([insert(value)]));
    queue.drain();
    expect(committed()).toBe(100);
    await Promise.all(changes);
    turn();
    expect(turns).toHaveLength(0);
  });

  it('rejects changes after the database is closed', async () => {
    database.close();
    await expect(queue.add([insert(1)])).rejects.toThrow('The store is closed; nothing was stored.');
  });
});

describe('the commit queue while another program holds the lock', () => {
  let other: DatabaseSync;

  beforeEach(() => {
    other = new DatabaseSync(file);
    other.exec('begin immediate');
  });
  afterEach(() => other.close());

  it('does not block the event loop, and stores waiting changes in order when the lock is free', async () => {
    const settled: string[] = [];
    const changes = [1, 2].map((value) => queue.add([insert(value)]).then(() => settled.push(`${value} stored`)));
    turn();
    for (let count = 0; count < 10; count += 1) pass();
    changes.push(queue.add([insert(3)]).then(() => settled.push('3 stored')));
    expect(turns).toHaveLength(0);
    other.exec('rollback');
    pass();
    await Promise.all(changes);
    expect(settled).toEqual(['1 stored', '2 stored', '3 stored']);
    expect([committed(), timer]).toEqual([3, null]);
    // SQLite itself does not wait: each attempt would have taken two seconds.
    expect(now).toBe(11 * 25);
  });

  it('refuses only changes that have waited for two seconds', async () => {
    const first = queue.add([insert(1)]);
    turn();
    for (let count = 0; count < 40; count += 1) pass();
    const second = queue.add([insert(2)]);
    for (let count = 0; count < 40; count += 1) pass();
    await expect(first).rejects.toThrow(`${file} could not be written (another program holds its lock)`);
    await expect(first).rejects.toBeInstanceOf(StoreBusy);
    other.exec('rollback');
    pass();
    await second;
    expect(committed()).toBe(1);
  });

  it('names the lock as the reason, not the disk', async () => {
    const raised: string[] = [];
    const alerts = { raise: ({ message }: { message: string }) => void raised.push(message), clear: () => undefined };
    other.exec('rollback');
    const store = watchStore(createSqliteStore(database, file, clock), alerts);
    other.exec('begin immediate');
    const saved = store.save(storedInstance('a'), []);
    turn();
    for (let count = 0; count < 80; count += 1) pass();
    await expect(saved).rejects.toThrow('another program holds the lock of the database in data_dir');
    expect(raised).toEqual([expect.stringContaining('Another program holds the lock of the database')]);
    expect(raised.join()).not.toContain('disk');
  });
});

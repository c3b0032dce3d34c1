import { randomInt } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { Clock, InstanceStore, StoredInstance } from '../instances/ports.ts';
import { openDatabase } from './database.ts';

/** Where the store says how fast its disk is. A pino logger fits. */
export interface StoreLog {
  info(message: string): void;
  warn(message: string): void;
}

/** A store on disk. */
export interface SqliteStore extends InstanceStore {
  /** Commits what is pending, then closes the file. Saves that come later are rejected. */
  close(): Promise<void>;
}

/**
 * Opens the store of a data directory, made and brought up to date where needed.
 *
 * Throws when the file cannot be opened or was written by a newer llamactl.
 *
 * @param options.file Absolute path of the database.
 * @param options.log The time of a durable write is measured at the start and said here.
 */
export function openStore(options: { file: string; clock: Clock; log?: StoreLog }): SqliteStore {
  const database = openDatabase(options.file);
  try {
    const store = createSqliteStore(database, options.file, options.clock);
    if (options.log) measure(database, options.clock, options.log);
    return store;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A save or removal that waits for its commit. */
interface Change {
  apply(): void;
  resolve(): void;
  reject(error: Error): void;
}

/** Bounds how long one commit blocks the event loop: 64 rows took 0.6 ms, 3.8 at most. */
const MAX_ROWS = 64;

/**
 * The store on an open database that {@link openDatabase} has prepared.
 *
 * Group commit: a sync of the disk costs the same for one row as for many, so the changes of one turn of the event loop
 * share a transaction, and each caller hears of it only after the commit.
 */
export function createSqliteStore(database: DatabaseSync, file: string, clock: Clock): SqliteStore {
  const upsert = database.prepare(
    `insert into instances (id, name, record, state) values (?, ?, ?, ?)
     on conflict (id) do update set name = excluded.name, record = excluded.record, state = excluded.state`,
  );
  const remove = database.prepare('delete from instances where id = ?');
  const all = database.prepare('select id, record, state from instances order by position');
  const dataDirId = identify(database);

  let pending: Change[] = [];
  let scheduled = false;

  function enqueue(apply: () => void): Promise<void> {
    if (!database.isOpen) return Promise.reject(new Error('The store is closed; nothing was stored.'));
    return new Promise((resolve, reject) => {
      pending.push({ apply, resolve, reject });
      schedule();
    });
  }

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    clock.nextTurn(() => {
      scheduled = false;
      if (pending.length > MAX_ROWS) schedule();
      flush();
    });
  }

  function flush(): void {
    const batch = pending.slice(0, MAX_ROWS);
    pending = pending.slice(MAX_ROWS);
    if (batch.length > 0) commit(database, file, batch);
  }

  return {
    dataDirId,

    async load() {
      return all.all().map((row) => readRow(row, file));
    },

    async save({ record, state }) {
      // Serialised now: the caller may change its objects before the commit.
      const values = [record.id, record.name, JSON.stringify(record), JSON.stringify(state)] as const;
      await enqueue(() => upsert.run(...values));
    },

    async remove(id) {
      await enqueue(() => remove.run(id));
    },

    async close() {
      while (pending.length > 0) flush();
      if (database.isOpen) database.close();
    },
  };
}

/**
 * One transaction for the whole batch. A change that breaks a rule of its own (a name that is taken) fails alone;
 * anything else (no space, a read-only disk) fails all, and nothing of the batch is stored.
 */
function commit(database: DatabaseSync, file: string, batch: readonly Change[]): void {
  const applied: Change[] = [];
  const refused: { change: Change; error: Error }[] = [];
  try {
    database.exec('begin immediate');
    for (const change of batch) {
      try {
        change.apply();
        applied.push(change);
      } catch (error) {
        if (!isConstraint(error)) throw error;
        refused.push({
          change,
          error: new Error('Another instance has this name; nothing was stored.', { cause: error }),
        });
      }
    }
    database.exec('commit');
  } catch (error) {
    const failure = new Error(`${file} could not be written (${explain(error)}); nothing was stored.`, {
      cause: error,
    });
    for (const change of batch) change.reject(failure);
    // SQLite itself has rolled back after some errors, such as a full disk.
    if (database.isTransaction) database.exec('rollback');
    return;
  }
  for (const change of applied) change.resolve();
  for (const { change, error } of refused) change.reject(error);
}

/** Primary result codes of SQLite (https://sqlite.org/rescode.html). */
const SQLITE_CONSTRAINT = 19;
const EXPLANATIONS = new Map([
  [5, 'another program holds its lock'],
  [8, 'it is read-only'],
  [10, 'the disk reports an error'],
  [13, 'the disk is full'],
]);

function isConstraint(error: unknown): boolean {
  return resultCode(error) === SQLITE_CONSTRAINT;
}

function explain(error: unknown): string {
  const known = EXPLANATIONS.get(resultCode(error) ?? 0);
  return known ?? (error instanceof Error ? error.message : String(error));
}

/** The low byte of an extended result code is the primary one. */
function resultCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  return error.errcode & 0xff;
}

function readRow(row: Record<string, unknown>, file: string): StoredInstance {
  try {
    return {
      record: JSON.parse(String(row['record'])) as StoredInstance['record'],
      state: JSON.parse(String(row['state'])) as StoredInstance['state'],
    };
  } catch (error) {
    throw new Error(`Instance ${String(row['id'])} in ${file} cannot be read; restore the file from a backup.`, {
      cause: error,
    });
  }
}

const IDENTIFIER_LENGTH = 10;

/** The identifier of the data directory, made by the first open. */
function identify(database: DatabaseSync): string {
  const stored = database.prepare(`select value from meta where key = 'data_dir_id'`).get();
  if (stored) return String(stored['value']);
  const made = Array.from({ length: IDENTIFIER_LENGTH }, () => randomInt(36).toString(36)).join('');
  database.prepare(`insert into meta (key, value) values ('data_dir_id', ?)`).run(made);
  return made;
}

const MEASURED_WRITES = 10;

/** Above this an event loop that waits for the disk is felt by everything else (50 changes a second: a quarter of the time). */
const SLOW_WRITE_MS = 5;

/** Times durable writes as the store makes them: how long each change of state blocks everything else. */
function measure(database: DatabaseSync, clock: Clock, log: StoreLog): void {
  const write = database.prepare(`insert or replace into meta (key, value) values ('measured', ?)`);
  const begun = clock.now();
  for (let count = 0; count < MEASURED_WRITES; count += 1) write.run(String(begun + count));
  const each = (clock.now() - begun) / MEASURED_WRITES;
  const sentence = `A durable write takes ${each.toFixed(1)} ms`;
  if (each > SLOW_WRITE_MS)
    log.warn(`${sentence}: put data_dir on a faster disk, or every change of state delays all requests.`);
  else log.info(`${sentence}.`);
}

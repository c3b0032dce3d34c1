import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { StoredInstance } from '../instances/ports/instance-store.ts';
import { tablesOf } from './backup.ts';
import { DATABASE } from './database.ts';
import { publish } from './durable-file.ts';
import { isDamage } from './integrity.ts';
import { migrate, newestSchema, schemaVersion } from './migrations.ts';
import { draftIn, finish, instancesIn, putAside, removeAll } from './restore.ts';
import { primaryCode } from './result-code.ts';
import { copyFiles, within } from './whole-copy.ts';

/** The result for one table. */
export interface SalvagedTable {
  table: string;
  /** Rows that were saved. */
  saved: number;
  /** Rows that could be read, but have invalid values or refer to a lost row. */
  refused: number;
  /** Whether some rows could not be read; their number is unknown. */
  isIncomplete: boolean;
}

/** A database saved from a damaged one, ready to be put in place. Nothing was changed yet. */
export interface PreparedSalvage {
  tables: readonly SalvagedTable[];
  instances: readonly StoredInstance[];
  /** `null`: the identifier is lost, so running engines will not be recognised. */
  dataDirId: string | null;
  /**
   * Puts the saved database in place, keeps the damaged one, and returns the new path of the damaged one. The caller
   * holds the lock of the data directory.
   */
  apply(): string | null;
  /** Removes the prepared files. */
  discard(): void;
}

/**
 * Builds a new database from every row that can still be read in a damaged one. The damaged database is not changed.
 *
 * `.recover` of the program sqlite3 is no replacement: Node's SQLite lacks it, and Debian 12 builds the program without
 * `sqlite_dbpage`, so it fails with "SQL logic error" even on an undamaged database.
 *
 * Throws when nothing can be read.
 */
export function prepareSalvage({ directory, now }: { directory: string; now: number }): PreparedSalvage {
  const file = join(directory, DATABASE);
  if (statSync(file, { throwIfNoEntry: false }) === undefined) throw new Error(`there is no ${file}`);
  const copy = draftIn(directory);
  const draft = draftIn(directory);
  const discard = (): void => removeAll([copy, draft]);
  try {
    copyFiles(file, copy);
    const tables = within(draft, (database) => saveAll(copy, database, file));
    const what = `what could be read of the damaged ${DATABASE}`;
    const dataDirId = within(draft, (database) => finish(database, { what, keepsLogIns: false }));
    const apply = (): string | null => {
      const kept = putAside(file, false, now);
      publish(draft, file, true);
      discard();
      return kept;
    };
    return { tables, instances: instancesIn(draft), dataDirId, apply, discard };
  } catch (error) {
    discard();
    throw error;
  }
}

/** Copies all readable rows. @param copy Copy of the damaged database. @param file Path of the original, for messages. */
function saveAll(copy: string, database: DatabaseSync, file: string): SalvagedTable[] {
  const damaged = new DatabaseSync(copy, { allowExtension: false, defensive: false });
  try {
    // Without this SQLite reads nothing of a truncated file. Nothing is written.
    damaged.exec('pragma writable_schema = on');
    return saveFrom(damaged, database, file);
  } finally {
    damaged.close();
  }
}

function saveFrom(damaged: DatabaseSync, database: DatabaseSync, file: string): SalvagedTable[] {
  let version: number;
  let there: string[];
  try {
    version = schemaVersion(damaged);
    there = tablesOf(damaged);
  } catch (error) {
    if (!isDamage(error)) throw error;
    throw new Error(`nothing can be read of ${file}: its beginning is lost (${error.message})`, { cause: error });
  }
  if (version === 0 || version > newestSchema()) {
    throw new Error(
      `nothing can be saved of ${file}: it has schema version ${version}, which this llamactl does not know`,
    );
  }
  migrate(database, version);
  // Accounts before their keys.
  const tables = tablesOf(database).toSorted((one, other) => Number(one === 'keys') - Number(other === 'keys'));
  const saved = tables.map((table) =>
    there.includes(table) ? saveTable(damaged, database, table) : { table, saved: 0, refused: 0, isIncomplete: true },
  );
  if (saved.every(({ saved: rows }) => rows === 0)) throw new Error(`nothing can be read of ${file}`);
  migrate(database, newestSchema());
  return saved;
}

type Row = Record<string, SQLInputValue>;

function saveTable(damaged: DatabaseSync, database: DatabaseSync, table: string): SalvagedTable {
  const columns = database
    .prepare('select name from pragma_table_info(?)')
    .all(table)
    .map(({ name }) => String(name));
  const list = columns.map((name) => `"${name}"`).join(', ');
  const insert = database.prepare(`insert into "${table}" (${list}) values (${columns.map(() => '?').join(', ')})`);
  let saved = 0;
  let refused = 0;
  database.exec('begin');
  const isWhole = readRows(damaged, table, (row) => {
    try {
      insert.run(...columns.map((name) => row[name] ?? null));
      saved += 1;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refused += 1;
    }
  });
  database.exec('commit');
  return { table, saved, refused, isIncomplete: !isWhole };
}

/** Whether SQLite refused the row for its values: SQLITE_CONSTRAINT or SQLITE_MISMATCH. */
function isRefusal(error: unknown): boolean {
  const code = primaryCode(error);
  return code !== null && [19, 20].includes(code);
}

/**
 * Most attempts on one table. Each attempt reads up to a failure. Rows still missing after the last one are on a lost
 * page.
 */
const MOST_TRIES = 2_000;

/**
 * Reads all rows that can be read: from the front and from the back up to a damaged page, then the rows in between, from both
 * ends of ever smaller pieces.
 *
 * @returns whether the whole table could be read
 */
function readRows(damaged: DatabaseSync, table: string, take: (row: Row) => void): boolean {
  const key = hasNumbers(damaged, table) ? 'rowid' : keyOf(damaged, table);
  const read = (
    order: 'asc' | 'desc',
    from: SQLInputValue,
    to: SQLInputValue,
  ): { last: SQLInputValue; isDone: boolean } => readPiece(damaged, { table, key, order, from, to }, take);
  const front = read('asc', null, null);
  if (front.isDone) return true;
  const back = read('desc', front.last, null);
  if (back.isDone || key !== 'rowid') return false;
  let tries = 0;
  const pieces: [number, number][] = [[Number(front.last ?? 0), Number(back.last ?? Number.MAX_SAFE_INTEGER)]];
  for (let piece = pieces.shift(); piece !== undefined && tries < MOST_TRIES; piece = pieces.shift()) {
    tries += 1;
    const [from, to] = piece;
    if (to - from < 2) continue;
    const forward = read('asc', from, to);
    if (forward.isDone) continue;
    const low = Number(forward.last ?? from);
    const backward = read('desc', low, to);
    if (backward.isDone) continue;
    const high = Number(backward.last ?? to);
    const middle = Math.floor((low + high) / 2);
    if (middle > low) pieces.push([low, middle], [middle - 1, high]);
  }
  return false;
}

interface Piece {
  table: string;
  key: string;
  order: 'asc' | 'desc';
  /** Lower bound, excluded like `to`; `null`: no bound. */
  from: SQLInputValue;
  to: SQLInputValue;
}

/** Reads rows up to a damaged page. @returns the key of the last row read, and whether the piece was read completely */
function readPiece(
  damaged: DatabaseSync,
  { table, key, order, from, to }: Piece,
  take: (row: Row) => void,
): { last: SQLInputValue; isDone: boolean } {
  const [first, second] = [from === null ? '?1 is null' : `${key} > ?1`, to === null ? '?2 is null' : `${key} < ?2`];
  let last: SQLInputValue = order === 'asc' ? from : to;
  try {
    const rows = damaged
      .prepare(`select ${key} as "its key", * from "${table}" where ${first} and ${second} order by ${key} ${order}`)
      .iterate(from, to);
    for (const row of rows) {
      last = row['its key'] ?? null;
      take(row);
    }
    return { last, isDone: true };
  } catch (error) {
    if (!isDamage(error)) throw error;
    return { last, isDone: false };
  }
}

function hasNumbers(database: DatabaseSync, table: string): boolean {
  const row = database.prepare(`select wr from pragma_table_list where schema = 'main' and name = ?`).get(table);
  return row?.['wr'] === 0;
}

function keyOf(database: DatabaseSync, table: string): string {
  const row = database.prepare('select name from pragma_table_info(?) where pk = 1').get(table);
  return `"${String(row?.['name'])}"`;
}

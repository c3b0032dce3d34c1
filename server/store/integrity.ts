import type { DatabaseSync } from 'node:sqlite';
import { primaryCode } from './result-code.ts';

/** How thoroughly a database is checked. */
export type Thoroughness =
  /** Every page and row: 36 ms for 28 MB (1 000 instances, 100 000 rows of the audit trail). */
  | 'quick'
  /** Also that every index matches its table: 240 ms for the same database. */
  | 'full';

/** Most problems reported; more add no information. */
const MOST_REPORTED = 5;

/** Returns the problems in the content of a database, one sentence each; empty: no problem. */
export function problemsOf(database: DatabaseSync, thoroughness: Thoroughness): string[] {
  const check = thoroughness === 'quick' ? 'quick_check' : 'integrity_check';
  try {
    const said = database
      .prepare(`pragma ${check}(${MOST_REPORTED})`)
      .all()
      .map((row) => Object.values(row).join(' '));
    if (said.length !== 1 || said[0] !== 'ok') return said.map((line) => line.replaceAll('\n', ' '));
    return database
      .prepare('pragma foreign_key_check')
      .all()
      .slice(0, MOST_REPORTED)
      .map(({ table, parent }) => `a row of ${String(table)} belongs to one of ${String(parent)} that is not there`);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return [error.message];
  }
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
const DAMAGES: ReadonlySet<number> = new Set([11, 26]);

/** Whether SQLite found the file damaged, or not a database. */
export function isDamage(error: unknown): error is Error {
  const code = primaryCode(error);
  return code !== null && DAMAGES.has(code);
}

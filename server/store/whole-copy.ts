import { copyFileSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { connect, connectToRead, copyInto, newerSchema } from './database.ts';
import { isDamage, problemsOf } from './integrity.ts';
import { missingParts, newestSchema, schemaVersion } from './migrations.ts';
import { closeToOthers } from './private-file.ts';
import { primaryCode } from './result-code.ts';

/**
 * Copies a snapshot of a database, if it is undamaged and of a known schema version. Other processes may write to the
 * database meanwhile. The copy is not synced, contains no deleted data, and only its owner can read it.
 *
 * @param file It exists.
 * @returns why it was not copied; `null`: it was copied
 */
export function copyWhole(file: string, copy: string): string | null {
  try {
    return copyByReading(file, copy);
  } catch (error) {
    if (!isUnopenable(error)) throw error;
  }
  // A database in WAL mode can be read only if SQLite can write files beside it, so not on a full or read-only disk. A server
  // that has the database open would have created these files, so no server writes to it.
  copyFiles(file, copy);
  return within(copy, (database) => {
    database.exec('pragma journal_mode = delete');
    const problem = problemOf(database, file);
    if (problem === null) database.exec('vacuum');
    return problem;
  });
}

/** Copies the files of a database and its write-ahead log. No process may write to it meanwhile. */
export function copyFiles(file: string, copy: string): void {
  for (const suffix of ['', '-wal']) {
    if (suffix !== '' && statSync(file + suffix, { throwIfNoEntry: false }) === undefined) continue;
    copyFileSync(file + suffix, copy + suffix);
    closeToOthers(copy + suffix);
  }
}

/** Opens a database, runs `act` on it, and closes it. */
export function within<Value>(file: string, act: (database: DatabaseSync) => Value): Value {
  const database = connect(file);
  try {
    return act(database);
  } finally {
    database.close();
  }
}

function copyByReading(file: string, copy: string): string | null {
  const database = connectToRead(file);
  try {
    const problem = problemOf(database, file);
    if (problem === null) copyInto(database, copy);
    return problem;
  } catch (error) {
    if (isDamage(error)) return damagedBy([error.message]);
    throw error;
  } finally {
    database.close();
  }
}

function problemOf(database: DatabaseSync, file: string): string | null {
  const problems = problemsOf(database, 'full');
  if (problems.length > 0) return damagedBy(problems);
  const [stored, known] = [schemaVersion(database), newestSchema()];
  if (stored === 0) return 'it is empty, or of another program';
  if (stored > known) return newerSchema(file, stored, known).message;
  const missing = missingParts(database);
  return missing.length === 0 ? null : `it has no ${missing.join(', ')}`;
}

function damagedBy(problems: readonly string[]): string {
  return `it is damaged or not a database (${problems.join('; ')})`;
}

/** SQLITE_READONLY, SQLITE_IOERR and SQLITE_CANTOPEN. */
const UNOPENABLE: ReadonlySet<number> = new Set([8, 10, 14]);

function isUnopenable(error: unknown): boolean {
  const code = primaryCode(error);
  return code !== null && UNOPENABLE.has(code);
}

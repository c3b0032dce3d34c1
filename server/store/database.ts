import { hasCode, reasonOf } from '@llamactl/contract/reason';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { publish } from './durable-file.ts';
import { isDamage, problemsOf } from './integrity.ts';
import { MIGRATIONS_FOLDER } from './migration-files.ts';
import { migrate, missingParts, newestSchema, schemaVersion } from './migrations.ts';
import { closeToOthers, makePrivateFile } from './private-file.ts';
import { isBusy } from './result-code.ts';
import { isOutOfRoom } from './disk-room.ts';
import { keepToOurselves } from './exclusive-database.ts';
import { namesIn } from './newest-run-folder.ts';

/** Name of the database in a data directory. */
export const DATABASE = 'llamactl.db';

/** Suffixes of the files that SQLite keeps beside a database in WAL mode. */
export const COMPANIONS = ['-wal', '-shm'] as const;

/** How long a statement waits for the lock of another program that reads the file, such as a backup. */
const BUSY_TIMEOUT_MS = 2000;

/**
 * Opens a database, checks it, and brings its schema up to date. Creates the file and its folder if they are missing.
 *
 * Before a schema change a copy is kept as `<file>.schema-<version>`. Only the owner can read the file: it holds the
 * environment of instances, the keys of running engines and the signing keys of tokens.
 *
 * Throws, and leaves the file unchanged, when it is damaged, was lost, belongs to another program or a newer llamactl, or cannot
 * be opened.
 *
 * @param migrationsFolder Only for tests.
 */
export function openDatabase(file: string, migrationsFolder = MIGRATIONS_FOLDER): DatabaseSync {
  if (sizeOf(file) === 0) refuseLoss(file);
  closeAllToOthers(file);
  const database = connectAsMayBe(file);
  try {
    examine(database, file, migrationsFolder);
    // FULL: with WAL only this syncs at every commit, so that acknowledged changes survive a power loss.
    database.exec('pragma journal_mode = wal; pragma synchronous = full');
    bringUpToDate(database, file, migrationsFolder);
  } catch (error) {
    database.close();
    if (isOutOfRoom(error)) throw noRoom(file, error);
    throw explained(file, error);
  }
  return database;
}

/**
 * Connects. On a full disk, locks the database for this process alone: a server can then still read it and run for the
 * engines.
 */
function connectAsMayBe(file: string): DatabaseSync {
  const database = connect(file);
  try {
    schemaVersion(database);
    return database;
  } catch (error) {
    if (!isOutOfRoom(error)) return database;
    database.close();
    const alone = connect(file);
    keepToOurselves(alone);
    return alone;
  }
}

/**
 * `whole`: undamaged, and of a schema version that this llamactl knows. `unreadable`: cannot be read now, so its condition is
 * unknown.
 */
export type DatabaseFound =
  | { is: 'none' }
  | { is: 'whole'; bytes: number; schema: number }
  | { is: 'unreadable'; reason: string };

/**
 * Checks a database without changing it, also while a server writes to it. Throws the same errors as {@link openDatabase}.
 */
export function lookAtDatabase(file: string): DatabaseFound {
  if (sizeOf(file) === 0) {
    refuseLoss(file);
    return { is: 'none' };
  }
  const database = connectToRead(file);
  try {
    examine(database, file, MIGRATIONS_FOLDER);
    return { is: 'whole', bytes: sizeOf(file), schema: schemaVersion(database) };
  } catch (error) {
    const reason = notNow(file, error)?.message;
    if (reason !== undefined) return { is: 'unreadable', reason };
    throw explained(file, error);
  } finally {
    database.close();
  }
}

/** Replaces an error of SQLite by one with llamactl's explanation. */
export function explained(file: string, error: unknown): unknown {
  if (isDamage(error)) return damaged(file, [error.message], error);
  const isOfSystem = error instanceof Error && 'errcode' in error && !isBusy(error);
  return isOfSystem ? cannotOpen(file, error) : error;
}

/** Explains that a database cannot be read now although it may be undamaged; `null`: the error has another cause. */
export function notNow(file: string, error: unknown): Error | null {
  if (isOutOfRoom(error)) {
    return new Error(`${file} cannot be read now: its disk is full, and reading needs some room too`, { cause: error });
  }
  if (!isBusy(error)) return null;
  return new Error(
    `${file} cannot be read now: another process uses it exclusively, as a server does that started on a full disk, until there is room`,
    { cause: error },
  );
}

/** Connects with the settings that all writers of a database need. */
export function connect(file: string): DatabaseSync {
  try {
    return new DatabaseSync(file, {
      timeout: BUSY_TIMEOUT_MS,
      enableForeignKeyConstraints: true,
      enableDoubleQuotedStringLiterals: false,
      allowExtension: false,
      defensive: true,
    });
  } catch (error) {
    throw cannotOpen(file, error);
  }
}

/**
 * Connects for reading only, also while a server writes.
 *
 * @param file It exists.
 */
export function connectToRead(file: string): DatabaseSync {
  // If no write-ahead log exists, a read-only connection would create one and leave it. A connection that may write removes
  // the log when it is the last to close.
  const readOnly = statSync(`${file}-wal`, { throwIfNoEntry: false }) !== undefined;
  try {
    return new DatabaseSync(file, { readOnly, timeout: BUSY_TIMEOUT_MS, allowExtension: false });
  } catch (error) {
    throw cannotOpen(file, error);
  }
}

/** Throws unless the database is undamaged, has all parts of its schema version, and this llamactl knows that version. */
function examine(database: DatabaseSync, file: string, folder: string): void {
  const stored = schemaVersion(database);
  const newest = newestSchema(folder);
  if (stored > newest) throw newerSchema(file, stored, newest);
  const problems = problemsOf(database, 'quick');
  if (problems.length > 0) throw damaged(file, problems);
  if (stored > 0) {
    const missing = missingParts(database, folder);
    if (missing.length > 0) throw foreign(file, `it says schema version ${stored}, but has no ${missing.join(', ')}`);
  } else if (hasContent(database))
    throw foreign(file, 'it holds other data, as that of the Go llamactl (docs/how-to/from-go-llamactl.md)');
  else refuseLoss(file);
}

/** Whether the database has any table or index. */
function hasContent(database: DatabaseSync): boolean {
  return database.prepare('select 1 from sqlite_schema').get() !== undefined;
}

function bringUpToDate(database: DatabaseSync, file: string, folder: string): void {
  const stored = schemaVersion(database);
  const newest = newestSchema(folder);
  if (stored > 0 && stored < newest) keepCopy(database, file, stored);
  migrate(database, newest, folder);
}

/** Keeps a copy, so that an older llamactl can be used again. */
function keepCopy(database: DatabaseSync, file: string, version: number): void {
  const copy = `${file}.schema-${version}`;
  const draft = `${copy}.draft`;
  try {
    copyInto(database, draft);
    publish(draft, copy, true);
  } catch (error) {
    throw new Error(
      `${file} has to change from schema version ${version}, and cannot be copied to ${copy} first (${reasonOf(error)}); ` +
        'nothing was changed. Make room for the copy and start again.',
      { cause: error },
    );
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Writes a snapshot of a database into a new file that only its owner can read. It uses one read transaction, so others may
 * write meanwhile. The new file is not synced and contains no deleted data.
 *
 * @param target Replaced if it exists.
 */
export function copyInto(database: DatabaseSync, target: string): void {
  rmSync(target, { force: true });
  // SQLite would create the file with the mode of the umask, but it uses an existing empty file.
  writeFileSync(target, '', { flag: 'wx', mode: 0o600 });
  database.prepare('vacuum into ?').run(target);
}

/**
 * Throws if an empty or missing database should have content. SQLite would discard changes that are only in the
 * write-ahead log. And if folders of instances exist beside an empty database, no server would manage the engines of
 * these instances.
 */
function refuseLoss(file: string): void {
  const there = statSync(file, { throwIfNoEntry: false }) === undefined ? 'is missing' : 'is empty';
  if (sizeOf(`${file}-wal`) > 0)
    throw new Error(`${file} ${there}, but ${file}-wal holds changes: the database was lost. ${WAYS_OUT}`);
  const instances = join(dirname(file), 'instances');
  if (namesIn(instances).length === 0) return;
  throw new Error(
    `${file} ${there}, but ${instances} holds files of instances: the database was lost. ${WAYS_OUT} ` +
      `To begin without instances, move ${instances} away.`,
  );
}

/**
 * Restricts the database and its companions to their owner. SQLite gives new `-wal` and `-shm` files the mode of the main file,
 * but does not change files that a crash or a copy left.
 */
function closeAllToOthers(file: string): void {
  try {
    makePrivateFile(file);
    for (const suffix of COMPANIONS) closeToOthers(file + suffix);
    // SQLite would open the database, and report only later that it cannot be written.
    const folder = COMPANIONS.find((suffix) => isFolder(file + suffix));
    if (folder !== undefined) throw cannotOpen(file, new Error(`${basename(file + folder)} is a folder`));
  } catch (error) {
    if (hasCode(error, ['EPERM', 'EACCES', 'EROFS', 'ENOENT', 'ELOOP'])) throw cannotOpen(file, error);
    throw error;
  }
}

const WAYS_OUT = 'Engines that run are left alone. llamactl restore <backup> restores a backup.';

/** Builds the error for a damaged database. @param problems Descriptions of the damage. */
export function damaged(file: string, problems: readonly string[], cause?: Error): Error {
  return new Error(
    `${file} is damaged or not a database (${problems.join('; ')}). ${WAYS_OUT} ` +
      'Without one, llamactl restore --salvage saves what can still be read.',
    { cause },
  );
}

function foreign(file: string, why: string): Error {
  return new Error(
    `${file} is not a database of llamactl: ${why}. Choose another data_dir. Engines that run are left alone.`,
  );
}

/** Builds the error for a database of a newer llamactl. @param known The newest version that this llamactl knows. */
export function newerSchema(file: string, stored: number, known: number): Error {
  return new Error(
    `${file} has schema version ${stored}, this llamactl knows versions up to ${known}: ` +
      'it was written by a newer llamactl. Run that version, or choose another data_dir; ' +
      `if ${file}.schema-${known} exists, llamactl restore restores the database from before the change.`,
  );
}

function noRoom(file: string, cause: unknown): Error {
  return new Error(
    `${file} cannot be prepared: its disk is full. Make room and start again. Engines that run are left alone.`,
    { cause },
  );
}

function cannotOpen(file: string, error: unknown): Error {
  const reason = isFolder(file) ? `${basename(file)} is a folder` : reasonOf(error);
  return new Error(
    `${file} cannot be opened (${reason}). It must be a file of the user that runs llamactl, on a writable disk.`,
    { cause: error },
  );
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

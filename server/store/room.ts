import { hasCode, reasonOf } from '@llamactl/contract/reason';
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { extendedCode, primaryCode } from './result-code.ts';

/** SQLITE_BUSY. */
const BUSY = 5;

/** Whether another process holds the lock of the database. */
export function isBusy(error: unknown): boolean {
  return primaryCode(error) === BUSY;
}

/** SQLITE_FULL, and the extended code SQLITE_IOERR_SHMSIZE: no room for the index of the write-ahead log. */
const FULL = 13;
const NO_ROOM_FOR_INDEX = 4_874;

/** Whether the disk is full, or the user's quota is used up. */
export function isOutOfRoom(error: unknown): boolean {
  if (hasCode(error, ['ENOSPC', 'EDQUOT'])) return true;
  return primaryCode(error) === FULL || extendedCode(error) === NO_ROOM_FOR_INDEX;
}

/** Whether a directory has room for so many bytes. Tries by writing them. */
export function hasRoom(directory: string, bytes: number): boolean {
  const file = join(directory, 'room.probe');
  try {
    // Random, because a filesystem that compresses stores zeros in no room.
    writeFileSync(file, randomBytes(bytes), { mode: 0o600, flush: true });
    return true;
  } catch (error) {
    if (!isOutOfRoom(error)) throw error;
    return false;
  } finally {
    rmSync(file, { force: true });
  }
}

/**
 * Locks the database for this process alone, from its next statement on. Other processes cannot even read it then. But the
 * index of the write-ahead log, otherwise a shared file, is in memory and needs no room on the disk.
 */
export function keepToOurselves(database: DatabaseSync): void {
  database.exec('pragma locking_mode = exclusive');
}

/** Whether the database is locked by {@link keepToOurselves}. */
export function isOursAlone(database: DatabaseSync): boolean {
  return database.prepare('pragma locking_mode').get()?.['locking_mode'] === 'exclusive';
}

/** Several times the size of the log's index and of a journal of one page. */
const SHARED_BYTES = 262_144;

/**
 * Lets other processes read the database again. SQLite can do that only by way of another journal mode.
 *
 * If it stops halfway, a reader (a backup, for seconds) would block all writers, so the database is locked again. If it stops
 * because the disk has no room for the index, there is no way back, and nothing can be stored until there is room. So the room is
 * checked first. Never throws: on failure the server goes on writing, just as safely.
 *
 * @param directory Directory of the database.
 * @returns why other processes still cannot read it, for people; `null`: they can
 */
export function shareAgain(database: DatabaseSync, directory: string): string | null {
  try {
    if (!hasRoom(directory, SHARED_BYTES)) return `the disk of ${directory} is full`;
  } catch (error) {
    return reasonOf(error);
  }
  const problem = share(database);
  if (problem !== null) takeBack(database);
  return problem;
}

function share(database: DatabaseSync): string | null {
  try {
    database.exec('pragma journal_mode = delete; pragma locking_mode = normal');
    const journal = database.prepare('pragma journal_mode = wal').get()?.['journal_mode'];
    database.exec('select 1 from sqlite_schema');
    if (isOursAlone(database)) return 'this process still uses it exclusively';
    return journal === 'wal' ? null : `its journal is still ${String(journal)}`;
  } catch (error) {
    return reasonOf(error);
  }
}

/** Locks the database again at once, since a reader needs only microseconds to get in between. */
function takeBack(database: DatabaseSync): void {
  try {
    keepToOurselves(database);
    database.exec('begin exclusive; commit');
  } catch {
    // Another process reads the database, or the disk is broken: the next commit takes the lock or reports the error.
    if (database.isTransaction) database.exec('rollback');
  }
}

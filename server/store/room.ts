import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { hasCode } from './durable-file.ts';
import { extendedCode, primaryCode } from './result-code.ts';

/** SQLITE_BUSY. */
const BUSY = 5;

/** Whether another process has what was wanted. */
export function isBusy(error: unknown): boolean {
  return primaryCode(error) === BUSY;
}

/** SQLITE_FULL, and SQLITE_IOERR_SHMSIZE of SQLite's extended codes: no room for the index of the log. */
const FULL = 13;
const NO_ROOM_FOR_INDEX = 4_874;

/** Whether the disk is full, or the part of it that is ours. */
export function isOutOfRoom(error: unknown): boolean {
  if (hasCode(error, ['ENOSPC', 'EDQUOT'])) return true;
  return primaryCode(error) === FULL || extendedCode(error) === NO_ROOM_FOR_INDEX;
}

/** Whether so much can be written into a directory; found out by writing it. */
export function hasRoom(directory: string, bytes: number): boolean {
  const file = join(directory, 'room.probe');
  try {
    // Filesystems that compress would keep zeros in no room at all.
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
 * Has the database for this process alone from its next statement on. Other processes cannot even read it then, but the
 * index of its log, which they would share, is in memory and needs no room on the disk.
 */
export function keepToOurselves(database: DatabaseSync): void {
  database.exec('pragma locking_mode = exclusive');
}

/** Whether it is had by {@link keepToOurselves}. */
export function isOursAlone(database: DatabaseSync): boolean {
  return database.prepare('pragma locking_mode').get()?.['locking_mode'] === 'exclusive';
}

/** Some times the index of the log, and a journal of a page. */
const SHARED_BYTES = 262_144;

/**
 * Lets other processes read it again. Only on the way through another journal can SQLite do that, and where it ends halfway,
 * whoever reads (a backup, for seconds) keeps everybody from writing: so it is ours alone again then. Where it ends for want
 * of room for the index there is no way back, and nothing can be stored before there is: so that is found out first. Never
 * throws: it is written all the same, and as safely.
 *
 * @param directory Of the database.
 * @returns why they still cannot, for people; `null`: they can
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
    if (isOursAlone(database)) return 'it is still this process’s alone';
    return journal === 'wal' ? null : `its journal is still ${String(journal)}`;
  } catch (error) {
    return reasonOf(error);
  }
}

/** At once: it takes a reader microseconds to come in between. */
function takeBack(database: DatabaseSync): void {
  try {
    keepToOurselves(database);
    database.exec('begin exclusive; commit');
  } catch {
    // Somebody reads it, or the disk is broken: the next commit takes it, or says what is wrong.
    if (database.isTransaction) database.exec('rollback');
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import type { DatabaseSync } from 'node:sqlite';
import { hasCode } from './durable-file.ts';

const BUSY = 5;

/** Whether another process has what was wanted. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === BUSY;
}

/** SQLITE_FULL, and SQLITE_IOERR_SHMSIZE of SQLite's extended codes: no room for the index of the log. */
const FULL = 13;
const NO_ROOM_FOR_INDEX = 4_874;

/** Whether the disk is full, or the part of it that is ours. */
export function isOutOfRoom(error: unknown): boolean {
  if (hasCode(error, ['ENOSPC', 'EDQUOT'])) return true;
  return (
    error instanceof Error && 'errcode' in error && (error.errcode === FULL || error.errcode === NO_ROOM_FOR_INDEX)
  );
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

/**
 * Lets other processes read it again. Only on the way through another journal can SQLite do that. Never throws: it is written
 * all the same, and as safely.
 *
 * @returns why they still cannot, for people; `null`: they can
 */
export function shareAgain(database: DatabaseSync): string | null {
  try {
    database.exec('pragma journal_mode = delete; pragma locking_mode = normal');
    const journal = database.prepare('pragma journal_mode = wal').get()?.['journal_mode'];
    database.exec('select 1 from sqlite_schema');
    if (isOursAlone(database)) return 'it is still this process’s alone';
    return journal === 'wal' ? null : `its journal is still ${String(journal)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

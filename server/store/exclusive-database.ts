import { reasonOf } from '@llamactl/contract/reason';
import type { DatabaseSync } from 'node:sqlite';
import { hasRoom } from './disk-room.ts';

/**
 * Locks the database for this process alone, from its next statement on. Other processes cannot even read it then. In
 * return, the index of the write-ahead log, otherwise a shared file, is in memory and needs no room on the disk.
 */
export function keepToOurselves(database: DatabaseSync): void {
  database.exec('pragma locking_mode = exclusive');
}

/** Whether the database is locked by {@link keepToOurselves}. */
export function isOursAlone(database: DatabaseSync): boolean {
  return database.prepare('pragma locking_mode').get()?.['locking_mode'] === 'exclusive';
}

/** Room that {@link shareAgain} requires: several times the size of the log's index and of a journal of one page. */
const SHARED_BYTES = 262_144;

/**
 * Lets other processes read the database again. SQLite can do that only by way of another journal mode.
 *
 * If the change of mode stops halfway, a reader (a backup, for seconds) would block all writers, so the database is
 * locked again. If it stops because the disk has no room for the index, there is no way back, and nothing can be stored
 * until there is room. So the room is checked first. Never throws: after a failure the server keeps writing, just as
 * safely.
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

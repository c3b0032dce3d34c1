import { stat } from 'node:fs/promises';
import type { AlertSink } from '../instances/ports/alert-sink.ts';
import type { Clock } from '../instances/ports/time.ts';
import type { Lock, LockFound } from './lock.ts';
import type { DatabaseFile, DatabaseFileFound } from './database-file.ts';

/** Checks that the data directory is still the one this server uses, repairs what it can, and raises {@link DATA_DIR_LOST}. */
export interface DirectoryWatch {
  /**
   * Checks now. @throws {Error} for people: the path leads to another directory, where a successor would not find the
   * data
   */
  assertKept(): void;
  close(): void;
}

export interface DirectoryWatchParts {
  /** The data directory. */
  directory: string;
  clock: Pick<Clock, 'after'>;
  lock: Pick<Lock, 'tend'>;
  databaseFile: Pick<DatabaseFile, 'look'>;
  alerts: AlertSink;
  onFault: (error: unknown, what: string) => void;
  /** Settles when the disk of the data directory answers. */
  reach?: () => Promise<unknown>;
}

/** Code of the alert for a lost or replaced data directory. */
export const DATA_DIR_LOST = 'data_dir_lost';

const LOOK_EVERY_MS = 5_000;

/** Starts the watch. The first check comes after one interval, because the directory was just opened. */
export function watchDirectory(parts: DirectoryWatchParts): DirectoryWatch {
  const {
    directory,
    clock,
    lock,
    databaseFile,
    alerts,
    onFault,
    reach = () => stat(directory).catch(() => null),
  } = parts;
  let isFaulty = false;
  let isClosed = false;

  const judge = (): string | null => {
    const held = lock.tend();
    const problem = problemOf(directory, held === 'ours' ? databaseFile.look() : held);
    if (problem === null) alerts.clear(DATA_DIR_LOST);
    else alerts.raise({ level: 'error', code: DATA_DIR_LOST, message: problem });
    return problem;
  };
  const look = async (): Promise<void> => {
    try {
      // Wait for the disk first: the checks below block the event loop if it does not answer.
      await reach();
      if (isClosed) return;
      judge();
      isFaulty = false;
    } catch (error) {
      if (!isFaulty) onFault(error, 'The data directory cannot be checked; trying again');
      isFaulty = true;
    }
    if (!isClosed) cancel = clock.after(LOOK_EVERY_MS, () => void look());
  };
  let cancel = clock.after(LOOK_EVERY_MS, () => void look());

  return {
    assertKept: () => {
      const problem = judge();
      if (problem !== null) throw new Error(problem);
    },
    close: () => {
      isClosed = true;
      cancel();
    },
  };
}

function problemOf(directory: string, found: LockFound | DatabaseFileFound): string | null {
  switch (found) {
    case 'ours':
    case 'kept':
      return null;
    case 'elsewhere':
      return (
        `data_dir ${directory} is no longer the directory that this server uses: it was moved or removed, a link was changed, or ` +
        'a disk was mounted over it. Put it back; or stop the server, which lets engines run, and start it on the right directory.'
      );
    case 'taken':
      return (
        `server.lock was removed from data_dir ${directory}, and another process has locked the new file: a second server may use ` +
        'the same database. Stop one of the two.'
      );
    case 'removed':
      return (
        `llamactl.db was removed from data_dir ${directory}. Only this server still has it open, and the data is lost if the ` +
        'server is killed. Stop the server normally and start it again: as it ends it puts the database back. Engines keep running.'
      );
    case 'replaced':
      return (
        `llamactl.db in data_dir ${directory} is not the file that this server uses, so new data is not stored in it. When the ` +
        'server stops normally, it saves its data in a file beside it. The next server starts with the file that is there now.'
      );
  }
}

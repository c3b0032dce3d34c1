import { existsSync, lstatSync, statSync } from 'node:fs';
import { errorWords } from '@llamactl/contract/reason';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { identityOf } from './file-identity.ts';
import {
  describes,
  readDescription,
  removeDescription,
  writeDescription,
  type ServerDescription,
  type ReloadNote,
} from './server-description.ts';
import { isBusy } from './result-code.ts';
import { isOutOfRoom } from './disk-room.ts';
import { makePrivateFile } from './private-file.ts';
import { holderOfRemoved } from './removed-lock.ts';

/** The right to be the one server of a data directory. */
export interface Lock {
  /**
   * Updates the description of this server, which a second server and the command line read. If it cannot be written, they
   * read the previous one, if any; {@link LockOptions.later} schedules another attempt. Never throws, since the lock does not depend
   * on the description.
   *
   * @returns why it was not written, for people; `null`: it was written
   */
  describe(news: Partial<Pick<ServerDescription, 'url' | 'reload'>>): string | null;
  /** Restores the description and the lock file if they were removed. Otherwise another process could create and lock the file. */
  tend(): LockFound;
  /** Releases the lock but keeps the description for the successor, which has announced itself by {@link enterLock}. */
  handOver(): void;
  /** Releases the lock. The end of the process, of any cause, does the same. */
  release(): void;
}

/**
 * `elsewhere`: the path of the directory leads to another directory or to nothing; this server must not write there. `taken`:
 * the lock file was removed, and another process has locked the new one.
 */
export type LockFound = 'ours' | 'elsewhere' | 'taken';

const LOCK_FILE = 'server.lock';
/**
 * A process must lock this file before it may lock `server.lock`. So no process can get between a server and its
 * successor.
 */
const ENTRY_FILE = 'server.entry.lock';

/**
 * Makes this process the only server of a data directory. Call it before reading anything in the directory. Creates a missing
 * directory with mode 0700.
 *
 * The lock is an open write transaction on an empty SQLite file. (With an exclusive one, two servers that start at the same
 * moment could block each other, and both would give up.) The kernel drops the lock when the process ends, also on `kill -9`.
 * Engines do not inherit it (a record lock belongs to one process). SQLite knows which files it has open, so a second call in
 * this process fails too. **Nothing else in this process may open the lock file**: closing any descriptor of a file drops all
 * record locks that the process has on it.
 *
 * Throws an Error that names the first server when there is one.
 *
 * @param options.startedAt RFC 3339.
 */
export function acquireLock(options: LockOptions): Lock {
  return enterLock(options.directory).acquire(options);
}

export interface LockOptions {
  directory: string;
  pid: number;
  version: string;
  startedAt: string;
  /** URL at which the predecessor already serves; left out: no server serves yet. */
  url?: string | null;
  reload?: ReloadNote | null;
  /** Schedules another attempt to write the description. */
  later?: (again: () => void) => void;
}

/** The right to take the lock next. */
export interface LockEntry {
  /** Takes the lock, which is free or was handed over. Gives up the entry, even if this throws. */
  acquire(options: LockOptions): Lock;
  /** Gives up the entry, so that another process may take it. */
  leave(): void;
}

/**
 * Takes the entry lock, the first of the two steps of {@link acquireLock}. While it is held, no other process gets the
 * lock.
 *
 * @param patienceMs How long to wait, blocking, while another process holds the entry only to find the lock taken.
 */
export function enterLock(directory: string, patienceMs = 0): LockEntry {
  const entry = lockDatabase(directory, ENTRY_FILE, patienceMs);
  const leave = (): void => {
    if (entry.isOpen) entry.close();
  };
  return {
    leave,
    acquire: (options) => {
      try {
        return takeLock(options);
      } finally {
        leave();
      }
    },
  };
}

/** How long to wait for the lock: {@link isLockHeld} holds it for a moment, and must not be taken for a server. */
const LOOK_MS = 100;

/** Whether a server has the lock, for the command line. A server must never call this for its own directory. */
export function isLockHeld(directory: string): boolean {
  const file = join(directory, LOCK_FILE);
  if (holderOfRemoved(file) !== null) return true;
  if (!isThere(directory, file)) return false;
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec(TAKE);
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw cannotUse(directory, error);
  } finally {
    database.close();
  }
}

/** @throws when the data directory cannot be searched: then nothing is known of its server */
function isThere(directory: string, file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    throw cannotUse(directory, error);
  }
}

function takeLock({ directory, pid, version, startedAt, url = null, reload = null, later }: LockOptions): Lock {
  const files = new LockFiles(directory);
  // In a reload the predecessor has announced that it hands over the lock.
  const other = reload === null ? holderOfRemoved(join(directory, LOCK_FILE)) : null;
  if (other !== null) {
    files.close();
    throw alreadyHeld(directory, other);
  }
  let holder: ServerDescription = { pid, url, version, started_at: startedAt, reload };
  let isWaiting = false;
  const write = (): Error | null => {
    if (files.areElsewhere()) return new Error(`${directory} is no longer the directory that this server uses`);
    const problem = writeDescription(directory, holder);
    if (problem === null || isWaiting || later === undefined) return problem;
    isWaiting = true;
    later(() => {
      isWaiting = false;
      if (files.areHeld) write();
    });
    return problem;
  };
  const describe = (news: Partial<ServerDescription>): string | null => {
    holder = { ...holder, ...news };
    const problem = write();
    return isOutOfRoom(problem) ? 'the disk of the data directory is full' : (problem?.message ?? null);
  };
  const tend = (): LockFound => {
    if (!files.areHeld) return 'ours';
    const found = files.tend();
    if (found === 'ours' && !describes(readDescription(directory), holder)) write();
    return found;
  };
  const handOver = (): void => {
    process.off('exit', release);
    files.close();
  };
  const release = (): void => {
    const there = files.areHeld && !files.areElsewhere() ? readDescription(directory) : null;
    if (there !== null && describes(there, holder)) removeDescription(directory);
    handOver();
  };
  // Also keeps the database reachable: garbage collection would close it and drop the lock.
  process.on('exit', release);
  const problem = write();
  // In a reload the predecessor has released everything. It could not take the lock back for the same reason, and no server
  // would be left.
  if (problem === null || isOutOfRoom(problem) || reload !== null) return { describe, tend, handOver, release };
  release();
  throw cannotUse(directory, problem);
}

/**
 * Most lock files that one server keeps open. A filesystem whose inode numbers change at every check must not use up
 * the descriptors.
 */
const MOST_FILES = 32;

/** The file of a lock, and the files that replaced it after it was removed. */
class LockFiles {
  readonly #directory: string;
  readonly #folder: string | null;
  /**
   * Only the last one still has its name. Earlier ones stay open until the end, because they could be the same file.
   */
  readonly #held: DatabaseSync[];
  #named: string | null;

  constructor(directory: string) {
    this.#directory = directory;
    this.#held = [lockDatabase(directory, LOCK_FILE, LOOK_MS)];
    this.#named = identityOf(join(directory, LOCK_FILE));
    this.#folder = identityOf(directory);
  }

  get areHeld(): boolean {
    return this.#held.length > 0;
  }

  /** Whether the path leads to another directory. Never throws: a broken disk does not count as another directory. */
  areElsewhere(): boolean {
    try {
      return identityOf(this.#directory) !== this.#folder;
    } catch {
      return false;
    }
  }

  tend(): LockFound {
    if (this.areElsewhere()) return 'elsewhere';
    const file = join(this.#directory, LOCK_FILE);
    if (identityOf(file) === this.#named || this.#held.length === MOST_FILES) return 'ours';
    try {
      this.#held.push(lockDatabase(this.#directory, LOCK_FILE, LOOK_MS));
    } catch (error) {
      if (error instanceof Error && isBusy(error.cause)) return 'taken';
      throw error;
    }
    this.#named = identityOf(file);
    return 'ours';
  }

  close(): void {
    for (const database of this.#held.splice(0)) database.close();
  }
}

/** Takes the lock without writing anything, not even a journal, so that it works on a full disk. */
const TAKE = 'pragma journal_mode = memory; begin immediate';

function lockDatabase(directory: string, name: string, patienceMs: number): DatabaseSync {
  const file = join(directory, name);
  let database: DatabaseSync | null = null;
  try {
    makePrivateFile(file);
    database = new DatabaseSync(file, { timeout: patienceMs });
    database.exec(TAKE);
    return database;
  } catch (error) {
    database?.close();
    throw isBusy(error) ? alreadyHeld(directory, null, error) : cannotUse(directory, error, name);
  }
}

/** @param pid Process that has the lock; `null`: the one in `server.json`. */
function alreadyHeld(directory: string, pid: number | null, cause?: unknown): Error {
  const described = readDescription(directory);
  const holder = pid === null || described?.pid === pid ? described : { pid, url: null };
  const known = holder ? ` (${[`pid ${holder.pid}`, ...(holder.url ? [holder.url] : [])].join(', ')})` : '';
  return new Error(
    `Another llamactl server${known} already uses the data directory ${directory}. ` +
      'Use that server, stop it first (llamactl down), or choose another directory: data_dir in the configuration or LLAMACTL_DATA_DIR.',
    { cause },
  );
}

/** @param lock The file that could not be locked. */
function cannotUse(directory: string, cause: unknown, lock?: string): Error {
  const said = errorWords(cause);
  const isSqlite = cause instanceof Error && 'errcode' in cause;
  const reason = leadsNowhere(directory)
    ? 'it is a link that leads nowhere'
    : isSqlite && lock !== undefined
      ? `${lock} in it was not made by llamactl: ${said}; if no server runs, move it away`
      : said;
  return new Error(
    `The data directory ${directory} cannot be used (${reason}). ` +
      'Make it writable, or choose another one: data_dir in the configuration or LLAMACTL_DATA_DIR.',
    { cause },
  );
}

function leadsNowhere(directory: string): boolean {
  try {
    const isLink = lstatSync(directory, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
    return isLink && !existsSync(directory);
  } catch {
    // A folder above it cannot be searched by this user. The first error says so, too.
    return false;
  }
}

import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { identityOf } from './file-identity.ts';
import { describes, readHolder, removeHolder, writeHolder, type Holder, type ReloadNote } from './holder.ts';
import { isBusy, isOutOfRoom } from './room.ts';
import { makePrivateFile } from './private-file.ts';
import { holderOfRemoved } from './removed-lock.ts';

/** The right to be the one server of a data directory. */
export interface Lock {
  /**
   * Replaces parts of what a second server, and the command line, can read about this one. Where that cannot be written they
   * read what they could before, if anything; it is tried again where {@link LockOptions.later} says when. Never throws: the
   * right does not hang on it.
   *
   * @returns why it was not written, for people; `null`: it was
   */
  describe(news: Partial<Pick<Holder, 'url' | 'reload'>>): string | null;
  /** Puts right what somebody has removed: the description, and the file, which anybody could make and lock anew. */
  tend(): LockFound;
  /** Gives the right back and leaves the description to the one who comes next, and says so by {@link enterLock}. */
  handOver(): void;
  /** Gives the right back. The end of the process, however it comes, does the same. */
  release(): void;
}

/**
 * `elsewhere`: the directory's name leads to another one, or to none, in which nothing is ours to write. `taken`: the file was
 * removed, and another process has the one of its name.
 */
export type LockFound = 'ours' | 'elsewhere' | 'taken';

const LOCK_FILE = 'server.lock';
/** Whoever wants the lock has to have this one first: so nobody comes between a server and the one that replaces it. */
const ENTRY_FILE = 'server.entry.lock';

/**
 * Makes this process the only server of a data directory; to be called before anything in it is read. The directory is
 * made with mode 0700 when it is missing.
 *
 * The lock is an open write transaction on an empty SQLite file. (Not an exclusive one: two servers that start at the same
 * moment could then hinder each other, and both give up.) The kernel drops it with the process, also on
 * `kill -9`, engines do not inherit it (a record lock belongs to one process), and SQLite knows which files it has
 * open, so that a second call in this process fails too. **The lock file must not be opened in this process by
 * anything else**: closing any descriptor of a file drops all record locks that the process has on it.
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
  /** Where callers are answered already, by whoever goes; left out: not yet. */
  url?: string | null;
  reload?: ReloadNote | null;
  /** Calls back when what could not be written may be tried again. */
  later?: (again: () => void) => void;
}

/** The right to be the next to have the lock. */
export interface LockEntry {
  /** Takes the lock, which is free or was handed over. The entry is over, also when this throws. */
  acquire(options: LockOptions): Lock;
  /** Somebody else may come next. */
  leave(): void;
}

/**
 * The first of the two steps of {@link acquireLock}. As long as it is held, nobody else gets the lock.
 *
 * @param patienceMs How long it is waited for, while somebody else finds out that the lock is taken. Blocks.
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

/** A look by {@link isLockHeld} has the lock for a moment: it must not be taken for a server. */
const LOOK_MS = 100;

/** Whether a server has the lock, for the command line; never to be asked by a server about its own directory. */
export function isLockHeld(directory: string): boolean {
  const file = join(directory, LOCK_FILE);
  if (holderOfRemoved(file) !== null) return true;
  if (!existsSync(file)) return false;
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

function takeLock({ directory, pid, version, startedAt, url = null, reload = null, later }: LockOptions): Lock {
  const files = new LockFiles(directory);
  // Who goes has said that it gives it.
  const other = reload === null ? holderOfRemoved(join(directory, LOCK_FILE)) : null;
  if (other !== null) {
    files.close();
    throw alreadyHeld(directory, other);
  }
  let holder: Holder = { pid, url, version, started_at: startedAt, reload };
  let isWaiting = false;
  const write = (): Error | null => {
    if (files.areElsewhere()) return new Error(`${directory} is not the directory any more that this server uses`);
    const problem = writeHolder(directory, holder);
    if (problem === null || isWaiting || later === undefined) return problem;
    isWaiting = true;
    later(() => {
      isWaiting = false;
      if (files.areHeld) write();
    });
    return problem;
  };
  const describe = (news: Partial<Holder>): string | null => {
    holder = { ...holder, ...news };
    const problem = write();
    return isOutOfRoom(problem) ? 'the disk of the data directory is full' : (problem?.message ?? null);
  };
  const tend = (): LockFound => {
    if (!files.areHeld) return 'ours';
    const found = files.tend();
    if (found === 'ours' && !describes(readHolder(directory), holder)) write();
    return found;
  };
  const handOver = (): void => {
    process.off('exit', release);
    files.close();
  };
  const release = (): void => {
    const there = files.areHeld && !files.areElsewhere() ? readHolder(directory) : null;
    if (there !== null && describes(there, holder)) removeHolder(directory);
    handOver();
  };
  // Also keeps the database reachable: once collected as garbage, it would be closed and the lock gone.
  process.on('exit', release);
  const problem = write();
  // Who goes has nothing any more: it could not take the lock back for the same reason, and nobody would serve.
  if (problem === null || isOutOfRoom(problem) || reload !== null) return { describe, tend, handOver, release };
  release();
  throw cannotUse(directory, problem);
}

/** Enough for a whole life; a filesystem that numbers its files anew at every look must not use up our descriptors. */
const MOST_FILES = 32;

/** The file of a lock, and those that took its place when it was removed. */
class LockFiles {
  readonly #directory: string;
  readonly #folder: string | null;
  /** The one that has the name is the last. None is closed before the end: it could be the same file after all. */
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

  /** Never throws: a broken disk is no other one. */
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

/** Nothing is ever written, also not to a journal: there may be no room for that, and the lock needs none. */
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

/** @param pid Of the one who has it; `null`: whoever is described. */
function alreadyHeld(directory: string, pid: number | null, cause?: unknown): Error {
  const described = readHolder(directory);
  const holder = pid === null || described?.pid === pid ? described : { pid, url: null };
  const known = holder ? ` (${[`pid ${holder.pid}`, ...(holder.url ? [holder.url] : [])].join(', ')})` : '';
  return new Error(
    `Another llamactl server${known} already uses the data directory ${directory}. ` +
      'Use that one, stop it first, or choose another directory: data_dir in the configuration or LLAMACTL_DATA_DIR. ' +
      `(Do not remove ${LOCK_FILE}: that frees nothing, and a lock ends by itself with its process.)`,
    { cause },
  );
}

/** @param lock The file that could not be locked. */
function cannotUse(directory: string, cause: unknown, lock?: string): Error {
  const said = cause instanceof Error ? cause.message : String(cause);
  const isSqlite = cause instanceof Error && 'errcode' in cause;
  const reason = leadsNowhere(directory)
    ? 'it is a link that leads nowhere'
    : isSqlite && lock !== undefined
      ? `${lock} in it is not what llamactl has made: ${said}; if no server runs, move it away`
      : said;
  return new Error(
    `The data directory ${directory} cannot be used (${reason}). ` +
      'Make it writable, or choose another one: data_dir in the configuration or LLAMACTL_DATA_DIR.',
    { cause },
  );
}

function leadsNowhere(directory: string): boolean {
  const isLink = lstatSync(directory, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  return isLink && !existsSync(directory);
}

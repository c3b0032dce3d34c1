import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { isBusy, isOutOfRoom } from './room.ts';
import { makePrivateFile } from './private-file.ts';

/** The right to be the one server of a data directory. */
export interface Lock {
  /**
   * Replaces parts of what a second server, and the command line, can read about this one. False: the disk is full, and they
   * read what they could before, if anything; it is tried again where {@link LockOptions.later} says when.
   */
  describe(news: Partial<Pick<Holder, 'url' | 'reload'>>): boolean;
  /** Gives the right back and leaves the description to the one who comes next, and says so by {@link enterLock}. */
  handOver(): void;
  /** Gives the right back. The end of the process, however it comes, does the same. */
  release(): void;
}

/** `server.json`: who holds the lock, for people and for the command line. It proves nothing; the lock does. */
const HolderSchema = z.object({
  pid: z.int(),
  url: z.string().nullable(),
  version: z.string(),
  started_at: z.string(),
  /** The newest change of the process; `null`: there was none. Left out by versions that cannot be changed so. */
  reload: z
    .object({
      /** Grows with each attempt. */
      number: z.int(),
      /** What a newer version calls otherwise is not over, for all that this one knows. */
      state: z.enum(['under_way', 'done', 'failed']).catch('under_way'),
      /** Why it failed. */
      reason: z.string().nullable(),
      /** The process that served before the attempt, and its version. */
      from: z.object({ pid: z.int(), version: z.string() }),
    })
    .nullish(),
});
export type Holder = z.infer<typeof HolderSchema>;
export type ReloadNote = NonNullable<Holder['reload']>;

const LOCK_FILE = 'server.lock';
/** Whoever wants the lock has to have this one first: so nobody comes between a server and the one that replaces it. */
const ENTRY_FILE = 'server.entry.lock';
const HOLDER_FILE = 'server.json';

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
  /** Calls back when what found no room may be written again. */
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
  if (!existsSync(join(directory, LOCK_FILE))) return false;
  const database = new DatabaseSync(join(directory, LOCK_FILE), { timeout: 0 });
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
  const database = lockDatabase(directory, LOCK_FILE, LOOK_MS);
  let holder: Holder = { pid, url, version, started_at: startedAt, reload };
  let isWaiting = false;
  const describe = (news: Partial<Holder>): boolean => {
    holder = { ...holder, ...news };
    const isWritten = writeHolder(directory, holder);
    if (isWritten || isWaiting || later === undefined) return isWritten;
    isWaiting = true;
    later(() => {
      isWaiting = false;
      if (database.isOpen) describe({});
    });
    return false;
  };
  const handOver = (): void => {
    process.off('exit', release);
    if (database.isOpen) database.close();
  };
  const release = (): void => {
    if (database.isOpen) rmSync(join(directory, HOLDER_FILE), { force: true });
    handOver();
  };
  // Also keeps the database reachable: once collected as garbage, it would be closed and the lock gone.
  process.on('exit', release);
  try {
    describe({});
  } catch (error) {
    release();
    throw cannotUse(directory, error);
  }
  return { describe, handOver, release };
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
    throw isBusy(error) ? alreadyHeld(directory) : cannotUse(directory, error);
  }
}

function alreadyHeld(directory: string): Error {
  const holder = readHolder(directory);
  const known = holder ? ` (${[`pid ${holder.pid}`, ...(holder.url ? [holder.url] : [])].join(', ')})` : '';
  return new Error(
    `Another llamactl server${known} already uses the data directory ${directory}. ` +
      'Use that one, stop it first, or choose another directory: data_dir in the configuration or LLAMACTL_DATA_DIR.',
  );
}

function cannotUse(directory: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(
    `The data directory ${directory} cannot be used (${reason}). ` +
      'Make it writable, or choose another one: data_dir in the configuration or LLAMACTL_DATA_DIR.',
    { cause },
  );
}

/**
 * Whole or not at all: a reader never sees half of it. Where there is no room, what was there stays if it is of this server;
 * else it is removed: it may be of one that was killed.
 *
 * @returns false: the disk is full
 */
function writeHolder(directory: string, holder: Holder): boolean {
  const file = join(directory, HOLDER_FILE);
  const next = `${file}.new`;
  try {
    writeFileSync(next, `${JSON.stringify(holder, null, 2)}\n`, { mode: 0o600 });
    renameSync(next, file);
    return true;
  } catch (error) {
    if (!isOutOfRoom(error)) throw error;
    rmSync(next, { force: true });
    // A pid alone says little: in a container the next server has that of the one before.
    const there = readHolder(directory);
    const isOurs = there?.pid === holder.pid && there.started_at === holder.started_at;
    if (!isOurs) rmSync(file, { force: true });
    return false;
  }
}

/** `null` when the first server has not written it yet, or somebody spoilt it: it is only for naming. */
export function readHolder(directory: string): Holder | null {
  try {
    return HolderSchema.parse(JSON.parse(readFileSync(join(directory, HOLDER_FILE), 'utf8')));
  } catch {
    return null;
  }
}

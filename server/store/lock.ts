import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { makePrivateFile } from './private-file.ts';

/** The right to be the one server of a data directory. */
export interface Lock {
  /** Adds the address to what a second server, and the command line, can read about this one. */
  describe(address: { url: string }): void;
  /** Gives the right back. The end of the process, however it comes, does the same. */
  release(): void;
}

/** `server.json`: who holds the lock, for people and for the command line. It proves nothing; the lock does. */
const HolderSchema = z.object({
  pid: z.int(),
  url: z.string().nullable(),
  version: z.string(),
  started_at: z.string(),
});
type Holder = z.infer<typeof HolderSchema>;

const LOCK_FILE = 'server.lock';
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
export function acquireLock(options: { directory: string; pid: number; version: string; startedAt: string }): Lock {
  const { directory, pid, version, startedAt } = options;
  const database = lockDatabase(directory);
  const describe = (url: string | null): void => writeHolder(directory, { pid, url, version, started_at: startedAt });
  const release = (): void => {
    process.off('exit', release);
    if (!database.isOpen) return;
    rmSync(join(directory, HOLDER_FILE), { force: true });
    database.close();
  };
  // Also keeps the database reachable: once collected as garbage, it would be closed and the lock gone.
  process.on('exit', release);
  try {
    describe(null);
  } catch (error) {
    release();
    throw cannotUse(directory, error);
  }
  return { describe: ({ url }) => describe(url), release };
}

const SQLITE_BUSY = 5;

function lockDatabase(directory: string): DatabaseSync {
  const file = join(directory, LOCK_FILE);
  let database: DatabaseSync | null = null;
  try {
    makePrivateFile(file);
    database = new DatabaseSync(file, { timeout: 0 });
    database.exec('begin immediate');
    return database;
  } catch (error) {
    database?.close();
    const isHeld = error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
    throw isHeld ? alreadyHeld(directory) : cannotUse(directory, error);
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

/** Whole or not at all: a reader never sees half of it. */
function writeHolder(directory: string, holder: Holder): void {
  const file = join(directory, HOLDER_FILE);
  const next = `${file}.new`;
  writeFileSync(next, `${JSON.stringify(holder, null, 2)}\n`, { mode: 0o600 });
  renameSync(next, file);
}

/** `null` when the first server has not written it yet, or somebody spoilt it: it is only for naming. */
function readHolder(directory: string): Holder | null {
  try {
    return HolderSchema.parse(JSON.parse(readFileSync(join(directory, HOLDER_FILE), 'utf8')));
  } catch {
    return null;
  }
}

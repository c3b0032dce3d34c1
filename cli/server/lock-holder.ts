import { codeOf } from '@llamactl/contract/reason';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { isTrusted } from './trust.ts';

const LOCK_FILE = 'server.lock';
/** `12: POSIX  ADVISORY  WRITE 4711 fe:00:131 1073741825 1073741825`: process 4711 holds a write lock on inode 131. */
const WRITE_LOCK = /^\d+: +POSIX +\S+ +WRITE +(\d+) +[0-9a-f]+:[0-9a-f]+:(\d+) /gm;
const ROOT = 0;
const SQLITE_BUSY = 5;

/**
 * Proves that a process is the server of a data directory: it holds the lock, and runs as us or root. For root, it may
 * also run as the owner of the lock. A pid alone proves nothing, because any process can have the pid of a server that
 * has ended.
 *
 * Never opens the lock file where the kernel lists its locks: that would drop the lock if this process holds it.
 *
 * @param pid The server's own view of its pid; in a container it differs from the number here.
 * @param proc Where the kernel lists processes and locks.
 */
export function holdsLock(directory: string, pid: number, proc = '/proc'): boolean {
  const file = path.join(directory, LOCK_FILE);
  const lock = statSync(file, { throwIfNoEntry: false });
  if (lock === undefined || !lock.isFile() || !isTrusted(lock)) return false;
  const locks = textOf(path.join(proc, 'locks'));
  if (locks === null) return isHeldElsewhere(file, pid);
  const allowed = new Set([ROOT, process.geteuid?.() ?? ROOT, lock.uid]);
  return [...locks.matchAll(WRITE_LOCK)]
    .filter(([, , inode]) => Number(inode) === lock.ino)
    .some(([, holder = '']) => isServer(textOf(path.join(proc, holder, 'status')), pid, allowed));
}

/** @param status Content of `/proc/<pid>/status` of the lock's holder; `null`: the holder has just ended. */
function isServer(status: string | null, pid: number, allowed: ReadonlySet<number>): boolean {
  if (status === null) return false;
  // All four: a program that gains privileges still has its caller's real user.
  const users = numbersOf(status, 'Uid');
  const isOurs = users.length === 4 && users.every((user) => allowed.has(user));
  return isOurs && [...numbersOf(status, 'Pid'), ...numbersOf(status, 'NSpid')].includes(pid);
}

function numbersOf(status: string, name: string): number[] {
  const line = status.split('\n').find((each) => each.startsWith(`${name}:`));
  return line === undefined
    ? []
    : line
        .slice(name.length + 1)
        .trim()
        .split(/\s+/)
        .map(Number);
}

/**
 * For systems without a list of locks, such as macOS: the process is one that we may signal, and some process holds the
 * lock. Other users cannot write the lock file, so they cannot hold it.
 */
function isHeldElsewhere(file: string, pid: number): boolean {
  // This process is the server, and must not open its own lock file.
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return false;
  }
  const database = new (process.getBuiltinModule('node:sqlite').DatabaseSync)(file, { timeout: 0 });
  try {
    database.exec('pragma journal_mode = memory; begin immediate');
    return false;
  } catch (error) {
    return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
  } finally {
    database.close();
  }
}

/** `null`: it cannot be read. */
function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return null;
  }
}

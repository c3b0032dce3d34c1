import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { hasCode } from './durable-file.ts';

/**
 * The process that holds a lock on a file of this name which was removed, or renamed in its folder: whoever makes the file anew
 * gets the lock of another file. Linux tells it, of processes that this one may look at; elsewhere nobody is seen.
 *
 * @returns its pid; `null`: none is seen
 */
export function holderOfRemoved(file: string): number | null {
  const folder = foundOr(null, () => realpathSync(dirname(file)));
  if (folder === null) return null;
  const name = join(folder, basename(file));
  // The kernel says `<name> (deleted)`.
  const isLost = (open: string): boolean => open !== name && open.startsWith(name);
  return lockingProcesses().find((pid) => openFiles(pid).some(isLost)) ?? null;
}

/** Of the processes that have any file locked against all others. */
function lockingProcesses(): number[] {
  const locks = foundOr('', () => readFileSync('/proc/locks', 'utf8'));
  const pids = [...locks.matchAll(/^\d+: POSIX\s+\S+\s+WRITE (\d+) /gm)].map(([, pid]) => Number(pid));
  return [...new Set(pids)];
}

function openFiles(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  const descriptors = foundOr([], () => readdirSync(folder));
  return descriptors.map((descriptor) => foundOr('', () => readlinkSync(join(folder, descriptor))));
}

function foundOr<Found>(otherwise: Found, look: () => Found): Found {
  try {
    return look();
  } catch (error) {
    if (!hasCode(error, ['ENOENT', 'ENOTDIR', 'ESRCH', 'EACCES', 'EPERM'])) throw error;
    return otherwise;
  }
}

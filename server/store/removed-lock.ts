import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { identityOf } from './file-identity.ts';

/**
 * Finds the process that holds a lock on a removed (or renamed) file of this name. A process that creates the file again would
 * lock another file. Linux only, and only for processes that this one may inspect. Never throws.
 *
 * @param proc The proc filesystem.
 * @returns the process's pid; `null`: none found
 */
export function holderOfRemoved(file: string, proc = '/proc'): number | null {
  const folder = foundOr(null, () => realpathSync(dirname(file)));
  if (folder === null) return null;
  const name = join(folder, basename(file));
  // The kernel shows `<name> (deleted)`.
  const isLost = (open: string): boolean => open !== name && open.startsWith(name);
  const own = foundOr(null, () => identityOf(folder));
  // In a container the same path may be another folder.
  const isOurs = (pid: number): boolean =>
    own !== null && foundOr(null, () => identityOf(`${proc}/${pid}/root${folder}`)) === own;
  return lockingProcesses(proc).find((pid) => openFiles(pid, proc).some(isLost) && isOurs(pid)) ?? null;
}

/** Returns the pids of all processes that hold a write lock on any file. */
function lockingProcesses(proc: string): number[] {
  const locks = foundOr('', () => readFileSync(join(proc, 'locks'), 'utf8'));
  const pids = [...locks.matchAll(/^\d+: POSIX\s+\S+\s+WRITE (\d+) /gm)].map(([, pid]) => Number(pid));
  return [...new Set(pids)];
}

function openFiles(pid: number, proc: string): string[] {
  const folder = `${proc}/${pid}/fd`;
  const descriptors = foundOr([], () => readdirSync(folder));
  return descriptors.map((descriptor) => foundOr('', () => readlinkSync(join(folder, descriptor))));
}

/** Returns `otherwise` on any error: unreadable files of other processes must not keep a server from starting. */
function foundOr<Found>(otherwise: Found, look: () => Found): Found {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

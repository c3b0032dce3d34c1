import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { identityOf } from './file-identity.ts';

/**
 * The process that holds a lock on a file of this name which was removed, or renamed in its folder: whoever makes the file anew
 * gets the lock of another file. Linux tells it, of processes that this one may look at; elsewhere nobody is seen. Never throws.
 *
 * @param proc Where the kernel tells of its processes.
 * @returns its pid; `null`: none is seen
 */
export function holderOfRemoved(file: string, proc = '/proc'): number | null {
  const folder = foundOr(null, () => realpathSync(dirname(file)));
  if (folder === null) return null;
  const name = join(folder, basename(file));
  // The kernel says `<name> (deleted)`.
  const isLost = (open: string): boolean => open !== name && open.startsWith(name);
  const own = foundOr(null, () => identityOf(folder));
  // In a container the same name may be that of another folder.
  const isOurs = (pid: number): boolean =>
    own !== null && foundOr(null, () => identityOf(`${proc}/${pid}/root${folder}`)) === own;
  return lockingProcesses(proc).find((pid) => openFiles(pid, proc).some(isLost) && isOurs(pid)) ?? null;
}

/** Of the processes that have any file locked against all others. */
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

/** What cannot be looked at, for whatever reason, is not seen: the files of others must not keep a server from starting. */
function foundOr<Found>(otherwise: Found, look: () => Found): Found {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

import type { ProcessIdentity } from '../instances/ports/runs.ts';
import { isDead, readStat, type ProcessStat } from './process-stat.ts';
import { readTag } from './run-tag.ts';

/**
 * Finds the living process of an identity; `null`: it is dead. Pid, start and boot must match, and the environment must not
 * show another run's tag. An environment that cannot be read, or that a program overwrote with its title, is ignored.
 */
export function findAlive(identity: ProcessIdentity, tag: string, bootId: string): ProcessStat | null {
  if (identity.bootId !== bootId) return null;
  const stat = readStat(identity.pid);
  if (stat === null || stat.startTicks !== identity.startTicks || isDead(stat)) return null;
  const reading = readTag(identity.pid);
  if (typeof reading === 'object' && reading.tag !== tag) return null;
  return stat;
}

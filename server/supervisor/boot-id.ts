import { codeOf } from '@llamactl/contract/reason';
import { readlinkSync } from 'node:fs';
import { readProc } from './proc-file.ts';
import { readStat } from './process-stat.ts';

/**
 * Identifies this boot of the machine. The pid namespace is part of it: a restarted container keeps the boot id of its host,
 * but its pids start again.
 *
 * @throws {Error} when /proc is missing
 */
export function currentBootId(): string {
  const read = readProc('/proc/sys/kernel/random/boot_id');
  if (!(read instanceof Buffer)) throw new Error('/proc cannot be read; llamactl needs it to identify processes');
  return `${read.toString('latin1').trim()}${pidNamespace()}`;
}

function pidNamespace(): string {
  try {
    return `/${namespaceName(readlinkSync('/proc/self/ns/pid'), readStat(1)?.startTicks ?? null)}`;
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return '';
  }
}

/** The pid namespace of the machine itself always has this number. */
const MACHINES_OWN = 'pid:[4026531836]';

/**
 * Names a pid namespace uniquely. The number alone does not identify a container's namespace: the kernel reuses it.
 *
 * @param firstStart when the first process of the namespace started, in clock ticks; `null`: unknown
 */
export function namespaceName(namespace: string, firstStart: number | null): string {
  return namespace === MACHINES_OWN || firstStart === null ? namespace : `${namespace}@${firstStart}`;
}

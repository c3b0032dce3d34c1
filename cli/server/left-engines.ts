import { codeOf } from '@llamactl/contract/reason';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { count } from '../../format/figures.ts';

/** The wrapper of each engine has this argument, followed by the folder of its run. */
const WRAPPER = 'llamactl-exec';

/**
 * For a data directory without a server: counts the engines that still run, by their wrappers. `null`: this system does
 * not list processes under /proc.
 *
 * @param proc Where the kernel lists processes.
 */
export function leftEngines(dataDirectory: string, proc = '/proc'): number | null {
  const sign = `\0${WRAPPER}\0${path.join(dataDirectory, 'instances')}${path.sep}`;
  try {
    const pids = readdirSync(proc).filter((name) => /^\d+$/.test(name));
    return pids.filter((pid) => wordsOf(path.join(proc, pid, 'cmdline')).includes(sign)).length;
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return null;
  }
}

/**
 * The note about engines of a server that has ended; `null`: there is nothing to say. @param isAsked Whether to report
 * zero, too.
 */
export function leftEnginesNote(dataDirectory: string, isAsked: boolean): string | null {
  const left = leftEngines(dataDirectory);
  if (left === 0) return isAsked ? 'no engine of it is running' : null;
  const way = (whom: string): string => `to stop ${whom}: llamactl up, then llamactl down --stop-engines`;
  if (left === null) return isAsked ? `engines of an earlier server may still run; ${way('them')}` : null;
  const [are, them] = left === 1 ? ['is', 'it'] : ['are', 'them'];
  return `${count(left, 'engine')} of an earlier server ${are} still running; ${way(them)}`;
}

function wordsOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    // The process ended meanwhile, or belongs to another user.
    if (codeOf(error) === null) throw error;
    return '';
  }
}

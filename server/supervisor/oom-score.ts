import { readShortProc } from './proc-file.ts';

/** Added to the score, of at most 1000. When memory is short, the kernel kills engines before llamactl and ordinary programs. */
const ABOVE = 200;
const HIGHEST = 1_000;

/** Returns the OOM score of a new engine; `null`: the system has no such scores. Raising one's own score needs no privilege. */
export function engineOomScore(): number | null {
  const own = readShortProc('/proc/self/oom_score_adj');
  return own instanceof Buffer ? scoreAbove(Number.parseInt(own.toString('latin1'), 10)) : null;
}

/** Computes an engine's score from this process's. It is above zero even if this process's is below: engines are not protected. */
export function scoreAbove(own: number): number | null {
  return Number.isNaN(own) ? null : Math.min(Math.max(own, 0) + ABOVE, HIGHEST);
}

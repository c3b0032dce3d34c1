import { readShortProc } from './proc-file.ts';

/** Of 1000: when memory is short, an engine goes before us and before whatever else runs with the score of most programs. */
const ABOVE = 200;
const HIGHEST = 1_000;

/** The score of a new engine; `null`: this system has none. A program may raise its own without any right. */
export function engineOomScore(): number | null {
  const own = readShortProc('/proc/self/oom_score_adj');
  return own instanceof Buffer ? scoreAbove(Number.parseInt(own.toString('latin1'), 10)) : null;
}

/** Above zero even where we are below it: that we are spared is no reason to spare engines at the cost of others. */
export function scoreAbove(own: number): number | null {
  return Number.isNaN(own) ? null : Math.min(Math.max(own, 0) + ABOVE, HIGHEST);
}

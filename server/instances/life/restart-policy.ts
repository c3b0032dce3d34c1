import type { RestartTerms } from './lifecycle.ts';

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
/** Largest jitter, as a fraction of the delay. */
const JITTER = 1 / 4;
/** A run that was ready this long counts as stable; its end resets the restart count. */
const STABLE_AFTER_MS = 5 * 60_000;

/** Whether a run that ended by itself is restarted. */
export type RestartDecision = { restart: true; delayMs: number } | { restart: false; because: string | null };

/**
 * Decides whether and when to restart. The backoff is 1, 2, 4 … 60 seconds, plus up to a quarter so that engines that
 * died together do not restart together. Gives up after `maxRestarts` in a row.
 *
 * @param restarts Restarts in a row so far.
 */
export function decideRestart(restarts: number, terms: RestartTerms): RestartDecision {
  if (!terms.autoRestart) return { restart: false, because: null };
  if (terms.maxRestarts >= 0 && restarts >= terms.maxRestarts) {
    return { restart: false, because: `gave up after ${restarts} ${restarts === 1 ? 'restart' : 'restarts'} in a row` };
  }
  return { restart: true, delayMs: Math.round(delayAfter(restarts) * (1 + terms.jitter * JITTER)) };
}

/** Longest backoff of {@link decideRestart}, milliseconds. @param restarts Restarts in a row before. */
export function longestDelay(restarts: number): number {
  return delayAfter(restarts) * (1 + JITTER);
}

function delayAfter(restarts: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(restarts, 16));
}

/**
 * The restarts in a row that still count at `at`: none, if the run was ready at `readyAt` and has been stable since.
 * Both times are by `Clock.elapsed`.
 */
export function restartsInARow(restarts: number, readyAt: number | null, at: number): number {
  return readyAt !== null && at - readyAt >= STABLE_AFTER_MS ? 0 : restarts;
}

import type { RestartTerms } from './lifecycle.ts';

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
/** Of a delay, at most. */
const JITTER = 1 / 4;
/** A run that lasted this long was sound: its end starts a new count. */
const STABLE_AFTER_MS = 5 * 60_000;

/** What follows the end of a run that nobody asked for. */
export type RestartDecision = { restart: true; delayMs: number } | { restart: false; because: string | null };

/**
 * Delays of 1, 2, 4 … 60 seconds, each with up to a quarter more so that engines that died together do not come back
 * together; given up after `maxRestarts` in a row.
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

/** The longest that {@link decideRestart} has an instance wait, milliseconds. @param restarts Restarts in a row before. */
export function longestDelay(restarts: number): number {
  return delayAfter(restarts) * (1 + JITTER);
}

function delayAfter(restarts: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(restarts, 16));
}

/** Restarts in a row as they count at `at` for a run that became ready at `readyAt`, both of `Clock.elapsed`. */
export function restartsInARow(restarts: number, readyAt: number | null, at: number): number {
  return readyAt !== null && at - readyAt >= STABLE_AFTER_MS ? 0 : restarts;
}

import type { Clock } from './instances/ports.ts';

/** Node fires a longer timer at once instead of late. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** The clock of the machine. */
export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    after: (milliseconds, callback) => {
      const timer = setTimeout(callback, Math.min(milliseconds, LONGEST_TIMER_MS));
      timer.unref();
      return () => clearTimeout(timer);
    },
    nextTurn: (callback) => {
      setImmediate(callback);
    },
  };
}

/** Longest interval that a timer takes. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Keeps the process alive until the returned function is called. Timers of the clock do not, and while a boot waits for a
 * dying process, or a shutdown for engines, there may be nothing else: Node would end in the middle of it, with code 13.
 */
export function keepAlive(): () => void {
  const timer = setInterval(() => undefined, LONGEST_MS);
  return () => clearInterval(timer);
}

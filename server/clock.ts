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

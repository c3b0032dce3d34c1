import type { Clock } from './instances/ports/time.ts';

/** Longest timer; Node would fire a longer one at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** Smallest step back that is not followed. Smaller steps are normal corrections, and delay nothing for long. */
const STEP_MS = 1_000;

/** Source of the machine's time. @see systemClock */
export interface TimeSource {
  /** Milliseconds since the epoch; may be set back or forward. */
  wall: () => number;
  /** Milliseconds since an arbitrary moment, the same for all processes. Cannot be set; may stand still while the machine sleeps. */
  steady: () => number;
}

/**
 * Creates the clock of the machine. If the machine's clock is set back by more than a second, this clock does not
 * follow: otherwise waits could take hours longer. The next process uses the new time. If the machine's clock is set
 * forward, this clock follows at once, also after sleep.
 */
export function systemClock({ wall, steady }: TimeSource = MACHINE): Clock {
  let ahead = 0;
  let last = { now: wall(), steady: steady() };
  const now = (): number => {
    const passed = steady();
    const due = last.now + passed - last.steady;
    const read = wall();
    if (read + ahead < due - STEP_MS) ahead = due - read;
    last = { now: read + ahead, steady: passed };
    return Math.floor(last.now);
  };
  return {
    now,
    elapsed: () => Math.floor(steady()),
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

const NANOSECONDS = 1_000_000n;

/** Not `performance.now()`, which counts from the start of the process. */
const MACHINE: TimeSource = { wall: () => Date.now(), steady: () => Number(process.hrtime.bigint() / NANOSECONDS) };

/** Longest interval that a timer takes. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Keeps the process alive until the returned function is called. Timers of the clock do not keep the process alive. A
 * boot that waits for a dying process, or a shutdown that waits for engines, may have nothing else to wait for, and
 * Node would exit with code 13.
 */
export function keepAlive(): () => void {
  const timer = setInterval(() => undefined, LONGEST_MS);
  return () => clearInterval(timer);
}

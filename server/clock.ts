import type { Clock } from './instances/ports.ts';

/** Node fires a longer timer at once instead of late. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** Smaller steps back are those of a clock that is kept right, and delay nothing for long. */
const STEP_MS = 1_000;

/** Where the clock of the machine is read. @see systemClock */
export interface TimeSource {
  /** Milliseconds since the epoch; somebody may set it. */
  wall: () => number;
  /** Milliseconds from anywhere, for all processes the same; nobody can set it. It may stand still while the machine sleeps. */
  steady: () => number;
}

/**
 * The clock of the machine. One that is set back by more than a second is not followed: nobody is to wait for hours because
 * they are to be lived twice. The next process believes it. One that is set forward, or slept, is followed at once.
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
 * Keeps the process alive until the returned function is called. Timers of the clock do not, and while a boot waits for a
 * dying process, or a shutdown for engines, there may be nothing else: Node would end in the middle of it, with code 13.
 */
export function keepAlive(): () => void {
  const timer = setInterval(() => undefined, LONGEST_MS);
  return () => clearInterval(timer);
}

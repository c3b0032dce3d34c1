import type { Clock } from '../instances/ports/time.ts';

interface Timer {
  due: number;
  callback: () => void;
}

/** First value of `elapsed`: far from any time of day, and more than a day from 0. */
const BEGINNING = 100_000_000;

export interface FakeClockOptions {
  /** Milliseconds since the epoch. */
  now?: number;
  /**
   * Timers up to this long run in real time, and so do turns; longer ones wait for `advance`. For adapters that wait for
   * real processes in small steps, and also have long timeouts. Default 0: nothing runs without `advance` or `flush`.
   */
  realUpToMs?: number;
}

/**
 * A clock that only a test advances. Due timers run in the order of their time. Promises and pending I/O run between two
 * timers, so the effects of one timer are complete before the next runs.
 */
export class FakeClock implements Clock {
  /** The value of `elapsed`, which decides when timers are due. */
  #elapsed = BEGINNING;
  /** How far the wall clock is ahead of `elapsed`. */
  #ahead: number;
  readonly #realUpToMs: number;
  readonly #timers = new Set<Timer>();
  #turns: (() => void)[] = [];

  constructor({ now = 1_700_000_000_000, realUpToMs = 0 }: FakeClockOptions = {}) {
    this.#ahead = now - this.#elapsed;
    this.#realUpToMs = realUpToMs;
  }

  now(): number {
    return this.#elapsed + this.#ahead;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  /** Moves the wall clock forward, or back if `milliseconds` is negative. No time passes. */
  jump(milliseconds: number): void {
    this.#ahead += milliseconds;
  }

  after(milliseconds: number, callback: () => void): () => void {
    if (this.#realUpToMs > 0 && milliseconds <= this.#realUpToMs) {
      const timer = setTimeout(callback, milliseconds);
      return () => clearTimeout(timer);
    }
    const timer = { due: this.#elapsed + Math.max(0, milliseconds), callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  nextTurn(callback: () => void): void {
    if (this.#realUpToMs > 0) setImmediate(callback);
    else this.#turns.push(callback);
  }

  /** Milliseconds until each pending timer is due, soonest first. */
  get pending(): number[] {
    return [...this.#timers].map(({ due }) => due - this.#elapsed).toSorted((one, other) => one - other);
  }

  /** Runs queued turns and everything that follows from them, until nothing is left to do without time passing. */
  async flush(): Promise<void> {
    do {
      const turns = this.#turns;
      this.#turns = [];
      for (const turn of turns) turn();
      await settled();
    } while (this.#turns.length > 0);
  }

  /** Lets time pass, and runs each timer when it is due. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#elapsed + milliseconds;
    await this.flush();
    for (let timer = this.#nextUntil(end); timer !== null; timer = this.#nextUntil(end)) {
      this.#timers.delete(timer);
      this.#elapsed = Math.max(this.#elapsed, timer.due);
      timer.callback();
      await this.flush();
    }
    this.#elapsed = end;
  }

  #nextUntil(end: number): Timer | null {
    let next: Timer | null = null;
    for (const timer of this.#timers) {
      if (timer.due <= end && (next === null || timer.due < next.due)) next = timer;
    }
    return next;
  }
}

/** Resolves in the next turn of the event loop, when all settled promises have run. */
async function settled(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}

import type { Clock } from '../instances/ports.ts';

interface Timer {
  due: number;
  callback: () => void;
}

/** Where `elapsed` begins: far from any time of day, and more than a day from 0. */
const BEGINNING = 100_000_000;

export interface FakeClockOptions {
  /** Milliseconds since the epoch. */
  now?: number;
  /**
   * Timers up to this long run on the machine's time, and so do turns; longer ones wait for `advance`. For adapters that
   * wait for real processes in small steps and for people in long ones. Default 0: nothing happens by itself.
   */
  realUpToMs?: number;
}

/**
 * Time that moves when a test says so. Due timers run in the order of their time; between two of them promises and
 * pending I/O get their turn, so what a timer set in motion has happened before the next one runs.
 */
export class FakeClock implements Clock {
  /** What `elapsed` tells, by which timers are due. */
  #elapsed = BEGINNING;
  /** How far the wall clock is ahead of it. */
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

  /** Somebody sets the wall clock, forward or (less than 0) back: no time passes. */
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

  /** Milliseconds from now at which the pending timers are due, soonest first. */
  get pending(): number[] {
    return [...this.#timers].map(({ due }) => due - this.#elapsed).toSorted((one, other) => one - other);
  }

  /** Runs queued turns, what follows from them included, until nothing is left to do without time passing. */
  async flush(): Promise<void> {
    do {
      const turns = this.#turns;
      this.#turns = [];
      for (const turn of turns) turn();
      await settled();
    } while (this.#turns.length > 0);
  }

  /** Lets time pass, running each timer at its own moment. */
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

/** Promises run to their end before the machine's next turn begins. */
async function settled(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}

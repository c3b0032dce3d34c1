import type { Timing } from '../timing.ts';

/** A clock that the test controls, and a constant random number. */
export class FakeTiming implements Timing {
  /** Seconds of every timer that was set, in order. */
  readonly waits: number[] = [];
  readonly #timers = new Set<{ seconds: number; callback: () => void }>();
  readonly #chance: number;
  readonly #isHasty: (seconds: number) => boolean;

  /** @param isHasty Which timers fire at once. Default: those of less than a minute; longer ones are timeouts. */
  constructor({ chance = 0.5, isHasty = (seconds: number) => seconds < 60 } = {}) {
    this.#chance = chance;
    this.#isHasty = isHasty;
  }

  after(seconds: number, callback: () => void): () => void {
    const timer = { seconds, callback };
    this.waits.push(seconds);
    this.#timers.add(timer);
    if (this.#isHasty(seconds)) queueMicrotask(() => this.#fire(timer));
    return () => this.#timers.delete(timer);
  }

  random(): number {
    return this.#chance;
  }

  /** Number of timers that are set. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Fires all timers. */
  passAll(): void {
    for (const timer of Array.from(this.#timers)) this.#fire(timer);
  }

  #fire(timer: { seconds: number; callback: () => void }): void {
    if (this.#timers.delete(timer)) timer.callback();
  }
}

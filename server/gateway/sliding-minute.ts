const WINDOW_S = 60;

/** The amount of one second. */
interface Slice {
  /** Whole seconds of the clock. */
  second: number;
  amount: number;
}

/**
 * A sum over the last 60 seconds, in steps of one second. Amounts expire second by second, so that a caller cannot send
 * twice its limit in a burst, as at the border of two fixed windows. Holds at most 61 slices.
 */
export class SlidingMinute {
  /** Oldest first. */
  readonly #slices: Slice[] = [];
  #sum = 0;

  /** Adds an amount. @param now Milliseconds of a steady clock. */
  add(amount: number, now: number): void {
    if (amount <= 0) return;
    this.#forget(now);
    const second = secondOf(now);
    const newest = this.#slices.at(-1);
    if (newest?.second === second) newest.amount += amount;
    else this.#slices.push({ second, amount });
    this.#sum += amount;
  }

  /** Returns the sum over at least the last 60 seconds and at most the last 61. */
  sum(now: number): number {
    this.#forget(now);
    return this.#sum;
  }

  /** Returns the milliseconds until the sum is below `limit`; 0: it already is. */
  untilBelow(limit: number, now: number): number {
    let sum = this.sum(now);
    for (const { second, amount } of this.#slices) {
      if (sum < limit) return 0;
      sum -= amount;
      if (sum < limit) return endOf(second) - now;
    }
    return 0;
  }

  /** Returns the milliseconds until the sum is 0. */
  untilEmpty(now: number): number {
    this.#forget(now);
    const newest = this.#slices.at(-1);
    return newest === undefined ? 0 : endOf(newest.second) - now;
  }

  #forget(now: number): void {
    const oldest = this.#slices[0];
    if (oldest === undefined || endOf(oldest.second) > now) return;
    const over = this.#slices.findIndex(({ second }) => endOf(second) > now);
    for (const { amount } of this.#slices.splice(0, over === -1 ? this.#slices.length : over)) this.#sum -= amount;
  }
}

function secondOf(now: number): number {
  return Math.floor(now / 1_000);
}

/** Returns when a slice leaves the window: 60 s after its last millisecond. */
function endOf(second: number): number {
  return (second + 1 + WINDOW_S) * 1_000;
}

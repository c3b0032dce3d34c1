/**
 * Requests whose engine died before it answered; one of them may be the cause. On the next run they go first and one at
 * a time, so that a request that kills the engine again fails no other request. A trial ends with the first byte of the
 * answer: from then on the request cannot be sent again, and the next suspect can start.
 */
export class Suspects<Item> {
  /** In the order of return. */
  readonly #waiting = new Set<Item>();
  #trial: object | null = null;

  /** Number of waiting suspects. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Whether other requests may go: no suspect waits or is on trial. */
  get isClear(): boolean {
    return this.#trial === null && this.#waiting.size === 0;
  }

  /** Iterates over the waiting suspects. */
  [Symbol.iterator](): IterableIterator<Item> {
    return this.#waiting.values();
  }

  add(item: Item): void {
    this.#waiting.add(item);
  }

  /** Does nothing for an item that does not wait. */
  remove(item: Item): void {
    this.#waiting.delete(item);
  }

  /**
   * Puts the next suspect on trial. Call `end` when its answer begins or its lease ends; further calls do nothing.
   *
   * @returns `null` if no suspect waits, or one is on trial
   */
  next(): { item: Item; end: () => void } | null {
    if (this.#trial !== null) return null;
    for (const item of this.#waiting) {
      this.#waiting.delete(item);
      const trial = {};
      this.#trial = trial;
      const end = (): void => {
        if (this.#trial === trial) this.#trial = null;
      };
      return { item, end };
    }
    return null;
  }
}

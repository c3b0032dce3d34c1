/**
 * Requests whose engine died before it answered: one of them may be the cause. On the next run they go first and one at a
 * time, so that a request that kills an engine again takes no other request with it. The answer's first byte ends a trial:
 * from then on the request cannot be sent again, and the next one goes.
 */
export class Suspects<Item> {
  /** In the order in which they came back. */
  readonly #waiting = new Set<Item>();
  #trial: object | null = null;

  /** How many wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** No suspect waits or is on trial: other requests may go. */
  get isClear(): boolean {
    return this.#trial === null && this.#waiting.size === 0;
  }

  /** Those that wait. */
  [Symbol.iterator](): IterableIterator<Item> {
    return this.#waiting.values();
  }

  add(item: Item): void {
    this.#waiting.add(item);
  }

  /** An item that does not wait is fine. */
  remove(item: Item): void {
    this.#waiting.delete(item);
  }

  /**
   * Puts the next one on trial. `end` must be called when its answer begins or its lease ends; more calls do nothing.
   * `null`: no suspect waits, or one is on trial.
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

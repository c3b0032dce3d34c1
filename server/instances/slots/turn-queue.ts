/**
 * What waits for its turn, fairly: the callers take turns, and what one caller has waiting goes in the order of coming. So
 * one who sends a hundred requests at once does not keep another from his one.
 */
export class TurnQueue<Item> {
  /** In the order in which the callers have their next turn. No caller has nothing. */
  readonly #byCaller = new Map<string, Set<Item>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** All of them, each caller's in their order. */
  *[Symbol.iterator](): IterableIterator<Item> {
    for (const items of this.#byCaller.values()) yield* items;
  }

  push(caller: string, item: Item): void {
    const items = this.#byCaller.get(caller);
    if (items === undefined) this.#byCaller.set(caller, new Set([item]));
    else items.add(item);
    this.#size += 1;
  }

  /** Takes out who is next. */
  shift(): Item | undefined {
    for (const [caller, items] of this.#byCaller) {
      for (const item of items) {
        this.remove(caller, item);
        // Behind all others.
        if (this.#byCaller.delete(caller)) this.#byCaller.set(caller, items);
        return item;
      }
    }
    return undefined;
  }

  /** What is not there is fine. */
  remove(caller: string, item: Item): void {
    const items = this.#byCaller.get(caller);
    if (items?.delete(item) !== true) return;
    this.#size -= 1;
    if (items.size === 0) this.#byCaller.delete(caller);
  }
}

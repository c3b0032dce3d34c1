/**
 * A fair queue: callers take turns, and the items of one caller go in order of arrival. So a caller with a hundred
 * requests does not block another caller with one.
 */
export class TurnQueue<Item> {
  /** In the order of the callers' next turns. Every caller in the map has at least one item. */
  readonly #byCaller = new Map<string, Set<Item>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Iterates over all items, caller by caller, each caller's in order of arrival. */
  *[Symbol.iterator](): IterableIterator<Item> {
    for (const items of this.#byCaller.values()) yield* items;
  }

  push(caller: string, item: Item): void {
    const items = this.#byCaller.get(caller);
    if (items === undefined) this.#byCaller.set(caller, new Set([item]));
    else items.add(item);
    this.#size += 1;
  }

  /** Removes and returns the next item. */
  shift(): Item | undefined {
    for (const [caller, items] of this.#byCaller) {
      for (const item of items) {
        this.remove(caller, item);
        // The caller goes behind all others.
        if (this.#byCaller.delete(caller)) this.#byCaller.set(caller, items);
        return item;
      }
    }
    return undefined;
  }

  /** Does nothing for an item that is not queued. */
  remove(caller: string, item: Item): void {
    const items = this.#byCaller.get(caller);
    if (items?.delete(item) !== true) return;
    this.#size -= 1;
    if (items.size === 0) this.#byCaller.delete(caller);
  }
}

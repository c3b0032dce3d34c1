/** A map with a size limit. When it is full, it evicts the least recently used entry. */
export class BoundedMap<Key, Value> {
  readonly #bound: number;
  readonly #onEvicted: (value: Value) => void;
  /** Least recently used first. */
  readonly #entries = new Map<Key, Value>();

  /** @param onEvicted gets each value that is evicted because the map is full */
  constructor(bound: number, onEvicted: (value: Value) => void = () => undefined) {
    this.#bound = bound;
    this.#onEvicted = onEvicted;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Returns the value, and marks it as most recently used. */
  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  /** Inserts or replaces. */
  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    for (const [oldest, evicted] of this.#entries) {
      if (this.#entries.size <= this.#bound) return;
      this.#entries.delete(oldest);
      this.#onEvicted(evicted);
    }
  }

  /** Removes an entry, and returns its value. */
  delete(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    this.#entries.delete(key);
    return value;
  }

  /** Least recently used first. */
  entries(): [Key, Value][] {
    return [...this.#entries];
  }
}

/** A map that forgets what was not used for longest when it would grow beyond its bound. */
export class BoundedMap<Key, Value> {
  readonly #bound: number;
  readonly #onEvicted: (value: Value) => void;
  /** Least recently used first. */
  readonly #entries = new Map<Key, Value>();

  /** @param onEvicted told what was forgotten for want of room */
  constructor(bound: number, onEvicted: (value: Value) => void = () => undefined) {
    this.#bound = bound;
    this.#onEvicted = onEvicted;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Counts as a use. */
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

  /** What it was, if it was there. */
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

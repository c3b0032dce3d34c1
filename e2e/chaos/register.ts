/**
 * What was written and acknowledged, of one thing that is written whole and by one writer at a time. A write whose answer was
 * cut may have been made or not: then both are possible until the next read.
 */
export class Register<Value> {
  #possible: Set<Value>;

  constructor(value: Value) {
    this.#possible = new Set([value]);
  }

  /** Everything that may stand there now. */
  get possible(): readonly Value[] {
    return [...this.#possible];
  }

  acknowledged(value: Value): void {
    this.#possible = new Set([value]);
  }

  /** It is unknown whether it was written. */
  unknown(value: Value): void {
    this.#possible.add(value);
  }

  /** Somebody has looked. @returns whether that may be; then it is known from now on */
  learn(isSeen: (value: Value) => boolean): boolean {
    const seen = this.possible.filter(isSeen);
    if (seen.length === 0) return false;
    this.#possible = new Set(seen);
    return true;
  }
}

const FENCE = '"""';

/** Assembles a typed text: one line, or any number of lines between two `"""`. */
export class TypedText {
  #lines: string[] | null = null;

  /** Whether a closing `"""` is missing. */
  get isOpen(): boolean {
    return this.#lines !== null;
  }

  /** Adds a line; returns the text once it is complete, else `null`. */
  add(line: string): string | null {
    const isFirst = this.#lines === null;
    if (isFirst && !line.trimStart().startsWith(FENCE)) return line;
    const lines = this.#lines ?? [];
    const rest = isFirst ? line.trimStart().slice(FENCE.length) : line;
    if (!rest.trimEnd().endsWith(FENCE)) {
      this.#lines = isFirst && rest === '' ? [] : [...lines, rest];
      return null;
    }
    this.#lines = null;
    const last = rest.trimEnd().slice(0, -FENCE.length);
    return (last === '' ? lines : [...lines, last]).join('\n');
  }

  /** Discards an incomplete text. */
  drop(): void {
    this.#lines = null;
  }
}

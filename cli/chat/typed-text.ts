const FENCE = '"""';

/** Puts together what is typed: usually a line; between two `"""` as many as one likes. */
export class TypedText {
  #lines: string[] | null = null;

  /** Whether a closing `"""` is still to come. */
  get isOpen(): boolean {
    return this.#lines !== null;
  }

  /** Takes a line; answers the whole text when it is there, else `null`. */
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

  /** Forgets what was begun. */
  drop(): void {
    this.#lines = null;
  }
}

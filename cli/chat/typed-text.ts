const FENCE = '"""';

/** A text of several lines, or a command that takes one, as in Ollama's chat. */
const BEGINNING = /^\s*(\/(?:set\s+)?system\s+)?"""([^]*)$/;

/** Assembles a typed text: one line, or any number of lines between two `"""`. */
export class TypedText {
  #lines: string[] | null = null;
  /** The command before the text: `/set system `; empty: none. */
  #command = '';

  /** Whether a closing `"""` is missing. */
  get isOpen(): boolean {
    return this.#lines !== null;
  }

  /** Adds a line; returns the text once it is complete, else `null`. */
  add(line: string): string | null {
    const begun = this.#lines === null ? BEGINNING.exec(line) : null;
    if (this.#lines === null && begun === null) return line;
    if (begun !== null) this.#command = begun[1] ?? '';
    const lines = this.#lines ?? [];
    const rest = begun?.[2] ?? line;
    if (!rest.trimEnd().endsWith(FENCE)) {
      this.#lines = begun !== null && rest === '' ? [] : [...lines, rest];
      return null;
    }
    this.#lines = null;
    const last = rest.trimEnd().slice(0, -FENCE.length);
    const text = (last === '' ? lines : [...lines, last]).join('\n');
    // The quotes keep the text whole in the command.
    return this.#command === '' ? text : `${this.#command}"${text}"`;
  }

  /** Discards an incomplete text. */
  drop(): void {
    this.#lines = null;
  }
}

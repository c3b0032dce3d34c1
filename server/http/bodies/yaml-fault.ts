import { ApiError } from '@llamactl/contract/errors';

/** Longest message, because the library's messages quote the text. */
const LONGEST_MESSAGE = 200;
/** Lines between two lines whose starts are stored. */
const STRIDE = 1_024;

/**
 * Finds lines and columns of a text. The library's `LineCounter` stores every line: for 16 million empty lines its
 * array has 128 MB, and each growth copies the array in one go.
 */
export class YamlLines {
  readonly #text: string;
  /** Starts of all lines whose number, counted from 0, is a multiple of {@link STRIDE}. */
  readonly #starts = [0];
  #lines = 1;

  constructor(text: string) {
    this.#text = text;
  }

  /** Adds a line. @param start Where it starts, after all lines that were added before. */
  readonly add = (start: number): void => {
    if (this.#lines % STRIDE === 0) this.#starts.push(start);
    this.#lines += 1;
  };

  /** Returns line and column of an offset, in words. */
  place(offset: number): string {
    const after = this.#starts.findIndex((each) => each > offset);
    const stored = (after === -1 ? this.#starts.length : after) - 1;
    let line = stored * STRIDE + 1;
    let start = this.#starts[stored] ?? 0;
    for (let end = this.#text.indexOf('\n', start); end !== -1 && end < offset; end = this.#text.indexOf('\n', start)) {
      line += 1;
      start = end + 1;
    }
    return `line ${line}, column ${offset - start + 1}`;
  }

  /** Returns the message, preceded by its place. */
  placed(message: string, offset: number): string {
    return `${this.place(offset)}: ${message}`;
  }
}

/** Creates the error for YAML that is refused. Cuts long messages. */
export function fault(...messages: string[]): ApiError {
  const details = messages.map(shortened);
  return new ApiError('VALIDATION_ERROR', 'The body is not YAML that can be read here.', {
    details: details.join('; '),
    problems: details.map((detail) => ({ path: '', message: detail })),
  });
}

function shortened(message: string): string {
  return message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE).toWellFormed()}…` : message;
}

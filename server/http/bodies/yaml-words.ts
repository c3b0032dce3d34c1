import { Lexer } from 'yaml';

/** Longest lexer token, such as a text, in UTF-16 units. */
export const LONGEST_WORD = 65_536;
/** The lexer needs this many characters after the longest token: it looks for the white space that ends a token. */
const LOOK_AHEAD = 4_096;
/** How far the window moves in one step. */
const HOP = 8_192;

/**
 * Yields the lexer tokens of a YAML text. The library reads a token in one go, and looks through all empty lines behind
 * it. With 16 MiB of them one step took 0.8 s. So the lexer sees a window of the text, which moves with its position.
 *
 * The library can also read a text in chunks, but not correctly (yaml 2.9.1). At the end of a chunk it forgets the
 * indentation inside brackets, and it adds the indentation of `|2` twice. So the window is set in its private fields.
 *
 * @param tooLong Creates the error for a token that is longer than `longest`, together with the empty lines behind it.
 */
export function* yamlWords(
  text: string,
  tooLong: () => Error,
  { longest, lookAhead, hop } = { longest: LONGEST_WORD, lookAhead: LOOK_AHEAD, hop: HOP },
): Generator<string, void> {
  const lexer = new Lexer();
  const lines = new Lines(text);
  lexer['getLine'] = () => {
    const line = lines.restOfLine(positionOf(lexer));
    // The lexer searches the line of a directive for a comment. The directive, the comment, and the spaces between them
    // are a token each.
    if (line.startsWith('%') || line.startsWith('\ufeff%')) return line.slice(0, 3 * (longest + 1) + 1);
    // Of any other line, the lexer reads the first characters, and uses the length for a comment at its end.
    return line;
  };
  const endFor = (position: number): number => {
    let last = position + longest + lookAhead + hop;
    if (last >= text.length) return text.length;
    // Do not cut between two single quotes that stand for one: the first alone would end a text.
    while (text[last - 1] === "'" && last > position + longest + hop) last -= 1;
    return last;
  };
  let end = endFor(0);
  // `lex` takes the first window for the whole text. That is harmless: the first token depends only on its line.
  for (const word of lexer.lex(text.slice(0, end))) {
    if (word.length > longest) throw tooLong();
    yield word;
    const next = positionOf(lexer) + word.length;
    if (end < text.length && end < next + longest + lookAhead) {
      end = endFor(next);
      lexer['buffer'] = text.slice(0, end);
    }
    lexer['atEnd'] = end === text.length;
  }
  // The lexer reached the end of the window, and waits for more.
  if (lexer['next'] !== null) throw tooLong();
}

/** Position of the lexer in its text; while a token is yielded, where the token begins. */
function positionOf(lexer: Lexer): number {
  const position: unknown = lexer['pos'];
  if (typeof position !== 'number') throw new TypeError('the library keeps the position of its lexer elsewhere');
  return position;
}

/** Finds the ends of lines for positions that only grow, so that no line is searched twice. */
class Lines {
  readonly #text: string;
  /** Position of the line break that was found last; the length of the text if no other line break follows. */
  #end = -1;

  constructor(text: string) {
    this.#text = text;
  }

  /** Returns the text from a position to the end of its line, without the line break. */
  restOfLine(start: number): string {
    if (this.#end < start) {
      const end = this.#text.indexOf('\n', start);
      this.#end = end === -1 ? this.#text.length : end;
    }
    const hasReturn = this.#end < this.#text.length && this.#text[this.#end - 1] === '\r';
    return this.#text.substring(start, hasReturn ? this.#end - 1 : this.#end);
  }
}

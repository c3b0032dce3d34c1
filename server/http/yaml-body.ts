import { ApiError, MOST_PROBLEMS, type Problem } from '@llamactl/contract/errors';
import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, Parser, type Document, type CST } from 'yaml';
import { DEEPEST, unsafeParts } from './json-body.ts';
import { childPath, validationError } from './problems.ts';

/** Words of the parser, such as a name, a colon or a line's indentation: an ordinary megabyte has fewer. */
const MOST_WORDS = 600_000;
/** Values that aliases may repeat, all together. */
const MOST_REPEATED = 100_000;

/**
 * The value in a body of YAML 1.2 (core schema, UTF-8, one document); `undefined` when the body is empty.
 *
 * Throws `VALIDATION_ERROR`, with line and column, for what is no YAML, for tags that are not of the core schema, names
 * given twice, aliases that repeat too much, and for what JSON bodies may not hold either.
 */
export function parseYamlBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  const lines = new LineCounter();
  const tokens = readTokens(decodeUtf8(bytes), lines);
  const document = compose(tokens, lines);
  const value = document === null ? null : new Reader(document, lines).read();
  const problems = unsafeParts(value);
  if (problems.length > 0) throw validationError(problems);
  return value;
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw fault('it is not UTF-8 text');
  }
}

/**
 * Cut off where it gets out of hand. The library composes by recursion: at some depth V8 cannot compile a regular
 * expression any more and ends the whole process (`{a: ` a quarter of a million times, yaml 2.9.1).
 */
function readTokens(text: string, lines: LineCounter): CST.Token[] {
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  let words = 0;
  let documents = 0;
  const take = (token: CST.Token): void => {
    tokens.push(token);
    if (token.type === 'document') documents += 1;
    if (documents > 1) throw fault(placed('only one document is read', token.offset, lines));
  };
  lines.addNewLine(0);
  for (const word of new Lexer().lex(text)) {
    for (const token of parser.next(word)) take(token);
    words += 1;
    if (parser.stack.length > DEEPEST + 3)
      throw fault(placed(`it is nested deeper than ${DEEPEST} levels`, parser.offset, lines));
    if (words > MOST_WORDS) throw fault(placed('it is made of too many parts', parser.offset, lines));
  }
  for (const token of parser.end()) take(token);
  return tokens;
}

/** `null`: there is nothing but comments. */
function compose(tokens: readonly CST.Token[], lines: LineCounter): Document.Parsed | null {
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    resolveKnownTags: false,
    stringKeys: true,
    // Looks at every pair of names: half a minute for a megabyte. We look ourselves.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const [document] = composer.compose(tokens, true);
  if (document === undefined) return null;
  // A tag that is not known is only a warning to the parser; to us it is a value that we would misread.
  const faults = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0]);
  if (faults.length > 0) {
    const shown = faults.slice(0, MOST_PROBLEMS);
    throw fault(...shown.map(({ message, pos }) => placed(message, pos[0], lines)));
  }
  return document;
}

/** Turns nodes into values. An alias is the value of its anchor again; what is repeated is counted. */
class Reader {
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;
  readonly #anchors = new Map<string, { value: unknown; size: number }>();
  readonly #twice: Problem[] = [];
  #values = 0;
  #repeated = 0;

  constructor(document: Document.Parsed, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  read(): unknown {
    const value = this.#valueOf(this.#document.contents, '');
    if (this.#twice.length > 0) throw validationError(this.#twice);
    return value;
  }

  #valueOf(node: unknown, path: string): unknown {
    if (isAlias(node)) return this.#repeat(node.source, offsetOf(node));
    const before = this.#values;
    this.#values += 1;
    const value = this.#contentOf(node, path);
    // Only now: an alias inside of its own anchor would be a circle.
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, { value, size: this.#values - before });
    return value;
  }

  #contentOf(node: unknown, path: string): unknown {
    if (isScalar(node)) return node.value;
    if (isSeq(node)) return node.items.map((item, index) => this.#valueOf(item, childPath(path, index)));
    if (!isMap(node)) return null;
    const entries = new Map<string, unknown>();
    for (const { key, value } of node.items) {
      const name = this.#nameOf(key);
      const at = childPath(path, name);
      if (entries.has(name) && this.#twice.length < MOST_PROBLEMS)
        this.#twice.push({ path: at, message: `is given twice (${place(offsetOf(key), this.#lines)})` });
      entries.set(name, this.#valueOf(value, at));
    }
    return Object.fromEntries(entries);
  }

  #nameOf(key: unknown): string {
    if (isScalar(key) && typeof key.value === 'string') return key.value;
    throw fault(placed('a name has to be a text', offsetOf(key), this.#lines));
  }

  #repeat(anchor: string, offset: number): unknown {
    const known = this.#anchors.get(anchor);
    if (known === undefined) throw fault(placed(`*${anchor} has no &${anchor} before it`, offset, this.#lines));
    this.#repeated += known.size;
    this.#values += known.size;
    if (this.#repeated <= MOST_REPEATED) return known.value;
    throw fault(placed('its aliases repeat too much', offset, this.#lines));
  }
}

function offsetOf(node: unknown): number {
  return (node as { range?: readonly number[] | null } | null)?.range?.[0] ?? 0;
}

function place(offset: number, lines: LineCounter): string {
  const { line, col } = lines.linePos(offset);
  return `line ${line}, column ${col}`;
}

function placed(message: string, offset: number, lines: LineCounter): string {
  return `${place(offset, lines)}: ${message}`;
}

function fault(...details: string[]): ApiError {
  return new ApiError('VALIDATION_ERROR', 'The body is not YAML that can be read here.', {
    details: details.join('; '),
    problems: details.map((detail) => ({ path: '', message: detail })),
  });
}

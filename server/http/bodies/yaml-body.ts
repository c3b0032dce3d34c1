import { ApiError, MOST_PROBLEMS, type Problem } from '@llamactl/contract/errors';
import {
  Composer,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
  type CST,
  type Document,
  type YAMLMap,
} from 'yaml';
import { DEEPEST, unsafeParts } from './json-body.ts';
import { childPath, joinedPath, validationError } from './problems.ts';
import { atOnce, type Sliced } from '../../sliced-work.ts';
import { MOST_VALUES, tooManyEntries, tooManyValues } from './value-count.ts';

/**
 * Most lexer tokens, such as a name, a colon or an indentation, in a part that is composed as one. Such a part is a
 * list in brackets, a value of the outermost map that is no list, or an entry of one that is. Composing takes about 2
 * µs per token.
 */
const MOST_WORDS = 100_000;
/** Tokens between two attempts to compose complete parts; processing them takes some milliseconds. */
const SLICE_WORDS = 300;
/** Longest lexer token, such as a text. The library reads a token in one go: 16 MiB of `|+` and empty lines took 7 s. */
const LONGEST_WORD = 65_536;
/** Most values that aliases may repeat in total. */
const MOST_REPEATED = 100_000;

/**
 * Parses a YAML 1.2 body (core schema, UTF-8, one document). Returns `undefined` when the body is empty.
 *
 * Throws `VALIDATION_ERROR`, with line and column, for invalid YAML, tags outside of the core schema, repeated names,
 * and aliases that repeat too much. Also throws it for everything that JSON bodies may not hold.
 */
export function parseYamlBody(bytes: Buffer): unknown {
  return atOnce(yamlBody(bytes));
}

/** Like {@link parseYamlBody}, in slices. @param sliceWords Tokens between two attempts to compose complete parts. */
export function* yamlBody(bytes: Buffer, sliceWords = SLICE_WORDS): Sliced<unknown> {
  if (bytes.length === 0) return undefined;
  const value = yield* new YamlDocument(decodeUtf8(bytes), sliceWords).read();
  const problems = yield* unsafeInSlices(value);
  if (problems.length > 0) throw validationError(problems);
  return value;
}

/** Checks a value like {@link unsafeParts}, entry by entry in the lists of the outermost map. */
function* unsafeInSlices(value: unknown): Sliced<Problem[]> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return unsafeParts(value);
  const members = Object.entries(value);
  const problems = unsafeParts(
    Object.fromEntries(members.map(([name, member]) => [name, Array.isArray(member) ? [] : member])),
  );
  for (const [name, member] of members) {
    if (!Array.isArray(member)) continue;
    for (const [index, entry] of member.entries()) {
      if (problems.length >= MOST_PROBLEMS) return problems.slice(0, MOST_PROBLEMS);
      const path = childPath(name, index);
      for (const problem of unsafeParts(entry, 2)) problems.push(joinedPath(path, problem));
      yield;
    }
  }
  return problems.slice(0, MOST_PROBLEMS);
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw fault('it is not UTF-8 text');
  }
}

/**
 * Reads a document in parts. Complete parts of the outermost map, and of each list in it, are taken out of the parser
 * early and turned into values. So no turn composes much, and memory holds the tokens of one part only.
 *
 * A part that is composed as one is limited in length and depth. The library composes by recursion. At some depth V8
 * can no longer compile a regular expression, and ends the whole process (`{a: ` a quarter of a million times, yaml
 * 2.9.1).
 */
class YamlDocument {
  readonly #text: string;
  readonly #sliceWords: number;
  readonly #lines = new LineCounter();
  readonly #parser = new Parser(this.#lines.addNewLine);
  readonly #reader = new Reader(this.#lines);
  readonly #tokens: CST.Token[] = [];
  readonly #faults: string[] = [];
  #documents = 0;

  constructor(text: string, sliceWords: number) {
    this.#text = text;
    this.#sliceWords = sliceWords;
  }

  *read(): Sliced<unknown> {
    const parser = this.#parser;
    let words = 0;
    this.#lines.addNewLine(0);
    for (const word of new Lexer().lex(this.#text)) {
      if (word.length > LONGEST_WORD) throw this.#faultHere(`a text has more than ${LONGEST_WORD} characters`);
      for (const token of parser.next(word)) this.#take(token);
      words += 1;
      if (parser.stack.length > DEEPEST + 3) throw this.#faultHere(`it is nested deeper than ${DEEPEST} levels`);
      if (words > MOST_WORDS) throw this.#faultHere('it is made of too many parts');
      if (words % this.#sliceWords !== 0) continue;
      if (this.#composeComplete()) words = 0;
      yield;
    }
    for (const token of parser.end()) this.#take(token);
    const rest = this.#composed(this.#tokens);
    if (this.#faults.length > 0) throw fault(...this.#faults.slice(0, MOST_PROBLEMS));
    return rest === null ? null : this.#reader.finish(rest.contents);
  }

  #take(token: CST.Token): void {
    this.#tokens.push(token);
    if (token.type === 'document') this.#documents += 1;
    if (this.#documents > 1) throw fault(placed('only one document is read', token.offset, this.#lines));
  }

  /**
   * Composes the complete parts: all pairs but the last of the outermost map, and all entries but the last of the list
   * in that pair.
   *
   * @returns whether something was composed
   */
  #composeComplete(): boolean {
    const [document, map, list] = this.#parser.stack;
    if (document?.type !== 'document' || map?.type !== 'block-map') return false;
    const pairs = takeComplete(map);
    if (pairs.length > 0) this.#composePart(document, { ...map, items: pairs });
    const key = map.items[0]?.key;
    if (list?.type !== 'block-seq' || !isNameToken(key)) return pairs.length > 0;
    const entries = takeComplete(list);
    if (entries.length > 0) this.#composePart(document, { ...list, items: entries }, key.source);
    return pairs.length + entries.length > 0;
  }

  /** @param listName Name of the list that the entries belong to; left out: the pairs belong to the outermost map */
  #composePart({ offset, start }: CST.Document, value: CST.BlockMap | CST.BlockSequence, listName?: string): void {
    // Anchor and tag belong to the whole document.
    const marks = start.filter(({ type }) => type !== 'anchor' && type !== 'tag');
    const directives = this.#tokens.filter(({ type }) => type === 'directive');
    const part = this.#composed([...directives, { type: 'document', offset, start: marks, value }]);
    // Anything after an error may be misread.
    if (part === null || this.#faults.length > 0) return;
    if (listName === undefined) this.#reader.addPairs(part.contents);
    else this.#reader.addEntries(part.contents, listName);
  }

  /** `null`: the document has only comments, or has errors. */
  #composed(tokens: readonly CST.Token[]): Document.Parsed | null {
    const composer = new Composer({
      version: '1.2',
      schema: 'core',
      resolveKnownTags: false,
      stringKeys: true,
      // The library's check compares every pair of names, which takes half a minute for a megabyte. `Reader` checks
      // itself.
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    });
    const [document] = composer.compose(tokens, true);
    if (document === undefined) return null;
    // An unknown tag is only a warning to the parser, but its value would be misread here.
    const faults = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0]);
    if (faults.length === 0) return document;
    this.#faults.push(
      ...faults.slice(0, MOST_PROBLEMS).map(({ message, pos }) => placed(message, pos[0], this.#lines)),
    );
    if (this.#faults.length >= MOST_PROBLEMS) throw fault(...this.#faults.slice(0, MOST_PROBLEMS));
    return null;
  }

  #faultHere(message: string): ApiError {
    return fault(placed(message, this.#parser.offset, this.#lines));
  }
}

/** Removes and returns all items but the last, which may be incomplete. */
function takeComplete<Item extends CST.BlockMap['items'][number] | CST.BlockSequence['items'][number]>(collection: {
  offset: number;
  items: Item[];
}): Item[] {
  const complete = collection.items.splice(0, collection.items.length - 1);
  const [last] = collection.items;
  const [first] = last === undefined ? [] : [...last.start, last.key, ...(last.sep ?? [])];
  // The parser rejects a name more than 1024 characters after the start of its map.
  collection.offset = first?.offset ?? collection.offset;
  return complete;
}

function isNameToken(token: CST.Token | null | undefined): token is CST.FlowScalar {
  return token?.type === 'scalar' || token?.type === 'single-quoted-scalar' || token?.type === 'double-quoted-scalar';
}

/** A list of the outermost map that is partly read. */
interface Begun {
  values: unknown[];
  /** Number of values read before the list. */
  before: number;
}

/** Turns nodes into values. An alias repeats the value of its anchor, and repeated values are counted. */
class Reader {
  readonly #lines: LineCounter;
  readonly #anchors = new Map<string, { value: unknown; size: number }>();
  readonly #twice: Problem[] = [];
  /** Pairs of the outermost map. */
  readonly #outermost = new Map<string, unknown>();
  /** The list that is the value of the next pair of the outermost map, as far as it is read. */
  #begun: Begun | null = null;
  #values = 0;
  #repeated = 0;

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  /** Adds the rest. @returns the whole value */
  finish(contents: unknown): unknown {
    const value =
      isMap(contents) && this.#outermost.size + (this.#begun?.values.length ?? 0) > 0
        ? this.#finishOutermost(contents)
        : this.#valueOf(contents, '');
    if (this.#twice.length > 0) throw validationError(this.#twice);
    return value;
  }

  #finishOutermost(map: YAMLMap): unknown {
    this.addPairs(map);
    return Object.fromEntries(this.#outermost);
  }

  /** Adds pairs of the outermost map. */
  addPairs(map: unknown): void {
    if (!isMap(map)) return;
    this.#addPairs(map, '', this.#outermost);
    if (this.#outermost.size > MOST_VALUES) throw validationError([tooManyValues('')]);
  }

  /**
   * Adds entries of the list that is the next value of the outermost map.
   *
   * @param name Name of the list, for messages.
   */
  addEntries(list: unknown, name: string): void {
    if (!isSeq(list)) return;
    this.#begun ??= { values: [], before: this.#values };
    const { values } = this.#begun;
    for (const item of list.items) values.push(this.#valueOf(item, childPath(name, values.length)));
    if (values.length > MOST_VALUES) throw validationError([tooManyEntries(name)]);
  }

  #valueOf(
    node: unknown,
    path: string,
    { values: begun, before }: Begun = { values: [], before: this.#values },
  ): unknown {
    if (isAlias(node)) return this.#repeat(node.source, offsetOf(node));
    this.#values += 1;
    const value = this.#contentOf(node, path, begun);
    // Set the anchor after its content: an alias inside its own anchor would be a cycle.
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, { value, size: this.#values - before });
    return value;
  }

  #contentOf(node: unknown, path: string, begun: readonly unknown[]): unknown {
    if (isScalar(node)) return node.value;
    if (isSeq(node)) {
      const rest = node.items.map((item, index) => this.#valueOf(item, childPath(path, begun.length + index)));
      return [...begun, ...rest];
    }
    if (!isMap(node)) return null;
    const entries = new Map<string, unknown>();
    this.#addPairs(node, path, entries);
    return Object.fromEntries(entries);
  }

  #addPairs({ items }: YAMLMap, path: string, into: Map<string, unknown>): void {
    for (const { key, value } of items) {
      const name = this.#nameOf(key);
      const at = childPath(path, name);
      if (into.has(name) && this.#twice.length < MOST_PROBLEMS)
        this.#twice.push({ path: at, message: `is given twice (${place(offsetOf(key), this.#lines)})` });
      into.set(name, this.#valueOf(value, at, into === this.#outermost ? this.#takeBegun() : undefined));
    }
  }

  #takeBegun(): Begun | undefined {
    const begun = this.#begun ?? undefined;
    this.#begun = null;
    return begun;
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

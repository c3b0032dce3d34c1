import { MOST_PROBLEMS, type ApiError, type Problem } from '@llamactl/contract/errors';
import { Composer, CST, Parser, type Document } from 'yaml';
import { DEEPEST, unsafeParts } from './json-body.ts';
import { childPath, joinedPath, validationError } from './problems.ts';
import { atOnce, type Sliced } from '../../sliced-work.ts';
import { fault, YamlLines } from './yaml-fault.ts';
import { YamlReader } from './yaml-reader.ts';
import { LONGEST_WORD, yamlWords } from './yaml-words.ts';

/**
 * Largest effort (see {@link effortOf}) of a part that is composed as one. Such a part is a list in brackets, a value
 * of the outermost map that is no list, or an entry of one that is.
 */
const MOST_EFFORT = 100_000;
/** Most faults that are reported: the parser continues after a fault, and most later ones are its consequences. */
const MOST_FAULTS = 3;
/** Effort between two attempts to compose complete parts; it takes some milliseconds. */
const SLICE_EFFORT = 300;

/**
 * Effort of a lexer token, such as a name, a colon or an indentation: about 2 µs for itself, and as much for every 64 of
 * its characters.
 */
function effortOf(word: string): number {
  return 1 + Math.floor(word.length / 64);
}

/**
 * Parses a YAML 1.2 body (core schema, UTF-8, one document). Returns `undefined` when the body is empty.
 *
 * Throws `VALIDATION_ERROR`, with line and column, for invalid YAML, tags outside of the core schema, repeated names,
 * and aliases that repeat too much. Also throws it for everything that JSON bodies may not hold.
 */
export function parseYamlBody(bytes: Buffer): unknown {
  return atOnce(yamlBody(bytes));
}

/** Like {@link parseYamlBody}, in slices. @param sliceEffort Effort between two attempts to compose complete parts. */
export function* yamlBody(bytes: Buffer, sliceEffort = SLICE_EFFORT): Sliced<unknown> {
  if (bytes.length === 0) return undefined;
  const value = yield* new YamlDocument(decodeUtf8(bytes), sliceEffort).read();
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
      const path = childPath(childPath('', name), index);
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
 * A part that cannot be divided is limited in length and depth, because the library composes by recursion. At some
 * depth V8 can no longer compile a regular expression, and ends the whole process (`{a: ` a quarter of a million times,
 * yaml 2.9.1).
 */
class YamlDocument {
  readonly #text: string;
  readonly #sliceEffort: number;
  readonly #lines: YamlLines;
  readonly #parser: Parser;
  readonly #reader: YamlReader;
  readonly #tokens: CST.Token[] = [];
  readonly #faults: string[] = [];
  #documents = 0;

  constructor(text: string, sliceEffort: number) {
    this.#text = text;
    this.#lines = new YamlLines(text);
    this.#parser = new Parser(this.#lines.add);
    this.#reader = new YamlReader(this.#lines);
    this.#sliceEffort = sliceEffort;
  }

  *read(): Sliced<unknown> {
    const parser = this.#parser;
    const tooLong = (): ApiError => this.#faultHere(`a text has more than ${LONGEST_WORD} characters`);
    let effort = 0;
    let sliceEffort = 0;
    for (const word of yamlWords(this.#text, tooLong)) {
      for (const token of parser.next(word)) this.#take(token);
      effort += effortOf(word);
      sliceEffort += effortOf(word);
      if (parser.stack.length > DEEPEST + 3) throw this.#faultHere(`it is nested deeper than ${DEEPEST} levels`);
      if (effort > MOST_EFFORT) throw this.#faultHere('it is made of too many parts');
      if (sliceEffort < this.#sliceEffort) continue;
      sliceEffort = 0;
      yield;
      if (this.#composeComplete()) effort = 0;
      yield;
    }
    for (const token of parser.end()) this.#take(token);
    const rest = this.#composed(this.#tokens);
    if (this.#faults.length > 0) throw fault(...this.#faults.slice(0, MOST_FAULTS));
    return rest === null ? null : this.#reader.finish(rest.contents);
  }

  #take(token: CST.Token): void {
    this.#tokens.push(token);
    if (token.type === 'document') this.#documents += 1;
    if (this.#documents > 1) throw fault(this.#lines.placed('only one document is read', token.offset));
  }

  /**
   * Composes the complete parts: of the outermost map all pairs but the last, and of the list in that last pair all
   * entries but the last.
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
    if (entries.length > 0) this.#composePart(document, { ...list, items: entries }, CST.resolveAsScalar(key).value);
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
      // The library's check compares every pair of names, which takes half a minute for a megabyte. `YamlReader`
      // checks itself.
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    });
    const [document] = composer.compose(tokens, true, this.#parser.offset);
    if (document === undefined) return null;
    // An unknown tag is only a warning to the parser, but its value would be misread here.
    const faults = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0]);
    if (faults.length === 0) return document;
    this.#faults.push(...faults.slice(0, MOST_FAULTS).map(({ message, pos }) => this.#lines.placed(message, pos[0])));
    if (this.#faults.length >= MOST_FAULTS) throw fault(...this.#faults.slice(0, MOST_FAULTS));
    return null;
  }

  #faultHere(message: string): ApiError {
    return fault(this.#lines.placed(message, this.#parser.offset));
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
  // The parser rejects a name more than 1024 characters after the start of its map, so move the start.
  collection.offset = first?.offset ?? collection.offset;
  return complete;
}

function isNameToken(token: CST.Token | null | undefined): token is CST.FlowScalar {
  return token?.type === 'scalar' || token?.type === 'single-quoted-scalar' || token?.type === 'double-quoted-scalar';
}

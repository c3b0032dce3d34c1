import type { Problem } from '@llamactl/contract/errors';
import type { Sliced } from '../../sliced-work.ts';
import { isJsonSpace, jsonFault } from './json-fault.ts';
import { CLOSE_ARRAY, CLOSE_OBJECT, COLON, COMMA, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from '../../json-bytes.ts';

/**
 * Most values in one body: every entry of a list and every member of an object counts. A schema checks all of them
 * before it answers. That takes some ten microseconds per value and blocks the server.
 */
export const MOST_VALUES = 5_000;

/** The problem of a part with too many values. */
export function tooManyValues(path: string): Problem {
  return { path, message: `must hold at most ${MOST_VALUES} values` };
}

/** The problem of a list with too many entries. The values of such a list are counted for each entry. */
export function tooManyEntries(path: string): Problem {
  return { path, message: `must have at most ${MOST_VALUES} entries` };
}

/** Whether a value holds more than {@link MOST_VALUES} values. Counting stops at the limit. */
export function hasTooManyValues(root: unknown): boolean {
  const pending: unknown[] = [root];
  let count = 0;
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
    count += members.length;
    if (count > MOST_VALUES) return true;
    for (const member of members) if (typeof member === 'object' && member !== null) pending.push(member);
  }
  return false;
}

/** A list in a JSON text; positions in UTF-16 units. */
export interface JsonList {
  /** Position after its opening bracket. */
  start: number;
  /**
   * Position of the character that closes the list or object; the end of the text if none does. In invalid JSON, the
   * character may not be a bracket.
   */
  end: number;
  /** Positions of its entries, including white space. The entries may be invalid JSON. */
  entries: { start: number; end: number; hasTooMany: boolean }[];
  /** Whether the list has more than {@link MOST_VALUES} entries; `entries` omits the rest. */
  isTooLong: boolean;
}

/** Size of a JSON text before it is parsed. */
export interface JsonSize {
  /** Whether the text holds more than {@link MOST_VALUES} values, not counting those in `list`. */
  hasTooMany: boolean;
  /** `null`: the text has no such list. */
  list: JsonList | null;
  /** A name that the outermost object has twice, and where it is repeated. Always `null` if no list is looked for. */
  repeated: { name: string; offset: number } | null;
}

/** Characters between two pauses of the work. */
const STEP = 65_536;
/** Longest name that is compared, in quotes and with escapes. No schema has a longer one. */
const LONGEST_NAME = 256;

/**
 * Counts the values in a JSON text before they are created: a megabyte of `{},` takes 0.4 s to parse and inspect. For
 * invalid JSON the count is arbitrary.
 *
 * @param listName Name of a list in the outermost object, whose entries are counted one by one. If the object has the
 * name twice, only the first value can be that list.
 */
export function* jsonSize(text: string, listName: string | null): Sliced<JsonSize> {
  let count = 0;
  /** Number of values outside of the list, while its entries are counted. */
  let countBeside = 0;
  let depth = 0;
  let hasJustOpened = false;
  const strings = new Strings(text);
  /** Start of the current string; `null`: not inside a string. */
  let textStart: number | null = null;
  /** The last string in the outermost object. */
  let lastText = { start: 0, end: 0 };
  const names = new Names();
  let list: JsonList | null = null;
  let entryStart: number | null = null;
  /** Whether the first entry of the list has only white space so far. */
  let isBlank = false;
  const endEntry = (into: JsonList, start: number, end: number): void => {
    into.isTooLong ||= into.entries.length === MOST_VALUES;
    if (!into.isTooLong) into.entries.push({ start, end, hasTooMany: count > MOST_VALUES });
    count = 0;
  };
  let due = STEP;
  for (let index = 0; index < text.length; index += 1) {
    if (index >= due) {
      due = index + STEP;
      yield;
    }
    if (textStart !== null) {
      const { position, isEnd } = strings.next(index);
      index = position;
      if (!isEnd) continue;
      if (depth === 1) lastText = { start: textStart, end: index + 1 };
      textStart = null;
      continue;
    }
    const character = text.charCodeAt(index);
    if (isJsonSpace(character)) continue;
    const closes = character === CLOSE_ARRAY || character === CLOSE_OBJECT;
    if (!closes) isBlank = false;
    if (hasJustOpened && !closes) count += 1;
    hasJustOpened = false;
    if (character === QUOTE) {
      textStart = index;
    } else if (character === COMMA) {
      if (depth === 2 && list !== null && entryStart !== null) {
        endEntry(list, entryStart, index);
        entryStart = index + 1;
      } else count += 1;
    } else if (character === COLON) {
      if (depth === 1 && listName !== null) names.add(text, lastText);
    } else if (character === OPEN_ARRAY || character === OPEN_OBJECT) {
      depth += 1;
      hasJustOpened = true;
      if (depth !== 2 || character !== OPEN_ARRAY || list !== null) continue;
      if (names.last !== listName || listName === null || names.repeated?.name === listName) continue;
      list = { start: index + 1, end: text.length, entries: [], isTooLong: false };
      entryStart = index + 1;
      hasJustOpened = false;
      isBlank = true;
      countBeside = count;
      count = 0;
    } else if (closes) {
      depth -= 1;
      if (depth !== 1 || list === null || entryStart === null) continue;
      if (list.entries.length > 0 || !isBlank) endEntry(list, entryStart, index);
      list.end = index;
      entryStart = null;
      count = countBeside;
    }
  }
  return { hasTooMany: count > MOST_VALUES, list, repeated: names.repeated };
}

/** Finds the ends of strings and their escapes, for positions that only grow, so that nothing is searched twice. */
class Strings {
  readonly #text: string;
  #quote = -1;
  #backslash = -1;

  constructor(text: string) {
    this.#text = text;
  }

  /**
   * From a position inside a string on, returns the closing quote or, if an escape comes first, the last character of
   * the escape.
   */
  next(position: number): { position: number; isEnd: boolean } {
    if (this.#quote < position) this.#quote = this.#find('"', position);
    if (this.#backslash < position) this.#backslash = this.#find('\\', position);
    if (this.#backslash < this.#quote) return { position: this.#backslash + 1, isEnd: false };
    return { position: this.#quote, isEnd: true };
  }

  #find(character: string, position: number): number {
    const found = this.#text.indexOf(character, position);
    return found === -1 ? this.#text.length : found;
  }
}

/** The names of an object in a JSON text. */
class Names {
  readonly #names = new Set<string>();
  /** The last name; `null` if it is invalid, or too long to be known. */
  last: string | null = null;
  /** The first name that was added twice. */
  repeated: JsonSize['repeated'] = null;

  add(text: string, { start, end }: { start: number; end: number }): void {
    this.last = end - start > LONGEST_NAME ? null : decoded(text.slice(start, end));
    if (this.last === null) return;
    if (this.#names.has(this.last)) this.repeated ??= { name: this.last, offset: start };
    // An object with more names is refused for its size.
    if (this.#names.size <= MOST_VALUES) this.#names.add(this.last);
  }
}

/** Returns the value of a JSON string; `null` if it is invalid, which the parser reports. */
function decoded(quoted: string): string | null {
  const value: unknown = jsonFault(quoted) === null ? JSON.parse(quoted) : null;
  return typeof value === 'string' ? value : null;
}

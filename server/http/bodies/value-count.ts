import type { Problem } from '@llamactl/contract/errors';
import type { Sliced } from '../../sliced-work.ts';

/**
 * Most values in one body: every entry of a list and every member of an object counts. A schema checks all of them
 * before it answers, at some ten microseconds each, and blocks the server meanwhile.
 */
export const MOST_VALUES = 5_000;

/** The problem of a part with too many values. */
export function tooManyValues(path: string): Problem {
  return { path, message: `must hold at most ${MOST_VALUES} values` };
}

/** The problem of a list with too many entries, whose values are counted for each entry. */
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
   * Position of the character that closes it; the end of the text if none does. In invalid JSON, the character may not
   * be a bracket.
   */
  end: number;
  /** Positions of its entries, including white space. The entries may be invalid JSON. */
  entries: { start: number; end: number; hasTooMany: boolean }[];
  /** The list has more than {@link MOST_VALUES} entries; `entries` omits the rest. */
  isTooLong: boolean;
}

/** Size of a JSON text before it is parsed. */
export interface JsonSize {
  /** The text holds more than {@link MOST_VALUES} values, not counting those in `list`. */
  hasTooMany: boolean;
  /** `null`: the text has no such list. */
  list: JsonList | null;
}

/** Characters between two pauses of the work. */
const STEP = 65_536;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPENING_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/**
 * Counts the values in a JSON text before they are created: a megabyte of `{},` takes 0.4 s to parse and inspect. For
 * invalid JSON the count is arbitrary.
 *
 * @param listName Name of a list in the outermost object, whose entries are counted one by one. Of two lists with this
 * name the last one is returned, and the values of the others count as values outside of it.
 */
export function* jsonSize(text: string, listName: string | null): Sliced<JsonSize> {
  const wanted = listName === null ? null : JSON.stringify(listName);
  let count = 0;
  /** Values outside of the list, while its entries are counted. */
  let countBeside = 0;
  let depth = 0;
  let hasJustOpened = false;
  /** Start of the current string; `null`: not inside a string. */
  let textStart: number | null = null;
  /** The last string in the outermost object, and the last name there. */
  let lastText = '';
  let name = '';
  let list: JsonList | null = null;
  let entryStart: number | null = null;
  /** Values in the entries of `list`. */
  let countWithin = 0;
  const endEntry = (into: JsonList, start: number, end: number): void => {
    into.isTooLong ||= into.entries.length === MOST_VALUES;
    if (!into.isTooLong) into.entries.push({ start, end, hasTooMany: count > MOST_VALUES });
    countWithin += count + 1;
    count = 0;
  };
  let due = STEP;
  for (let index = 0; index < text.length; index += 1) {
    if (index >= due) {
      due = index + STEP;
      yield;
    }
    if (textStart !== null) {
      const end = text.indexOf('"', index);
      index = end === -1 ? text.length : end;
      if (isEscaped(text, index)) continue;
      if (depth === 1) lastText = text.slice(textStart, Math.min(index + 1, textStart + (wanted?.length ?? 0) + 1));
      textStart = null;
      continue;
    }
    const character = text.charCodeAt(index);
    if (character <= SPACE) continue;
    const closes = character === CLOSING_BRACKET || character === CLOSING_BRACE;
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
      if (depth !== 1) continue;
      name = lastText;
      if (name !== wanted) continue;
      list = null;
      count += countWithin;
      countWithin = 0;
    } else if (character === OPENING_BRACKET || character === OPENING_BRACE) {
      depth += 1;
      hasJustOpened = true;
      if (depth !== 2 || name !== wanted || character !== OPENING_BRACKET) continue;
      list = { start: index + 1, end: text.length, entries: [], isTooLong: false };
      entryStart = index + 1;
      hasJustOpened = false;
      countBeside = count;
      count = 0;
    } else if (closes) {
      depth -= 1;
      if (depth !== 1 || list === null || entryStart === null) continue;
      const isEmpty = list.entries.length === 0 && text.slice(entryStart, index).trim() === '';
      if (!isEmpty) endEntry(list, entryStart, index);
      list.end = index;
      entryStart = null;
      count = countBeside;
    }
  }
  return { hasTooMany: count > MOST_VALUES, list };
}

/** Whether an odd number of backslashes stands before a character. */
function isEscaped(text: string, index: number): boolean {
  let start = index;
  while (text.charCodeAt(start - 1) === BACKSLASH) start -= 1;
  return (index - start) % 2 === 1;
}

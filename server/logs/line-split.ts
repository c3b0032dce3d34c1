import { isAscii } from 'node:buffer';
import { cleanLine, needsCleaning } from './clean-text.ts';

/** One line as it is shown, without its line feed. */
export interface Line {
  /** Without control characters. */
  text: string;
  /** Place behind it in the log. */
  seq: number;
  /** Its end is missing: it was too long to be kept in memory. */
  isCut: boolean;
}

export type OnLine = (text: string, seq: number, isCut: boolean) => void;

/** Of a line that lies in several pieces, no more than this is kept: what is shown of a line is far shorter. */
export const MAX_LINE_BYTES = 65_536;

export const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Calls back for each line that ends in `bytes`.
 *
 * @param from place of the first byte in the log
 * @returns how many bytes the lines take; behind them is one that has not ended
 */
export function eachLine(bytes: Buffer, from: number, onLine: OnLine): number {
  let start = 0;
  if (!isAscii(bytes)) {
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
      onLine(textOf(bytes, start, end), from + end + 1, false);
      start = end + 1;
    }
    return start;
  }
  // nearly always: one string of a byte a character, of which lines are slices
  const text = bytes.toString('latin1');
  const isClean = !needsCleaning(text);
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
    const line = text.slice(start, end);
    onLine(isClean ? line : cleanLine(line), from + end + 1, false);
    start = end + 1;
  }
  return start;
}

/** The text of one line; bytes that are no UTF-8 become U+FFFD. */
export function textOf(bytes: Buffer, start = 0, end = bytes.length): string {
  return cleanLine(bytes.toString('utf8', start, end));
}

/** Part of one line, as much as is worth keeping. */
export interface Part {
  bytes: Buffer;
  isCut: boolean;
}

/**
 * Joins two parts of one line. If it becomes too long, the text that another overwrites (behind a carriage return, as
 * progress bars do) goes first, then the end.
 */
export function joinParts(left: Part, right: Part): Part {
  if (left.isCut && !right.bytes.includes(CARRIAGE_RETURN)) return left;
  const bytes = left.bytes.length === 0 ? right.bytes : Buffer.concat([left.bytes, right.bytes]);
  const isCut = left.isCut || right.isCut;
  if (bytes.length <= MAX_LINE_BYTES && !isCut) return { bytes, isCut: false };
  // not the one before the line feed; it stays in front, so that what is joined later is seen to be overwritten too
  const overwriting = Math.max(0, bytes.subarray(0, -1).lastIndexOf(CARRIAGE_RETURN));
  const shown = bytes.subarray(overwriting);
  const isLeftShown = overwriting < left.bytes.length;
  const isStillCut = shown.length > MAX_LINE_BYTES || right.isCut || (left.isCut && isLeftShown);
  // a copy: the rest of what was read must not stay in memory
  return { bytes: Buffer.from(shown.subarray(0, MAX_LINE_BYTES)), isCut: isStillCut };
}

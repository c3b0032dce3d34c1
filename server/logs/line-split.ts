import { isAscii } from 'node:buffer';
import { cleanLine, needsCleaning } from './clean-text.ts';

/** One line, without its line feed. */
export interface Line {
  /** Without control characters. */
  text: string;
  /** Position after the line in the log. */
  seq: number;
  /** Whether the end is missing, because the line was too long to keep in memory. */
  isCut: boolean;
}

export type OnLine = (text: string, seq: number, isCut: boolean) => void;

/** Limit for a line that spans several pieces; the shown part of a line is far shorter. */
export const MAX_LINE_BYTES = 65_536;

export const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Calls back for each line that ends in `bytes`.
 *
 * @param from position of the first byte in the log
 * @returns the number of bytes in finished lines
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
  // the usual case: each character is one byte, so the lines are slices of one string
  const text = bytes.toString('latin1');
  const isClean = !needsCleaning(text);
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
    const line = text.slice(start, end);
    onLine(isClean ? line : cleanLine(line), from + end + 1, false);
    start = end + 1;
  }
  return start;
}

/** The text of one line; invalid UTF-8 becomes U+FFFD. */
export function textOf(bytes: Buffer, start = 0, end = bytes.length): string {
  return cleanLine(bytes.toString('utf8', start, end));
}

/** A bounded part of one line. */
export interface Part {
  bytes: Buffer;
  isCut: boolean;
}

/**
 * Joins two parts of one line. If the result is too long, drops text that a carriage return overwrites, as in progress bars,
 * and then the end.
 */
export function joinParts(left: Part, right: Part): Part {
  if (left.isCut && !right.bytes.includes(CARRIAGE_RETURN)) return left;
  const bytes = left.bytes.length === 0 ? right.bytes : Buffer.concat([left.bytes, right.bytes]);
  const isCut = left.isCut || right.isCut;
  if (bytes.length <= MAX_LINE_BYTES && !isCut) return { bytes, isCut: false };
  // ignore a carriage return at the end, before the line feed; keep the last other one in front of the text, to mark
  // that the text overwrites
  const overwriting = Math.max(0, bytes.subarray(0, -1).lastIndexOf(CARRIAGE_RETURN));
  const shown = bytes.subarray(overwriting);
  const isLeftShown = overwriting < left.bytes.length;
  const isStillCut = shown.length > MAX_LINE_BYTES || right.isCut || (left.isCut && isLeftShown);
  // copy, so that the rest of the piece does not stay in memory
  return { bytes: Buffer.from(shown.subarray(0, MAX_LINE_BYTES)), isCut: isStillCut };
}

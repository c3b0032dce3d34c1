import type { LogEntry, LogLevel } from '@llamactl/contract/logs';
import { passes } from './level.ts';
import type { Line } from './line-split.ts';
import { LineParser } from './parse.ts';

/** Selects lines. */
export interface LineFilter {
  /** Lines of this level and above; `null`: all. */
  level: LogLevel | null;
  /** Whether a message is wanted; absent: each is. */
  accepts?: (message: string) => boolean;
}

export const EVERY_LINE: LineFilter = { level: null };

/** The selected entries; `lines` follow those that `parser` has already taken. */
export function entriesOf(parser: LineParser, lines: readonly Line[], { level, accepts }: LineFilter): LogEntry[] {
  const entries: LogEntry[] = [];
  for (const { text, seq, isCut } of lines) {
    parser.take(text);
    if (passes(parser.level, level) && accepts?.(parser.message) !== false) entries.push(parser.entry(seq, isCut));
  }
  // copy the messages of few entries: they are slices, which would keep the whole piece in memory
  if (entries.length * 4 > lines.length) return entries;
  return entries.map((entry) => ({ ...entry, message: unshared(entry.message) }));
}

/** Creates a parser in the state after these lines of a run. */
export function parserBehind(startedAt: number, lines: readonly Line[]): LineParser {
  const parser = new LineParser(startedAt);
  const last = lines.findLastIndex(({ text }) => {
    parser.take(text);
    return parser.hadClock;
  });
  // the search took the lines in reverse, so take them again in order: the first with a timestamp, or any with a level,
  // overwrites the state of the search
  for (const { text } of lines.slice(last + 1)) parser.take(text);
  return parser;
}

/** Whether these lines determine the time of the lines after them. */
export function hasClock(lines: readonly Line[]): boolean {
  const parser = new LineParser(0);
  return lines.some(({ text }) => {
    parser.take(text);
    return parser.hadClock;
  });
}

/** A copy of the text that shares no memory. */
function unshared(text: string): string {
  return Buffer.from(text).toString();
}

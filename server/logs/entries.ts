import type { LogEntry, LogLevel } from '@llamactl/contract/logs';
import { passes } from './level.ts';
import type { Line } from './line-split.ts';
import { LineParser } from './parse.ts';

/** The entries of a level and above among lines that follow those that `parser` has taken. */
export function entriesOf(parser: LineParser, lines: readonly Line[], level: LogLevel | null): LogEntry[] {
  const entries: LogEntry[] = [];
  for (const { text, seq, isCut } of lines) {
    parser.take(text);
    if (passes(parser.level, level)) entries.push(parser.entry(seq, isCut));
  }
  // few of many: a slice would keep the whole piece in memory that it was cut from
  if (entries.length * 4 > lines.length) return entries;
  return entries.map((entry) => ({ ...entry, message: unshared(entry.message) }));
}

/** A parser that has taken lines of a run, as far as what follows them depends on it. */
export function parserBehind(startedAt: number, lines: readonly Line[]): LineParser {
  const parser = new LineParser(startedAt);
  const last = lines.findLastIndex(({ text }) => {
    parser.take(text);
    return parser.hadClock;
  });
  // what it took in the wrong order is forgotten: by the line with a clock, or else by the last one with a level
  for (const { text } of lines.slice(last + 1)) parser.take(text);
  return parser;
}

/** Whether the time of what follows these lines is known. */
export function hasClock(lines: readonly Line[]): boolean {
  const parser = new LineParser(0);
  return lines.some(({ text }) => {
    parser.take(text);
    return parser.hadClock;
  });
}

/** The same text in memory of its own. */
function unshared(text: string): string {
  return Buffer.from(text).toString();
}

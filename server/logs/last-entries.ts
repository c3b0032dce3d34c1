import type { LogEntry } from '@llamactl/contract/logs';
import type { LogFiles } from './log-files.ts';
import type { Line } from './line-split.ts';
import { BackwardLines, type Block, type SearchOptions } from './lines-backward.ts';
import { entriesOf, parserBehind, type LineFilter } from './entries.ts';
import { LineParser } from './parse.ts';
import { createRunStarts } from './run-start.ts';

export interface LastEntries {
  /** Oldest first. */
  entries: LogEntry[];
  /** Position after the last finished line of any level: where to continue. */
  next: number;
  /** Whether the search stopped at its limit of bytes before it found `count` entries. */
  isTruncated: boolean;
  /** With `isTruncated`: all earlier lines have a smaller `seq` than this. */
  searchedTo: number;
}

/** Lines that take time and level from an earlier line, which has not been read yet. */
type Orphans = Block;

/** Reads the last `count` entries that the filter selects. */
export async function lastEntries(
  files: LogFiles,
  count: number,
  filter: LineFilter,
  options: SearchOptions,
): Promise<LastEntries> {
  const search = new BackwardLines(files, options);
  const runStart = createRunStarts();
  // the newest part first; the entries of each part oldest first
  const parts: LogEntry[][] = [];
  let orphans: Orphans | null = null;
  do {
    const block = await search.block();
    if (orphans !== null) {
      const before = block?.run.folder === orphans.run.folder ? block.lines : [];
      parts.push(entriesOf(parserBehind(await runStart(orphans.run.folder), before), orphans.lines, filter));
      orphans = null;
    }
    if (block === null) break;
    const { run, lines } = block;
    const parser = new LineParser(await runStart(run.folder));
    const independent = firstWithClock(parser, lines);
    parts.push(entriesOf(parser, lines.slice(independent), filter));
    if (independent > 0) orphans = { run, lines: lines.slice(0, independent) };
  } while (countOf(parts) < count);
  const entries = parts.toReversed().flat();
  return {
    entries: entries.slice(Math.max(0, entries.length - count)),
    next: search.next,
    isTruncated: search.isTruncated && entries.length < count,
    searchedTo: search.searchedTo,
  };
}

function countOf(parts: readonly (readonly unknown[])[]): number {
  return parts.reduce((count, part) => count + part.length, 0);
}

/** The number of lines before the first one that has a timestamp. */
function firstWithClock(parser: LineParser, lines: readonly Line[]): number {
  const index = lines.findIndex(({ text }) => {
    parser.take(text);
    return parser.hadClock;
  });
  return index === -1 ? lines.length : index;
}

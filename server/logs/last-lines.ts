import { BackwardLines, type SearchOptions } from './lines-backward.ts';
import type { Line } from './line-split.ts';
import type { LogFiles } from './log-files.ts';

/** Reads the last lines of a log of any level, oldest first. */
export async function lastLines(files: LogFiles, count: number, options: SearchOptions): Promise<Line[]> {
  const search = new BackwardLines(files, options);
  const blocks: Line[][] = [];
  let found = 0;
  while (found < count) {
    const block = await search.block();
    if (block === null) break;
    blocks.push(block.lines);
    found += block.lines.length;
  }
  const lines = blocks.toReversed().flat();
  return lines.slice(Math.max(0, lines.length - count));
}

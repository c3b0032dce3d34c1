import type { LogItem } from '@llamactl/contract/logs';
import type { LogQuery } from '../instances/ports/run-output.ts';
import { ForwardEntries } from './forward-entries.ts';
import { lastEntries } from './last-entries.ts';
import type { SearchOptions } from './lines-backward.ts';
import type { LiveLog } from './live-log.ts';
import type { LogFiles } from './log-files.ts';

/** Output that a follower gets after it has skipped the rest: some 600 lines. */
const KEPT_BYTES = 65_536;

/**
 * Yields the items of a log from the start of the query, then all new ones. A follower reads only when its consumer
 * asks for more. It holds one piece in memory, and keeps no file open while it waits or its consumer works.
 */
export async function* followLog(
  files: LogFiles,
  live: LiveLog,
  { lines, level, afterSeq, mostBehind }: LogQuery,
  search: SearchOptions,
  signal: AbortSignal,
): AsyncGenerator<readonly LogItem[]> {
  const isEnded = (): boolean => signal.aborted || live.isEnded;
  const stop = live.follow();
  try {
    let place = afterSeq;
    if (place === null && lines !== null) {
      const { entries, next } = await lastEntries(files, lines, { level }, search);
      if (isEnded()) return;
      if (entries.length > 0) yield entries;
      place = next;
    }
    place ??= (await files.segments())[0]?.from ?? 0;
    const openAt = (from: number): Promise<ForwardEntries> =>
      ForwardEntries.open(files, from, { level }, search.isWritten);
    let forward = await openAt(place);
    while (!isEnded()) {
      const { version } = live;
      if (mostBehind !== undefined) {
        const end = await files.end();
        if (end - forward.place > mostBehind) {
          const from = forward.place;
          forward = await openAt(Math.max(from, end - KEPT_BYTES));
          if (forward.place > from) yield [{ gap: { from_seq: from, to_seq: forward.place } }];
        }
      }
      const { items, isLast } = await forward.read();
      if (isEnded()) return;
      if (items.length > 0) yield items;
      if (isLast) await live.more(version, signal);
    }
  } finally {
    stop();
  }
}

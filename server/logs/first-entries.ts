import type { LogEntry, LogGap } from '@llamactl/contract/logs';
import type { ForwardEntries } from './forward-entries.ts';

/** The first entries after a position. */
export interface FirstEntries {
  entries: LogEntry[];
  /** The output that was dropped before the first entry; `null`: none. */
  gap: LogGap['gap'] | null;
  /** Whether reading stopped at `maxBytes` before it found `count` entries. */
  isTruncated: boolean;
  /** Position after the last line that was read. */
  next: number;
}

/**
 * Reads the first entries after a position. Stops at a gap after the first entry; the next call then reports the gap.
 *
 * @param after All entries have a larger `seq` than this.
 * @param maxBytes Reads at most this much, rounded up to a piece.
 * @param signal Aborts the search, which then returns what it has found.
 */
export async function firstEntries(
  forward: ForwardEntries,
  after: number,
  count: number,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<FirstEntries> {
  const entries: LogEntry[] = [];
  let gap = null as LogGap['gap'] | null;
  let bytes = 0;
  while (entries.length < count) {
    if (bytes >= maxBytes || signal?.aborted === true) return { entries, gap, isTruncated: true, next: forward.place };
    const bunch = await forward.read();
    bytes += bunch.bytes;
    for (const item of bunch.items) {
      if (!('gap' in item)) {
        if (item.seq > after) entries.push(item);
      } else if (entries.length === 0) {
        gap = { from_seq: gap?.from_seq ?? Math.max(after, item.gap.from_seq), to_seq: item.gap.to_seq };
      } else {
        return { entries, gap, isTruncated: false, next: forward.place };
      }
    }
    if (bunch.isLast) break;
  }
  return { entries: entries.slice(0, count), gap, isTruncated: false, next: forward.place };
}

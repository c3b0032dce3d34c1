import type { LogEntry, LogGap } from '@llamactl/contract/logs';
import type { ForwardEntries } from './forward-entries.ts';

/** The first entries behind a place. */
export interface FirstEntries {
  entries: LogEntry[];
  /** What was dropped before the first of them. */
  gap: LogGap['gap'] | null;
  /** It would have had to read more to find so many. */
  isTruncated: boolean;
}

/**
 * Ends at a gap that has entries before it: who asks again behind the last of them is told of it.
 *
 * @param after No entry has a smaller place, nor this one.
 * @param maxBytes It reads no more than these, up to a piece.
 */
export async function firstEntries(
  forward: ForwardEntries,
  after: number,
  count: number,
  maxBytes: number,
): Promise<FirstEntries> {
  const entries: LogEntry[] = [];
  let gap = null as LogGap['gap'] | null;
  let bytes = 0;
  while (entries.length < count) {
    if (bytes >= maxBytes) return { entries, gap, isTruncated: true };
    const bunch = await forward.read();
    bytes += bunch.bytes;
    for (const item of bunch.items) {
      if (!('gap' in item)) {
        if (item.seq > after) entries.push(item);
      } else if (entries.length === 0) {
        gap = { from_seq: gap?.from_seq ?? Math.max(after, item.gap.from_seq), to_seq: item.gap.to_seq };
      } else {
        return { entries, gap, isTruncated: false };
      }
    }
    if (bunch.isLast) break;
  }
  return { entries: entries.slice(0, count), gap, isTruncated: false };
}

/** The part of a long list that is on the screen. */
export interface RowWindow {
  /** Index of the first row to render. */
  first: number;
  /** Index after the last one. */
  end: number;
}

/** Rows that are rendered above and below the visible ones, so that a quick scroll shows no gap. */
const MARGIN = 8;

/** Computes which rows to render. All sizes in pixels. */
export function rowWindow(list: { count: number; rowHeight: number; scrollTop: number; height: number }): RowWindow {
  const { count, rowHeight, scrollTop, height } = list;
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - MARGIN);
  const end = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + MARGIN);
  return { first: Math.min(first, Math.max(0, count - 1)), end };
}

/** Returns the index that a key moves to; `null`: it is not a key of movement. */
export function movedIndex(key: string, at: number, count: number, page: number): number | null {
  const target = {
    ArrowDown: at + 1,
    j: at + 1,
    ArrowUp: at - 1,
    k: at - 1,
    PageDown: at + page,
    PageUp: at - page,
    Home: 0,
    End: count - 1,
  }[key];
  return target === undefined || count === 0 ? null : Math.min(count - 1, Math.max(0, target));
}

/** The next index that is a row and no heading, first in one direction and then in the other; -1: the list has no row. */
export function rowAt(from: number, step: 1 | -1, count: number, isRow: (index: number) => boolean): number {
  for (const direction of [step, -step]) {
    for (let at = from; at >= 0 && at < count; at += direction) if (isRow(at)) return at;
  }
  return -1;
}

/** The ids between two of them, both included; only the second if the first is gone. */
export function rangeOf(ids: readonly string[], from: string | null, to: string): readonly string[] {
  const end = ids.indexOf(to);
  const start = from === null ? -1 : ids.indexOf(from);
  if (start === -1 || end === -1) return [to];
  return ids.slice(Math.min(start, end), Math.max(start, end) + 1);
}

/** Pixels that tracks of CSS grid need at least, such as `96px`, `6.5rem` and `minmax(160px, 2fr)`, with the edges of a row. */
export function leastWidth(tracks: readonly string[]): number {
  return tracks.reduce((sum, track) => {
    const [, size = '0', unit] = /([\d.]+)(px|rem)/.exec(track) ?? [];
    return sum + Number(size) * (unit === 'rem' ? REM_PX : 1);
  }, ROW_EDGES);
}

const ROW_EDGES = 32;
/** At the normal size of text. */
const REM_PX = 16;

import type { LogRow } from './log-store.ts';
import { screenLines } from './log-text.ts';

/** Pixels of a line of the log. */
export const LINE_PX = 20;

/** Where the rows of a log stand. Without wrapping all have one line of the screen. */
export interface LogLayout {
  /** Pixels of all rows. */
  height: number;
  /** Pixels above a row. @param index From 0; the number of rows gives the height. */
  top: (index: number) => number;
  /** Index of the row at a height. */
  at: (pixels: number) => number;
  /** Lines of the screen that a row takes. */
  lines: (index: number) => number;
}

/** Places the rows one below the other. @param columns Characters that fit in a line; `null`: long lines are not wrapped. */
export function logLayout(rows: readonly LogRow[], columns: number | null): LogLayout {
  const { length } = rows;
  if (columns === null) {
    return {
      height: length * LINE_PX,
      top: (index) => index * LINE_PX,
      at: (pixels) => Math.min(Math.max(0, length - 1), Math.max(0, Math.floor(pixels / LINE_PX))),
      lines: () => 1,
    };
  }
  // Lines above each row; the last one is the sum.
  const above = new Uint32Array(length + 1);
  for (const [index, row] of rows.entries()) {
    above[index + 1] = (above[index] ?? 0) + (row.kind === 'line' ? screenLines(row.message, columns) : 1);
  }
  const top = (index: number): number => (above[index] ?? 0) * LINE_PX;
  return {
    height: top(length),
    top,
    at: (pixels) => {
      let low = 0;
      let high = Math.max(0, length - 1);
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (top(middle) <= pixels) low = middle;
        else high = middle - 1;
      }
      return low;
    },
    lines: (index) => (above[index + 1] ?? 0) - (above[index] ?? 0),
  };
}

import { cut, padded, widthOf } from './text.ts';

/** A column of a table. */
export interface Column {
  title: string;
  align?: 'left' | 'right';
  /**
   * Order in which columns shrink on a narrow terminal: lowest first. A column without it never shrinks. Each shrinks
   * to `least` (default: the width of its title) before the next one does. If that is not enough, the lowest are left
   * out; the first column always stays, because it names the row.
   */
  gives?: number;
  least?: number;
  /** The end of a cell that survives cutting. Default its start. */
  keeps?: 'start' | 'end';
}

/** A cell: its text, and the style to apply once its width is known. */
export type Cell = string | { text: string; style: (text: string) => string };

const GAP = '  ';

/** Lines of a table within `width` columns; the first is the header. */
export function tableLines(columns: readonly Column[], rows: readonly (readonly Cell[])[], width: number): string[] {
  const widths = fitted(columns, rows, width);
  const line = (cells: readonly Cell[]): string =>
    columns
      .flatMap((column, index) => {
        const room = widths[index] ?? 0;
        return room === 0 ? [] : [shown(cells[index] ?? '', column, room)];
      })
      .join(GAP)
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...rows.map(line)];
}

/** The width of each column; 0: left out. */
function fitted(columns: readonly Column[], rows: readonly (readonly Cell[])[], width: number): number[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(textOf(row[index] ?? '')))),
  );
  const least = columns.map(({ title, gives, least: given }, index) =>
    Math.min(gives === undefined ? Infinity : (given ?? widthOf(title)), widths[index] ?? 0),
  );
  const giving = [...columns.entries()]
    .flatMap(([index, { gives }]) => (gives === undefined ? [] : [{ index, gives }]))
    .toSorted((one, other) => one.gives - other.gives);
  for (const { index } of giving.filter(({ index: column }) => column !== 0)) {
    if (excess(least, width) <= 0) break;
    least[index] = widths[index] = 0;
  }
  for (const { index } of giving) {
    widths[index] = Math.max(least[index] ?? 0, (widths[index] ?? 0) - Math.max(0, excess(widths, width)));
  }
  return widths;
}

/** Columns beyond the width; negative: columns to spare. */
function excess(widths: readonly number[], width: number): number {
  const kept = widths.filter((each) => each > 0);
  return kept.reduce((sum, each) => sum + each, 0) + GAP.length * (kept.length - 1) - width;
}

function shown(cell: Cell, { align = 'left', keeps = 'start' }: Column, room: number): string {
  const text = padded(cut(textOf(cell), room, keeps), room, align);
  return typeof cell === 'string' ? text : cell.style(text);
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}

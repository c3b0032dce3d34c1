import { tableLines, type Cell, type Column } from './table.ts';
import type { Terminal } from './terminal.ts';
import { cut, widthOf } from './text.ts';

/** The current content of a live table. */
export interface View {
  /** The first line is the header. No line is wider than the terminal. */
  table: readonly string[];
  /** Lines below the table; they stay visible when the table does not fit. */
  foot: readonly string[];
}

const CLEAR_REST_OF_LINE = '\u{1B}[K';
const CLEAR_BELOW = '\u{1B}[J';

/**
 * A table that is redrawn in place on a terminal. It reuses its lines without clearing unchanged text, and never takes
 * more lines than the terminal has, so it neither flickers nor scrolls.
 */
export class LiveTable {
  readonly #terminal: Terminal;
  readonly #render: () => View;
  #drawn: readonly string[] = [];
  #columns: number;
  #isDue = false;
  #hasEnded = false;

  /** @param signal Ends the redraws after a resize. */
  constructor(terminal: Terminal, render: () => View, signal: AbortSignal) {
    this.#terminal = terminal;
    this.#render = render;
    this.#columns = terminal.columns;
    terminal.onResize(() => this.touch(), signal);
  }

  /** Schedules a redraw, once for all changes of this turn. */
  touch(): void {
    if (this.#isDue || this.#hasEnded) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      if (!this.#hasEnded) this.#draw();
    });
  }

  /** Draws the table a last time and leaves it on the screen; later output follows below it. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#draw();
  }

  #draw(): void {
    const { columns } = this.#terminal;
    const lines = this.#fitted(this.#render());
    if (columns === this.#columns && sameLines(lines, this.#drawn)) return;
    const up = this.#linesTaken(columns);
    // One write, so that the terminal never shows half of a table. A line that fills its row has nothing behind it to
    // clear, and some terminals would clear its last character.
    const text = lines.map((line) => `${line}${widthOf(line) < columns ? CLEAR_REST_OF_LINE : ''}\n`).join('');
    this.#terminal.write(`${up === 0 ? '' : `\u{1B}[${up}A`}\r${text}${CLEAR_BELOW}`);
    this.#drawn = lines;
    this.#columns = columns;
  }

  /** Rows that the drawn lines take now: a narrower terminal has wrapped them. */
  #linesTaken(columns: number): number {
    const taken = this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
    return Math.min(taken, this.#terminal.rows - 1);
  }

  #fitted({ table, foot }: View): string[] {
    const room = Math.max(2, this.#terminal.rows - 1 - foot.length);
    if (table.length <= room) return [...table, ...foot];
    const kept = table.slice(0, room - 1);
    return [...kept, this.#terminal.style.faint(`… and ${table.length - kept.length} more`), ...foot];
  }
}

function sameLines(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((line, index) => line === others[index]);
}

/** A table as {@link Terminal.printTable} prints it; completely faint when it is stale. */
export function liveLines(
  { style, columns: width }: Terminal,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  isStale: boolean,
): string[] {
  const textOnly = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.text);
  const shown = isStale ? rows.map((row) => row.map(textOnly)) : rows;
  const [header = '', ...lines] = tableLines(columns, shown, width);
  return [style.faint(header), ...(isStale ? lines.map((line) => style.faint(line)) : lines)];
}

/** The line below a stale table. */
export function awayLine({ style, columns }: Terminal, url: string): string {
  return style.warning(cut(`${url} does not answer; waiting for it …`, columns));
}

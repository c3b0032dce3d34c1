import { tableLines, type Cell, type Column } from './table.ts';
import type { Terminal } from './terminal.ts';
import { cut, widthOf } from './text.ts';

/** What a live table shows now. */
export interface View {
  /** The first is the header. None is wider than the terminal. */
  table: readonly string[];
  /** Below it; stays where not all of the table has room. */
  foot: readonly string[];
}

const CLEAR_REST_OF_LINE = '\u{1B}[K';
const CLEAR_BELOW = '\u{1B}[J';

/**
 * A table that is drawn over itself, on a terminal: in the lines that it took last, without clearing what stays, and never more of them than the terminal has, so that nothing flickers or scrolls.
 */
export class LiveTable {
  readonly #terminal: Terminal;
  readonly #render: () => View;
  #drawn: readonly string[] = [];
  #columns: number;
  #isDue = false;
  #hasEnded = false;

  /** @param signal Ends it. */
  constructor(terminal: Terminal, render: () => View, signal: AbortSignal) {
    this.#terminal = terminal;
    this.#render = render;
    this.#columns = terminal.columns;
    terminal.onResize(() => this.touch(), signal);
  }

  /** Draws it anew, once for all that happens in this turn. */
  touch(): void {
    if (this.#isDue || this.#hasEnded) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      if (!this.#hasEnded) this.#draw();
    });
  }

  /** Draws it for the last time; it stays, and what is printed next stands below it. */
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
    // In one piece: the terminal never shows half of it. A line that fills its row has nothing to be cleared behind it,
    // and some terminals would clear its last character.
    const text = lines.map((line) => `${line}${widthOf(line) < columns ? CLEAR_REST_OF_LINE : ''}\n`).join('');
    this.#terminal.write(`${up === 0 ? '' : `\u{1B}[${up}A`}\r${text}${CLEAR_BELOW}`);
    this.#drawn = lines;
    this.#columns = columns;
  }

  /** How many rows what was drawn takes by now: a terminal that became narrower has broken its lines. */
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

/** A table as {@link Terminal.printTable} prints it; all of it faint when it is not of now. */
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

/** Below a table that is not of now. */
export function awayLine({ style, columns }: Terminal, url: string): string {
  return style.warning(cut(`${url} does not answer; waiting for it …`, columns));
}

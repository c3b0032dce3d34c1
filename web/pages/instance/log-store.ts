import type { LogEntry, LogLevel, Phrase, Status } from '@llamactl/client';

/** Most lines that are kept. */
export const MOST_LINES = 50_000;
/** Lines that are dropped at once, so that a full store does not move all its rows for each new line. */
const DROPPED_AT_ONCE = 1_000;

/** A line of the log. */
export interface LogLineRow {
  kind: 'line';
  key: number;
  /** Of the line before it, if it has no time of its own. */
  at: string;
  isUntimed: boolean;
  level: LogLevel;
  message: string;
}

/** One row of the log: a line, missing lines, or the begin or end of a run. */
export type LogRow = LogLineRow | { kind: 'gap'; key: string; at: string } | ({ kind: 'mark'; key: string } & RunMark);

/** A change of the instance's status, which the log shows between its lines. */
export interface RunMark {
  /** RFC 3339, UTC. */
  at: string;
  status: Status;
  reason: string | null;
  /** The reason as data. */
  phrase?: Phrase | undefined;
}

/**
 * Owns the rows of one log: at most {@link MOST_LINES} lines, in the order of their positions. Rows have numbers that stay
 * when others are added or dropped before them.
 */
export class LogStore {
  #rows: LogRow[] = [];
  /** The number of the first row. */
  #first = 0;
  /** Changes of status before the first line. */
  #earlier: LogRow[] = [];
  readonly #marks = new Set<string>();
  readonly #listeners = new Set<() => void>();
  #version = 0;
  #written = 0;
  #lines = 0;
  #firstSeq: number | null = null;
  #lastSeq: number | null = null;
  #longest = 0;
  #shifts = 0;
  /** No older lines exist. */
  #isComplete = false;

  /** Oldest first. The array is the same until {@link version} changes. */
  get rows(): readonly LogRow[] {
    return this.#rows;
  }

  /** The number of the first row. */
  get first(): number {
    return this.#first;
  }

  /** How many lines were ever added at the end. */
  get written(): number {
    return this.#written;
  }

  /** Whether it has lines, and not only changes of status. */
  get hasLines(): boolean {
    return this.#lines > 0;
  }

  get isFull(): boolean {
    return this.#lines >= MOST_LINES;
  }

  /** `seq` of the oldest line; `null`: the store has no line. */
  get firstSeq(): number | null {
    return this.#firstSeq;
  }

  /** `seq` of the newest line, or of the end of a gap; `null`: nothing came yet. */
  get lastSeq(): number | null {
    return this.#lastSeq;
  }

  /** Characters of the longest message. */
  get longest(): number {
    return this.#longest;
  }

  /** Counts the rows that came between others: the numbers of those behind have changed. */
  get shifts(): number {
    return this.#shifts;
  }

  readonly version = (): number => this.#version;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Adds new lines at the end. Lines that are there already are left out: a new connection may repeat them. */
  append(entries: readonly LogEntry[]): void {
    const last = this.#lastSeq ?? -1;
    const fresh = entries.filter(({ seq }) => seq > last);
    const end = fresh.at(-1);
    if (end === undefined) return;
    const rows = this.#rows.length === 0 ? this.#withEarlier(fresh) : this.#rowsOf(fresh);
    for (const row of rows) this.#rows.push(row);
    this.#firstSeq ??= fresh[0]?.seq ?? null;
    this.#lastSeq = end.seq;
    this.#written += fresh.length;
    this.#lines += fresh.length;
    this.#trim();
    this.#changed();
  }

  /** Adds older lines at the begin. */
  prepend(entries: readonly LogEntry[]): void {
    const first = this.#firstSeq ?? Infinity;
    const older = entries.filter(({ seq }) => seq < first);
    const begin = older[0];
    if (begin === undefined) return;
    const rows = this.#withEarlier(older);
    this.#rows = [...rows, ...this.#rows];
    this.#first -= rows.length;
    this.#firstSeq = begin.seq;
    this.#lastSeq ??= older.at(-1)?.seq ?? null;
    this.#lines += older.length;
    this.#changed();
  }

  /** Marks missing lines at the end. */
  gap(toSeq: number, at: string): void {
    if (this.#lastSeq !== null && toSeq <= this.#lastSeq) return;
    this.#lastSeq = toSeq;
    // Without a line before it, nothing is missing between lines.
    if (this.#lines === 0) return;
    this.#rows.push({ kind: 'gap', key: `gap ${toSeq}`, at });
    this.#changed();
  }

  /** Adds a change of status between the lines of its time. A change that is there already is left out. */
  mark(mark: RunMark): void {
    const { at, status } = mark;
    const key = `${at} ${status}`;
    if (this.#marks.has(key)) return;
    this.#marks.add(key);
    const row: LogRow = { kind: 'mark', key, ...mark };
    const [oldest] = this.#rows;
    if (oldest === undefined || at < oldest.at) {
      this.#earlier.splice(placeOf(this.#earlier, at), 0, row);
      if (this.#isComplete) this.#showEarlier();
      return;
    }
    const place = placeOf(this.#rows, at);
    if (place < this.#rows.length) this.#shifts += 1;
    // Runs without lines need no rule.
    const isBeforeAll = this.#rows.findIndex(({ kind }) => kind !== 'mark') === place;
    this.#rows.splice(isBeforeAll ? 0 : place, isBeforeAll ? place : 0, row);
    if (isBeforeAll) this.#first += place - 1;
    this.#changed();
  }

  /** Says that no older lines exist: earlier changes of status then stand before the first line. */
  complete(): void {
    this.#isComplete = true;
    this.#showEarlier();
  }

  /** The place of the line with this `seq`, or of the next one; -1: all lines are older. */
  indexOf(seq: number): number {
    const at = this.#rows.findLastIndex((row) => row.kind === 'line' && row.key < seq);
    for (let index = at + 1; index < this.#rows.length; index += 1) {
      if (this.#rows[index]?.kind === 'line') return index;
    }
    return -1;
  }

  /** Puts the last earlier change of status before the first line: older runs have no lines. */
  #showEarlier(): void {
    const [oldest] = this.#rows;
    const last = this.#earlier.at(-1);
    if (oldest === undefined || last === undefined) return;
    this.#earlier = [];
    if (oldest.kind === 'mark') return;
    this.#rows = [last, ...this.#rows];
    this.#first -= 1;
    this.#changed();
  }

  #rowsOf(entries: readonly LogEntry[]): LogRow[] {
    return entries.map(({ seq, timestamp: at, level, message, untimed: isUntimed = false }) => {
      if (message.length > this.#longest) this.#longest = message.length;
      return { kind: 'line', key: seq, at, isUntimed, level, message };
    });
  }

  /** Lines, with the changes of status between them. */
  #withEarlier(entries: readonly LogEntry[]): LogRow[] {
    const rows = this.#rowsOf(entries);
    const [begin] = rows;
    if (begin === undefined || this.#earlier.length === 0) return rows;
    const at = this.#earlier.findIndex((mark) => mark.at >= begin.at);
    if (at === -1) return rows;
    for (const mark of this.#earlier.splice(at)) rows.splice(placeOf(rows, mark.at), 0, mark);
    return rows;
  }

  #trim(): void {
    if (this.#lines <= MOST_LINES + DROPPED_AT_ONCE) return;
    let surplus = this.#lines - MOST_LINES;
    let end = 0;
    while (surplus > 0) {
      if (this.#rows[end]?.kind === 'line') surplus -= 1;
      end += 1;
    }
    this.#rows = this.#rows.slice(end);
    this.#first += end;
    this.#lines = MOST_LINES;
    const oldest = this.#rows.find((row) => row.kind === 'line');
    this.#firstSeq = oldest?.kind === 'line' ? oldest.key : null;
  }

  #changed(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }
}

/** The place behind all rows that are not younger. */
function placeOf(rows: readonly LogRow[], at: string): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.at ?? '') < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

import type { LogRow, LogStore } from './log-store.ts';
import { searchPattern } from './log-text.ts';

/** The lines of a log that contain a text. It reads each line once, also when new ones come. */
export class LogSearch {
  readonly #store: LogStore;
  readonly #pattern: RegExp;
  /** Numbers of rows in the store, oldest first. */
  #found: number[] = [];
  /** The rows that were read: from the first number, up to before the second. */
  #read: readonly [number, number] | null = null;
  #shifts = 0;

  /** @param query Not empty. */
  constructor(store: LogStore, query: string) {
    this.#store = store;
    this.#pattern = searchPattern(query);
  }

  /** Reads what is new. @returns The numbers of all rows that contain the text, oldest first. */
  update(): readonly number[] {
    const { rows, first, shifts } = this.#store;
    if (shifts !== this.#shifts) {
      this.#shifts = shifts;
      this.#found = [];
      this.#read = null;
    }
    const end = first + rows.length;
    const [from, to] = this.#read ?? [first, first];
    const before = first < from ? this.#matches(rows.slice(0, from - first), first) : [];
    const after = to < end ? this.#matches(rows.slice(Math.max(0, to - first)), Math.max(first, to)) : [];
    const dropped = this.#found.findIndex((number) => number >= first);
    const known = dropped === 0 ? this.#found : dropped === -1 ? [] : this.#found.slice(dropped);
    if (before.length > 0 || after.length > 0 || known !== this.#found) this.#found = [...before, ...known, ...after];
    this.#read = [first, end];
    return this.#found;
  }

  #matches(rows: readonly LogRow[], first: number): number[] {
    const found: number[] = [];
    for (const [at, row] of rows.entries()) {
      if (row.kind !== 'line') continue;
      this.#pattern.lastIndex = 0;
      if (this.#pattern.test(row.message)) found.push(first + at);
    }
    return found;
  }
}

/** The next of some ascending numbers in a direction; round again at the end. `null`: the list is empty. */
export function nextOf(numbers: readonly number[], from: number, step: 1 | -1): number | null {
  const next = step === 1 ? numbers.find((number) => number > from) : numbers.findLast((number) => number < from);
  return next ?? (step === 1 ? numbers[0] : numbers.at(-1)) ?? null;
}

/** The number of the next line with an error after a row; round again at the end. `null`: no line has an error. */
export function nextError({ rows, first }: Pick<LogStore, 'rows' | 'first'>, from: number): number | null {
  const isError = (row: LogRow): boolean => row.kind === 'line' && row.level === 'error';
  const after = rows.findIndex((row, at) => first + at > from && isError(row));
  const at = after === -1 ? rows.findIndex(isError) : after;
  return at === -1 ? null : first + at;
}

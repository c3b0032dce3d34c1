import type { InstanceSummary } from '@llamactl/client';
import { ValueStore } from '../value-store.ts';

/** An instance as the list shows it. */
export type Row = InstanceSummary;

/** How many figures of tokens a second are kept for each instance. */
const TRAIL = 24;
const NONE: readonly number[] = [];

/**
 * Owns the instances that this tab knows. Each row has its own listeners, so that one changed row renders once; lists
 * listen to the set of names.
 */
export class RowStore {
  readonly #rows = new Map<string, Row>();
  readonly #trails = new Map<string, readonly number[]>();
  readonly #rowListeners = new Map<string, Set<() => void>>();
  /** Names in the order of the server; `null`: not loaded yet. Changes only when an instance comes or goes. */
  readonly names = new ValueStore<readonly string[] | null>(null);
  /** Counts the changes of any row. */
  readonly version = new ValueStore(0);

  /** The row of an instance; `undefined`: there is no such instance. The object changes with every change of the row. */
  row(name: string): Row | undefined {
    return this.#rows.get(name);
  }

  /** All rows in the order of the server. */
  all(): Row[] {
    return [...this.#rows.values()];
  }

  /** The last figures of tokens a second, oldest first, for a small line. */
  trail(name: string): readonly number[] {
    return this.#trails.get(name) ?? NONE;
  }

  /** Adds the present tokens a second of each running instance to its trail. Call it at equal steps. */
  step(): void {
    for (const { name, status, tokens_per_second: rate } of this.#rows.values()) {
      const trail = this.trail(name);
      if (status !== 'running') this.#trails.delete(name);
      else if (rate > 0 || trail.some((value) => value > 0)) {
        this.#trails.set(name, [...trail, rate].slice(-TRAIL));
        this.#rowChanged(name);
      }
    }
  }

  /** Calls back after each change of one row. Returns a function that ends this. */
  subscribeRow(name: string, listener: () => void): () => void {
    const listeners = this.#rowListeners.get(name) ?? new Set();
    this.#rowListeners.set(name, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#rowListeners.delete(name);
    };
  }

  /** Takes the list of the server. Rows that it lacks are gone; figures that it lacks stay. */
  replaceAll(instances: readonly Row[]): void {
    const next = new Map(
      instances.map((instance) => [instance.name, { ...this.#rows.get(instance.name), ...instance }]),
    );
    const touched = new Set([...this.#rows.keys(), ...next.keys()]);
    this.#rows.clear();
    for (const [name, row] of next) this.#rows.set(name, row);
    this.#setChanged();
    for (const name of touched) this.#rowChanged(name);
  }

  /** Adds or replaces one row. */
  put(row: Row): void {
    const isNew = !this.#rows.has(row.name);
    this.#rows.set(row.name, { ...this.#rows.get(row.name), ...row });
    if (isNew) this.#setChanged();
    this.#rowChanged(row.name);
  }

  /** Changes fields of a row. Ignores an unknown name. */
  change(name: string, fields: Partial<Row>): void {
    const row = this.#rows.get(name);
    if (row === undefined) return;
    this.#rows.set(name, { ...row, ...fields });
    this.#rowChanged(name);
  }

  /** Gives a row another name, at the same position. */
  rename(from: string, to: string): void {
    const rows = [...this.#rows].map(([name, row]) =>
      name === from ? ([to, { ...row, name: to }] as const) : ([name, row] as const),
    );
    this.#rows.clear();
    for (const [name, row] of rows) this.#rows.set(name, row);
    this.#setChanged();
    this.#rowChanged(from);
    this.#rowChanged(to);
  }

  remove(name: string): void {
    if (!this.#rows.delete(name)) return;
    this.#setChanged();
    this.#rowChanged(name);
  }

  #setChanged(): void {
    const names = [...this.#rows.keys()];
    const before = this.names.get();
    const isSame = before !== null && before.length === names.length && before.every((name, at) => name === names[at]);
    if (!isSame) this.names.set(names);
  }

  #rowChanged(name: string): void {
    for (const listener of this.#rowListeners.get(name) ?? []) listener();
    this.version.set(this.version.get() + 1);
  }
}

import type { Stale } from './frames.ts';

/** Effects of a {@link Refetch}. */
export interface RefetchEffects {
  /** Requests one row. @throws If the server does not answer. */
  one: (name: string) => Promise<void>;
  /** Requests the list. */
  all: () => Promise<void>;
  /** Calls back once. Returns a function that cancels it. @param milliseconds At least 0. */
  after: (milliseconds: number, callback: () => void) => () => void;
}

/** Milliseconds in which changes are collected before they are requested. */
const COLLECTED_MS = 200;
/** Milliseconds between two rounds of requests, so that a storm of changes does not use up the caller's rate. */
const REST_MS = 2_000;
/** Most rows that are requested one by one. */
const MOST_SINGLE = 3;

/** Collects changed rows, and requests them together. */
export class Refetch {
  readonly #effects: RefetchEffects;
  #names = new Set<string>();
  #isAllDue = false;
  #isWaiting = false;
  #isResting = false;
  #cancel = (): void => undefined;

  constructor(effects: RefetchEffects) {
    this.#effects = effects;
  }

  /** Requests these rows soon. */
  add(stale: Stale): void {
    if (stale === null) return;
    if (stale === 'everything') this.#isAllDue = true;
    else this.#names.add(stale.name);
    this.#plan(COLLECTED_MS);
  }

  /** Does not request the row of an instance that was deleted: the server would not know it. */
  forget(name: string): void {
    this.#names.delete(name);
  }

  /** Forgets everything that is due. */
  stop(): void {
    this.#cancel();
    this.#names.clear();
    this.#isAllDue = this.#isWaiting = this.#isResting = false;
  }

  #plan(milliseconds: number): void {
    if (this.#isWaiting || this.#isResting) return;
    this.#isWaiting = true;
    this.#cancel = this.#effects.after(milliseconds, () => {
      this.#isWaiting = false;
      void this.#round();
    });
  }

  async #round(): Promise<void> {
    const names = [...this.#names];
    const isAll = this.#isAllDue || names.length > MOST_SINGLE;
    this.#names.clear();
    this.#isAllDue = false;
    this.#isResting = true;
    if (isAll) await this.#effects.all();
    else await Promise.all(names.map((name) => this.#effects.one(name)));
    this.#cancel = this.#effects.after(REST_MS, () => {
      this.#isResting = false;
      if (this.#isAllDue || this.#names.size > 0) this.#plan(0);
    });
  }
}

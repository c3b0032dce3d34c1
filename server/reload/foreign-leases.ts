import type { LeaseBook } from '../instances/slots/lease-book.ts';

interface Held {
  releases: (() => void)[];
  isBroken: boolean;
}

/** The leases that the server before this one still holds: here they count as any other. */
export class ForeignLeases {
  readonly #book: LeaseBook;
  readonly #onBroken: (instance: string, run: number, died: boolean) => void;
  /** By instance and run. */
  readonly #held = new Map<string, Held>();

  /** @param onBroken Called once for a run whose leases must all end there. `died`: the engine exited by itself. */
  constructor(book: LeaseBook, onBroken: (instance: string, run: number, died: boolean) => void) {
    this.#book = book;
    this.#onBroken = onBroken;
  }

  /** So many of a run are held there now. */
  set(instance: string, run: number, open: number): void {
    const key = `${instance} ${run}`;
    const held = this.#held.get(key) ?? { releases: [], isBroken: false };
    this.#held.set(key, held);
    while (held.releases.length < open) {
      const release = this.#book.of(instance, run).lend((died) => {
        if (held.isBroken) return;
        held.isBroken = true;
        this.#onBroken(instance, run, died);
      });
      held.releases.push(release);
    }
    for (const release of held.releases.splice(open)) release();
    if (open === 0) this.#held.delete(key);
  }

  /** Whoever held them is gone. */
  end(): void {
    for (const { releases } of this.#held.values()) for (const release of releases) release();
    this.#held.clear();
  }
}

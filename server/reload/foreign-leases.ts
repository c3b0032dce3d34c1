import type { LeaseBook } from '../instances/slots/lease-book.ts';

interface Held {
  releases: (() => void)[];
  isBroken: boolean;
}

/** The leases that the predecessor still holds. They count here like any other lease. */
export class ForeignLeases {
  readonly #book: LeaseBook;
  readonly #onBroken: (instance: string, run: number, died: boolean) => void;
  /** By instance and run. */
  readonly #held = new Map<string, Held>();

  /** @param onBroken Called once for a run whose leases the predecessor must end. `died`: the engine exited on its own. */
  constructor(book: LeaseBook, onBroken: (instance: string, run: number, died: boolean) => void) {
    this.#book = book;
    this.#onBroken = onBroken;
  }

  /** Sets how many leases of a run the predecessor holds now. */
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

  /** Releases all leases, because the predecessor is gone. */
  end(): void {
    for (const { releases } of this.#held.values()) for (const release of releases) release();
    this.#held.clear();
  }
}

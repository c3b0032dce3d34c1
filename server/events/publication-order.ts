import type { KeptEvent } from '../instances/ports.ts';

/**
 * Puts what is published into the order in which it was kept: what comes early waits for all before it, until each of
 * them was published or discarded.
 */
export class PublicationOrder {
  /** Oldest first. */
  readonly #open = new Map<number, { kept: KeptEvent; fate: 'open' | 'published' | 'discarded' }>();

  /** Takes its place: behind all that were kept before. */
  keep(kept: KeptEvent): void {
    this.#open.set(kept.seq, { kept, fate: 'open' });
  }

  /** Returns what listeners may hear now, in order. What has its fate already, or was never kept, changes nothing. */
  settle(kept: KeptEvent, fate: 'published' | 'discarded'): KeptEvent[] {
    const own = this.#open.get(kept.seq);
    if (own === undefined || own.fate !== 'open') return [];
    own.fate = fate;
    const due: KeptEvent[] = [];
    for (const [seq, first] of this.#open) {
      if (first.fate === 'open') break;
      this.#open.delete(seq);
      if (first.fate === 'published') due.push(first.kept);
    }
    return due;
  }
}

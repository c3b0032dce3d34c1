import type { KeptEvent } from '../instances/ports.ts';

/**
 * Releases published events in the order in which they were kept. An event waits until every earlier one is published or
 * discarded.
 */
export class PublicationOrder {
  /** Oldest first. */
  readonly #open = new Map<number, { kept: KeptEvent; fate: 'open' | 'published' | 'discarded' }>();

  /** Adds an event behind all that were kept before. */
  keep(kept: KeptEvent): void {
    this.#open.set(kept.seq, { kept, fate: 'open' });
  }

  /** Returns the events that can be delivered now, in order. An event that is settled or was never kept changes nothing. */
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

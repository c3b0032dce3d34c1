import type { KeptEvent } from '../instances/ports.ts';

/** How many events a listener that was away can be told. */
const REPLAYED = 1_000;

/** What a listener that was away has missed. */
export interface Replayed {
  /** The numbers of those that are not there any more, both ends included; `null`: nothing is missing. */
  gap: { from: number; to: number } | null;
  /** Oldest first. */
  events: KeptEvent[];
}

/** The newest events, in memory. */
export class Replay {
  /** Oldest first. */
  #events: KeptEvent[];
  /** Whether older ones than these were there once, or may have been. */
  #isCut: boolean;

  /** @param stored What the last server left, oldest first. */
  constructor(stored: readonly KeptEvent[]) {
    this.#events = stored.slice(-REPLAYED);
    this.#isCut = stored.length >= REPLAYED;
  }

  /** The number of the newest; 0: there is none yet. */
  get lastSeq(): number {
    return this.#events.at(-1)?.seq ?? 0;
  }

  push(kept: KeptEvent): void {
    this.#events.push(kept);
    // Cut in one piece now and then: a shift of each would move them all.
    if (this.#events.length < REPLAYED * 2) return;
    this.#events = this.#events.slice(-REPLAYED);
    this.#isCut = true;
  }

  /**
   * Everything after `seq`, as far as it is there. 0 asks for all there is, and any other number for what came after that
   * event: where it is unknown, because it is too old or of another data directory, there is a gap.
   */
  since(seq: number): Replayed {
    const events = this.#events.slice(-REPLAYED);
    const first = events[0]?.seq;
    const isCut = this.#isCut || events.length < this.#events.length;
    if (first === undefined || seq + 1 >= first || (seq === 0 && !isCut)) {
      return { gap: null, events: events.filter((kept) => kept.seq > seq) };
    }
    return { gap: { from: seq + 1, to: first - 1 }, events };
  }
}

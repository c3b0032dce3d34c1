import type { KeptEvent } from '../instances/ports/event-sink.ts';

/** Most events that a listener can get after an absence. */
const REPLAYED = 1_000;

/** The events that a listener missed. */
export interface Replayed {
  /** The numbers of events that are lost, both ends included; `null`: none is lost. */
  gap: { from: number; to: number } | null;
  /** Oldest first. */
  events: KeptEvent[];
}

/** The newest events, in memory. */
export class Replay {
  /** Oldest first. */
  #events: KeptEvent[];
  /** Whether older events existed, or may have. */
  #isCut: boolean;

  /** @param stored Events of the previous server, oldest first. */
  constructor(stored: readonly KeptEvent[]) {
    this.#events = stored.slice(-REPLAYED);
    this.#isCut = stored.length >= REPLAYED;
  }

  /** The number of the newest event; 0: no event yet. */
  get lastSeq(): number {
    return this.#events.at(-1)?.seq ?? 0;
  }

  push(kept: KeptEvent): void {
    this.#events.push(kept);
    // Cut many at once: a shift for each event would move all the others.
    if (this.#events.length < REPLAYED * 2) return;
    this.#events = this.#events.slice(-REPLAYED);
    this.#isCut = true;
  }

  /**
   * The kept events after `seq`; 0 requests all of them. Reports a gap when the event with that number is unknown, because
   * it is too old or of another data directory.
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

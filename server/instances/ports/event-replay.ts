import type { KeptEvent } from './event-sink.ts';

/** The kept events on disk. {@link InstanceStore} stores the events of a change. */
export interface ReplayStore {
  /** The newest events, for listeners that reconnect: oldest first, at most 1 000. */
  load(): Promise<KeptEvent[]>;
  /** Reads a page of kept events, newest first. */
  read(page: EventPage): Promise<KeptEvent[]>;
  /** Number of the oldest kept event; `null`: none is kept. */
  oldest(): Promise<number | null>;
  /** Stores events that belong to no change of an instance: all of them or none. */
  append(events: readonly KeptEvent[]): Promise<void>;
  /**
   * Reserves event numbers that were never used, not even by a server that crashed before it stored its events. Needs no
   * space on the disk. Never throws: if the reservation cannot be stored, it returns one number at a time.
   *
   * @param least The lowest acceptable number.
   */
  takeNumbers(least: number): EventNumbers;
}

/** A page of kept events. */
export interface EventPage {
  /** Only events with a smaller number. */
  before: number;
  /** Only events whose JSON contains this text, for a quick first filter; `null`: all. */
  containing: string | null;
  limit: number;
}

/** A range of numbers for new events. */
export interface EventNumbers {
  first: number;
  /** One more than the last. */
  end: number;
}

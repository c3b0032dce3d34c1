import type { KeptEvent } from './event-sink.ts';

/** The newest events on disk, for listeners that reconnect. {@link InstanceStore} stores the events of a change. */
export interface ReplayStore {
  /** The kept events, oldest first, at most 1 000. */
  load(): Promise<KeptEvent[]>;
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

/** A range of numbers for new events. */
export interface EventNumbers {
  first: number;
  /** One more than the last. */
  end: number;
}

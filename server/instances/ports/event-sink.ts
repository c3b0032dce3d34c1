import type { DomainEvent } from '@llamactl/contract/events';

/** An event with its number in the replay. */
export interface KeptEvent {
  /** Grows with every kept event, also across restarts; no two events share a number. */
  seq: number;
  /** RFC 3339. */
  timestamp: string;
  event: DomainEvent;
  /** Id of the event's instance; unlike a name it is never reused, and survives a delete. Never sent to clients. */
  instance?: string;
}

/**
 * Takes the events of the domain. Listeners get them strictly in the order of `seq`: an event published early waits for
 * those before it. So every kept event must be published or discarded. Methods must not throw and must not wait.
 */
export interface EventSink {
  /**
   * Gives an event its number at once. Store it together with its change, then publish it.
   *
   * @param instance Id of the event's instance.
   */
  keep(event: DomainEvent, instance?: string): KeptEvent;
  /** Sends the event to listeners. Call it when the event is stored, or when a change took effect without being stored. */
  publish(kept: KeptEvent): void;
  /** Drops the event, because its change did not take effect. */
  discard(kept: KeptEvent): void;
  /**
   * Keeps, stores and publishes an event that belongs to no change of an instance.
   *
   * @param at Time of the event, milliseconds since the epoch. Default: now.
   */
  emit(event: DomainEvent, instance?: string, at?: number): void;
}

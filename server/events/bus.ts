import type { DomainEvent } from '@llamactl/contract/events';
import type { ReplayStore } from '../instances/ports/event-replay.ts';
import type { EventSink, KeptEvent } from '../instances/ports/event-sink.ts';
import type { Clock } from '../instances/ports/time.ts';
import { Replay, type Replayed } from './replay.ts';

/** Gets every event. Runs within the emitter's turn: it must return quickly and not wait. */
export type EventListener = (event: DomainEvent, kept: KeptEvent) => void;

/** Delivers events from their emitters to the listeners. */
export interface EventBus extends EventSink {
  /** Calls the listener for every event from now on, in the order of `seq`; the returned function ends that at once. */
  subscribe(listener: EventListener): () => void;
  /** The number of the last event that was delivered, also by the previous server; 0: no event yet. */
  readonly lastSeq: number;
  /** The events after `seq`. A listener that subscribes in the same turn misses no event and gets none twice. */
  replaySince(seq: number): Replayed;
}

export interface EventBusDependencies {
  clock: Pick<Clock, 'now'>;
  /** Stores the events that belong to no change of an instance, and hands out the numbers. */
  replay: Pick<ReplayStore, 'append' | 'takeNumbers'>;
  /** The events that the previous server stored, oldest first. */
  stored: readonly KeptEvent[];
  /** Called with the error of a listener, or of a failed attempt to store an event; must not throw. */
  onError: (error: unknown, event: DomainEvent) => void;
}

/** Numbers reserved for each millisecond of the clock. */
const NUMBERS_A_MILLISECOND = 1_000;

/**
 * Releases published events in the order in which they were kept. An event waits until every earlier one is published or
 * discarded.
 */
export class PublicationOrder {
  /** Oldest first. */
  readonly #open = new Map<number, { kept: KeptEvent; fate: 'open' | 'published' | 'discarded' }>();

  /** Adds an event after all that were kept before. */
  keep(kept: KeptEvent): void {
    this.#open.set(kept.seq, { kept, fate: 'open' });
  }

  /**
   * Returns the events that can be delivered now, in order. Does nothing for an event that is settled already or was
   * never kept.
   */
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

/**
 * Creates an event bus. A listener that throws affects neither the emitter nor the other listeners.
 *
 * Numbers begin at the current time, or after those that a previous server has taken: it may have delivered events that
 * it could not store.
 */
export function createEventBus({ clock, replay: store, stored, onError }: EventBusDependencies): EventBus {
  // Each subscription is a separate object, so that one listener may subscribe twice.
  const subscriptions = new Set<{ listener: EventListener }>();
  const order = new PublicationOrder();
  const replay = new Replay(stored);
  const waiting: KeptEvent[] = [];
  let isDelivering = false;
  let numbers = store.takeNumbers(Math.max(clock.now() * NUMBERS_A_MILLISECOND, replay.lastSeq + 1));
  let nextSeq = numbers.first;

  function deliver(kept: KeptEvent): void {
    replay.push(kept);
    for (const subscription of subscriptions.values().toArray()) {
      if (!subscriptions.has(subscription)) continue;
      try {
        subscription.listener(kept.event, kept);
      } catch (error) {
        onError(error, kept.event);
      }
    }
  }

  function deliverAll(due: readonly KeptEvent[]): void {
    waiting.push(...due);
    // If a listener emits an event, deliver the current one first: otherwise other listeners get the two in reverse.
    if (isDelivering) return;
    isDelivering = true;
    try {
      for (let next = waiting.shift(); next; next = waiting.shift()) deliver(next);
    } finally {
      isDelivering = false;
    }
  }

  function takeNumber(): number {
    if (nextSeq >= numbers.end) {
      numbers = store.takeNumbers(nextSeq);
      nextSeq = numbers.first;
    }
    const number = nextSeq;
    nextSeq += 1;
    return number;
  }

  function keep(event: DomainEvent, instance?: string, at = clock.now()): KeptEvent {
    const timestamp = new Date(at).toISOString();
    const kept = { seq: takeNumber(), timestamp, event, ...(instance === undefined ? {} : { instance }) };
    order.keep(kept);
    return kept;
  }

  return {
    keep: (event, instance) => keep(event, instance),
    publish: (kept) => deliverAll(order.settle(kept, 'published')),
    discard: (kept) => deliverAll(order.settle(kept, 'discarded')),

    emit(event, instance, at) {
      const kept = keep(event, instance, at);
      store.append([kept]).catch((error: unknown) => onError(error, event));
      deliverAll(order.settle(kept, 'published'));
    },

    subscribe(listener) {
      const subscription = { listener };
      subscriptions.add(subscription);
      return () => void subscriptions.delete(subscription);
    },

    get lastSeq() {
      return replay.lastSeq;
    },
    replaySince: (seq) => replay.since(seq),
  };
}

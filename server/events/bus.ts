import type { InstanceEvent } from '@llamactl/contract/events';
import type { Clock, EventSink, KeptEvent, ReplayStore } from '../instances/ports.ts';
import { PublicationOrder } from './publication-order.ts';
import { Replay, type Replayed } from './replay.ts';

/** Hears of every event. Runs within the emitter's turn: it must hand on quickly and not wait. */
export type EventListener = (event: InstanceEvent, kept: KeptEvent) => void;

/** Carries events from where they happen to whoever listens. */
export interface EventBus extends EventSink {
  /** Hears of every event from now on, in the order of `seq`; the returned function ends it at once. */
  subscribe(listener: EventListener): () => void;
  /** The number of the last event that listeners have heard of, also of the last server's; 0: there was none. */
  readonly lastSeq: number;
  /** What was heard after `seq`. Whoever subscribes in the same turn misses nothing and hears nothing twice. */
  replaySince(seq: number): Replayed;
}

export interface EventBusParts {
  clock: Pick<Clock, 'now'>;
  /** Stores what belongs to no change of an instance, and has the numbers. */
  replay: Pick<ReplayStore, 'append' | 'takeNumbers'>;
  /** What the last server left in it, oldest first. */
  stored: readonly KeptEvent[];
  /** Told what a listener threw, or why an event could not be stored; must not throw itself. */
  onError: (error: unknown, event: InstanceEvent) => void;
}

/** Events of one millisecond that can have a number before the clock is overtaken. */
const NUMBERS_A_MILLISECOND = 1_000;

/**
 * An event bus. A listener that throws hinders neither the emitter nor the other listeners.
 *
 * Numbers begin where the clock is, or behind those that a server before has taken: that one may have told what it could not
 * store.
 */
export function createEventBus({ clock, replay: store, stored, onError }: EventBusParts): EventBus {
  // A subscription is an object of its own, so that one listener may be subscribed twice.
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
    // A listener that emits is answered after the event at hand: otherwise others would see the two in reverse.
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

  function keep(event: InstanceEvent, instance?: string, at = clock.now()): KeptEvent {
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

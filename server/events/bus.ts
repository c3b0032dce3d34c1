import type { InstanceEvent } from '@llamactl/contract/events';
import type { EventSink } from '../instances/ports.ts';

/** Hears of every event. Runs within the emitter's turn: it must hand on quickly and not wait. */
export type EventListener = (event: InstanceEvent) => void;

/** Carries events from where they happen to whoever listens. */
export interface EventBus extends EventSink {
  /** Hears of every event from now on, in the order of their emission; the returned function ends it at once. */
  subscribe(listener: EventListener): () => void;
}

/**
 * An event bus. A listener that throws hinders neither the emitter nor the other listeners.
 *
 * @param onError Told what a listener threw; must not throw itself.
 */
export function createEventBus(onError: (error: unknown, event: InstanceEvent) => void): EventBus {
  // A subscription is an object of its own, so that one listener may be subscribed twice.
  const subscriptions = new Set<{ listener: EventListener }>();
  const waiting: InstanceEvent[] = [];
  let isDelivering = false;

  function deliver(event: InstanceEvent): void {
    for (const subscription of subscriptions.values().toArray()) {
      if (!subscriptions.has(subscription)) continue;
      try {
        subscription.listener(event);
      } catch (error) {
        onError(error, event);
      }
    }
  }

  return {
    emit(event) {
      waiting.push(event);
      // A listener that emits is answered after the event at hand: otherwise others would see the two in reverse.
      if (isDelivering) return;
      isDelivering = true;
      try {
        for (let next = waiting.shift(); next; next = waiting.shift()) deliver(next);
      } finally {
        isDelivering = false;
      }
    },

    subscribe(listener) {
      const subscription = { listener };
      subscriptions.add(subscription);
      return () => void subscriptions.delete(subscription);
    },
  };
}

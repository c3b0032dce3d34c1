import { describe, expect, it } from 'vitest';
import type { InstanceEvent } from '@llamactl/contract/events';
import { eventsContract, statusChange } from '../testing/contracts/events.contract.ts';
import { createEventBus } from './bus.ts';
import type { EventListener } from './bus.ts';

function rethrow(error: unknown): never {
  throw error;
}

/** A listener that keeps what it hears. */
function recorder(): { heard: InstanceEvent[]; listener: EventListener } {
  const heard: InstanceEvent[] = [];
  return { heard, listener: (event) => void heard.push(event) };
}

eventsContract('the event bus', () => {
  const bus = createEventBus(rethrow);
  const { heard, listener } = recorder();
  bus.subscribe(listener);
  return { sink: bus, heard: () => heard };
});

describe('the event bus', () => {
  it('reports a listener that throws, and tells the others all the same', () => {
    const reports: unknown[] = [];
    const bus = createEventBus((error, event) => reports.push([error, event]));
    const failure = new Error('broken listener');
    bus.subscribe(() => {
      throw failure;
    });
    const { heard, listener } = recorder();
    bus.subscribe(listener);
    bus.emit(statusChange('a'));
    bus.emit(statusChange('b'));
    expect(heard).toEqual([statusChange('a'), statusChange('b')]);
    expect(reports).toEqual([
      [failure, statusChange('a')],
      [failure, statusChange('b')],
    ]);
  });

  it('tells nothing of the past, and nothing more after the end of a subscription', () => {
    const bus = createEventBus(rethrow);
    const { heard, listener } = recorder();
    bus.emit(statusChange('before'));
    const unsubscribe = bus.subscribe(listener);
    bus.emit(statusChange('during'));
    unsubscribe();
    unsubscribe();
    bus.emit(statusChange('after'));
    expect(heard).toEqual([statusChange('during')]);
  });

  it('keeps subscriptions of one listener apart', () => {
    const bus = createEventBus(rethrow);
    const { heard, listener } = recorder();
    const unsubscribe = bus.subscribe(listener);
    bus.subscribe(listener);
    unsubscribe();
    bus.emit(statusChange('a'));
    expect(heard).toHaveLength(1);
  });

  it('does not tell a listener that another one has just unsubscribed', () => {
    const bus = createEventBus(rethrow);
    const { heard, listener } = recorder();
    const unsubscribe: (() => void)[] = [];
    bus.subscribe(() => unsubscribe.forEach((end) => end()));
    unsubscribe.push(bus.subscribe(listener));
    bus.emit(statusChange('a'));
    expect(heard).toEqual([]);
  });

  it('tells a listener that subscribes while an event is told of the next one only', () => {
    const bus = createEventBus(rethrow);
    const { heard, listener } = recorder();
    const unsubscribe = bus.subscribe(() => {
      unsubscribe();
      bus.subscribe(listener);
    });
    bus.emit(statusChange('first'));
    bus.emit(statusChange('second'));
    expect(heard).toEqual([statusChange('second')]);
  });

  it('keeps the order for all when a listener emits', () => {
    const bus = createEventBus(rethrow);
    bus.subscribe((event) => {
      if (event.data === first.data) bus.emit(statusChange('second'));
    });
    const { heard, listener } = recorder();
    bus.subscribe(listener);
    const first = statusChange('first');
    bus.emit(first);
    expect(heard).toEqual([statusChange('first'), statusChange('second')]);
  });
});

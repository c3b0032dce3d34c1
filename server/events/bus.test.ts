import { describe, expect, it } from 'vitest';
import type { DomainEvent } from '@llamactl/contract/events';
import { eventsContract, statusChange } from '../testing/contracts/events.contract.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { createEventBus, type EventBus, type EventBusDependencies, type EventListener } from './bus.ts';

function rethrow(error: unknown): never {
  throw error;
}

function aBus(parts: Partial<EventBusDependencies> = {}): EventBus {
  return createEventBus({
    clock: new FakeClock(),
    replay: new MemoryStore().replay,
    stored: [],
    onError: rethrow,
    ...parts,
  });
}

/** A listener that records its events. */
function recorder(): { received: DomainEvent[]; listener: EventListener } {
  const received: DomainEvent[] = [];
  return { received, listener: (event) => void received.push(event) };
}

eventsContract('the event bus', () => {
  const bus = aBus();
  const { received, listener } = recorder();
  bus.subscribe(listener);
  return { sink: bus, heard: () => received };
});

describe('EventBus', () => {
  it('reports a listener that throws, and still calls the others', () => {
    const reports: unknown[] = [];
    const bus = aBus({ onError: (error, event) => reports.push([error, event]) });
    const failure = new Error('broken listener');
    bus.subscribe(() => {
      throw failure;
    });
    const { received, listener } = recorder();
    bus.subscribe(listener);
    bus.emit(statusChange('a'));
    bus.emit(statusChange('b'));
    expect(received).toEqual([statusChange('a'), statusChange('b')]);
    expect(reports).toEqual([
      [failure, statusChange('a')],
      [failure, statusChange('b')],
    ]);
  });

  it('delivers no earlier events, and none after the end of a subscription', () => {
    const bus = aBus();
    const { received, listener } = recorder();
    bus.emit(statusChange('before'));
    const unsubscribe = bus.subscribe(listener);
    bus.emit(statusChange('during'));
    unsubscribe();
    unsubscribe();
    bus.emit(statusChange('after'));
    expect(received).toEqual([statusChange('during')]);
  });

  it('keeps subscriptions of one listener apart', () => {
    const bus = aBus();
    const { received, listener } = recorder();
    const unsubscribe = bus.subscribe(listener);
    bus.subscribe(listener);
    unsubscribe();
    bus.emit(statusChange('a'));
    expect(received).toHaveLength(1);
  });

  it('does not call a listener that another one has just unsubscribed', () => {
    const bus = aBus();
    const { received, listener } = recorder();
    const unsubscribe: (() => void)[] = [];
    bus.subscribe(() => unsubscribe.forEach((end) => end()));
    unsubscribe.push(bus.subscribe(listener));
    bus.emit(statusChange('a'));
    expect(received).toEqual([]);
  });

  it('calls a listener that subscribes during a delivery from the next event on', () => {
    const bus = aBus();
    const { received, listener } = recorder();
    const unsubscribe = bus.subscribe(() => {
      unsubscribe();
      bus.subscribe(listener);
    });
    bus.emit(statusChange('first'));
    bus.emit(statusChange('second'));
    expect(received).toEqual([statusChange('second')]);
  });

  it('keeps the order for all when a listener emits', () => {
    const bus = aBus();
    bus.subscribe((event) => {
      if (event.data === first.data) bus.emit(statusChange('second'));
    });
    const { received, listener } = recorder();
    bus.subscribe(listener);
    const first = statusChange('first');
    bus.emit(first);
    expect(received).toEqual([statusChange('first'), statusChange('second')]);
  });

  it('stores an event that belongs to no change of an instance', async () => {
    const store = new MemoryStore();
    const bus = aBus({ replay: store.replay });
    bus.emit(statusChange('a'), 'id');
    await new Promise((resolve) => void setImmediate(resolve));
    expect(store.events).toEqual(bus.replaySince(0).events);
    expect(store.events).toMatchObject([{ event: statusChange('a'), instance: 'id' }]);
  });

  it('delivers an event that cannot be stored, and reports the error', async () => {
    const reports: unknown[] = [];
    const failure = new Error('disk full');
    const bus = aBus({
      replay: { ...new MemoryStore().replay, append: async () => Promise.reject(failure) },
      onError: (error) => reports.push(error),
    });
    const { received, listener } = recorder();
    bus.subscribe(listener);
    bus.emit(statusChange('a'));
    expect(received).toEqual([statusChange('a')]);
    await new Promise((resolve) => void setImmediate(resolve));
    expect(reports).toEqual([failure]);
  });
});

describe('EventBus numbers', () => {
  it('begin at the clock', () => {
    const clock = new FakeClock();
    expect(aBus({ clock }).keep(statusChange('a'))).toMatchObject({
      seq: clock.now() * 1_000,
      timestamp: new Date(clock.now()).toISOString(),
    });
  });

  it('continue after the last stored one when the clock was set back', () => {
    const clock = new FakeClock();
    const last = { seq: (clock.now() + 60_000) * 1_000, timestamp: '', event: statusChange('a') };
    const bus = aBus({ clock, stored: [last] });
    expect(bus.lastSeq).toBe(last.seq);
    expect(bus.keep(statusChange('b')).seq).toBe(last.seq + 1);
  });

  it('are never reused, even if no event was stored and the clock was set back', async () => {
    const { replay } = new MemoryStore();
    const numbersAt = (clock: FakeClock): number[] => {
      const bus = aBus({ clock, replay });
      return Array.from({ length: 2_500 }, () => bus.keep(statusChange('a')).seq);
    };
    const late = new FakeClock();
    await late.advance(60_000);
    const numbersBefore = numbersAt(late);
    const later = numbersAt(new FakeClock());
    expect(later[0]).toBeGreaterThan(numbersBefore.at(-1) ?? Infinity);
    const all = [...numbersBefore, ...later];
    expect(all).toEqual(all.toSorted((one, other) => one - other));
    expect(new Set(all).size).toBe(5_000);
  });
});

describe('EventBus replay', () => {
  it('holds stored and published events, not those only kept', () => {
    const stored = [{ seq: 5, timestamp: '', event: statusChange('a') }];
    const bus = aBus({ stored });
    const early = bus.keep(statusChange('b'));
    const late = bus.keep(statusChange('c'));
    bus.publish(late);
    expect(bus.replaySince(0).events).toEqual(stored);
    expect(bus.lastSeq).toBe(5);
    bus.publish(early);
    expect(bus.replaySince(5)).toEqual({ gap: null, events: [early, late] });
    expect(bus.lastSeq).toBe(late.seq);
  });

  it('together with a subscription of the same turn has every event once', () => {
    const bus = aBus();
    const { received, listener } = recorder();
    let replayed: DomainEvent[] = [];
    // This listener runs while the first event is being delivered and the second one waits.
    const unsubscribe = bus.subscribe(() => {
      unsubscribe();
      bus.emit(statusChange('second'));
      replayed = bus.replaySince(0).events.map(({ event }) => event);
      bus.subscribe(listener);
    });
    bus.emit(statusChange('first'));
    bus.emit(statusChange('third'));
    expect([...replayed, ...received]).toEqual(['first', 'second', 'third'].map((name) => statusChange(name)));
  });
});

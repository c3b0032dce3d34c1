import { describe, expect, it } from 'vitest';
import type { InstanceEvent } from '@llamactl/contract/events';
import { eventsContract, statusChange } from '../testing/contracts/events.contract.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { createEventBus, type EventBus, type EventBusParts, type EventListener } from './bus.ts';

function rethrow(error: unknown): never {
  throw error;
}

function aBus(parts: Partial<EventBusParts> = {}): EventBus {
  return createEventBus({
    clock: new FakeClock(),
    replay: new MemoryStore().replay,
    stored: [],
    onError: rethrow,
    ...parts,
  });
}

/** A listener that keeps what it hears. */
function recorder(): { heard: InstanceEvent[]; listener: EventListener } {
  const heard: InstanceEvent[] = [];
  return { heard, listener: (event) => void heard.push(event) };
}

eventsContract('the event bus', () => {
  const bus = aBus();
  const { heard, listener } = recorder();
  bus.subscribe(listener);
  return { sink: bus, heard: () => heard };
});

describe('the event bus', () => {
  it('reports a listener that throws, and tells the others all the same', () => {
    const reports: unknown[] = [];
    const bus = aBus({ onError: (error, event) => reports.push([error, event]) });
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
    const bus = aBus();
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
    const bus = aBus();
    const { heard, listener } = recorder();
    const unsubscribe = bus.subscribe(listener);
    bus.subscribe(listener);
    unsubscribe();
    bus.emit(statusChange('a'));
    expect(heard).toHaveLength(1);
  });

  it('does not tell a listener that another one has just unsubscribed', () => {
    const bus = aBus();
    const { heard, listener } = recorder();
    const unsubscribe: (() => void)[] = [];
    bus.subscribe(() => unsubscribe.forEach((end) => end()));
    unsubscribe.push(bus.subscribe(listener));
    bus.emit(statusChange('a'));
    expect(heard).toEqual([]);
  });

  it('tells a listener that subscribes while an event is told of the next one only', () => {
    const bus = aBus();
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
    const bus = aBus();
    bus.subscribe((event) => {
      if (event.data === first.data) bus.emit(statusChange('second'));
    });
    const { heard, listener } = recorder();
    bus.subscribe(listener);
    const first = statusChange('first');
    bus.emit(first);
    expect(heard).toEqual([statusChange('first'), statusChange('second')]);
  });

  it('stores what belongs to no change of an instance', async () => {
    const store = new MemoryStore();
    const bus = aBus({ replay: store.replay });
    bus.emit(statusChange('a'), 'id');
    await new Promise((resolve) => void setImmediate(resolve));
    expect(store.events).toEqual(bus.replaySince(0).events);
    expect(store.events).toMatchObject([{ event: statusChange('a'), instance: 'id' }]);
  });

  it('tells of what cannot be stored all the same, and reports it', async () => {
    const reports: unknown[] = [];
    const failure = new Error('disk full');
    const bus = aBus({
      replay: { ...new MemoryStore().replay, append: async () => Promise.reject(failure) },
      onError: (error) => reports.push(error),
    });
    const { heard, listener } = recorder();
    bus.subscribe(listener);
    bus.emit(statusChange('a'));
    expect(heard).toEqual([statusChange('a')]);
    await new Promise((resolve) => void setImmediate(resolve));
    expect(reports).toEqual([failure]);
  });
});

describe('the numbers of events', () => {
  it('begin where the clock is', () => {
    const clock = new FakeClock();
    expect(aBus({ clock }).keep(statusChange('a'))).toMatchObject({
      seq: clock.now() * 1_000,
      timestamp: new Date(clock.now()).toISOString(),
    });
  });

  it('go on behind the last stored one where the clock was set back', () => {
    const clock = new FakeClock();
    const last = { seq: (clock.now() + 60_000) * 1_000, timestamp: '', event: statusChange('a') };
    const bus = aBus({ clock, stored: [last] });
    expect(bus.lastSeq).toBe(last.seq);
    expect(bus.keep(statusChange('b')).seq).toBe(last.seq + 1);
  });

  it('are never given again, also where nothing of it was stored and the clock was set back', async () => {
    const { replay } = new MemoryStore();
    const numbersAt = (clock: FakeClock): number[] => {
      const bus = aBus({ clock, replay });
      return Array.from({ length: 2_500 }, () => bus.keep(statusChange('a')).seq);
    };
    const late = new FakeClock();
    await late.advance(60_000);
    const told = numbersAt(late);
    const later = numbersAt(new FakeClock());
    expect(later[0]).toBeGreaterThan(told.at(-1) ?? Infinity);
    const all = [...told, ...later];
    expect(all).toEqual(all.toSorted((one, other) => one - other));
    expect(new Set(all).size).toBe(5_000);
  });
});

describe('the replay of the bus', () => {
  it('holds what the last server stored and what was published since, not what is only kept', () => {
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

  it('and a subscription of the same turn leave nothing out and tell nothing twice', () => {
    const bus = aBus();
    const { heard, listener } = recorder();
    let replayed: InstanceEvent[] = [];
    // While one event is told and the next one waits for its turn.
    const unsubscribe = bus.subscribe(() => {
      unsubscribe();
      bus.emit(statusChange('second'));
      replayed = bus.replaySince(0).events.map(({ event }) => event);
      bus.subscribe(listener);
    });
    bus.emit(statusChange('first'));
    bus.emit(statusChange('third'));
    expect([...replayed, ...heard]).toEqual(['first', 'second', 'third'].map((name) => statusChange(name)));
  });
});

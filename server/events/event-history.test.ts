import type { DomainEvent } from '@llamactl/contract/events';
import { beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import type { KeptEvent } from '../instances/ports/event-sink.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { createEventBus, type EventBus } from './bus.ts';
import { EventHistory, type HistoryQuery } from './event-history.ts';

const ALL: HistoryQuery = {
  visible: null,
  seesCallers: true,
  instance: null,
  before: Number.MAX_SAFE_INTEGER,
  limit: 100,
};

let store: MemoryStore;

beforeEach(() => {
  store = new MemoryStore();
});

const created = (seq: number, name = 'a', instance?: string): KeptEvent => ({
  seq,
  timestamp: '2026-01-01T00:00:00.000Z',
  event: { type: 'instance_created', data: { name } },
  ...(instance === undefined ? {} : { instance }),
});

async function busOf(): Promise<EventBus> {
  return createEventBus({
    clock: systemClock(),
    replay: store.replay,
    stored: await store.replay.load(),
    onError: (error) => expect(error).toBe(null),
  });
}

async function history(bus?: EventBus, ids: Record<string, string> = {}): Promise<EventHistory> {
  const clock = systemClock();
  return new EventHistory({
    clock,
    bus: bus ?? (await busOf()),
    store: store.replay,
    idOf: (name) => ids[name] ?? null,
  });
}

const names = ({ events }: { events: { data: DomainEvent['data'] }[] }): unknown[] =>
  events.map(({ data }) => ('name' in data ? data.name : null));

describe('EventHistory', () => {
  it('reads page after page, in memory and in the store, without a missing or repeated event', async () => {
    await store.replay.append(Array.from({ length: 2_600 }, (_, index) => created(index + 1)));
    const bus = await busOf();
    // Not stored yet.
    bus.emit({ type: 'instance_deleted', data: { name: 'a' } });
    const own = await history(bus);
    const seen: number[] = [];
    for (let before = Number.MAX_SAFE_INTEGER; ;) {
      const { events, more, oldest_seq: oldest } = await own.events({ ...ALL, before, limit: 400 }, null);
      expect(oldest).toBe(1);
      seen.push(...events.map(({ seq }) => seq));
      before = events.at(-1)?.seq ?? 0;
      if (!more) break;
    }
    expect(seen).toHaveLength(2_601);
    expect(seen.slice(1)).toEqual(Array.from({ length: 2_600 }, (_, index) => 2_600 - index));
  });

  it('has no events at first', async () => {
    expect(await (await history()).events(ALL, null)).toEqual({ events: [], more: false, oldest_seq: null });
  });

  it('returns events of one type, whatever the text of others contains', async () => {
    await store.replay.append([
      created(1),
      { ...created(2), event: { type: 'instance_deleted', data: { name: '"instance_created"' } } },
      ...Array.from({ length: 1_500 }, (_, index) => ({
        ...created(index + 10),
        event: { type: 'instance_updated' as const, data: { name: 'a' } },
      })),
    ]);
    const { events } = await (await history()).events(ALL, 'instance_created');
    expect(events.map(({ seq }) => seq)).toEqual([1]);
  });

  it('finds the events of an instance under its earlier names, and of deleted ones of its name', async () => {
    await store.replay.append([
      created(1, 'A', 'deleted'),
      created(2, 'old', 'own'),
      {
        ...created(3, 'a', 'own'),
        event: { type: 'instance_updated', data: { name: 'a', previous_name: 'old' } },
      },
      created(4, 'b', 'other'),
    ]);
    const own = await history();
    expect(names(await own.events({ ...ALL, instance: { name: 'a', id: 'own' } }, null))).toEqual(['a', 'old', 'A']);
    expect(names(await own.events({ ...ALL, instance: { name: 'old', id: null } }, null))).toEqual(['a', 'old']);
  });

  it('hides events and alerts of instances that the caller may not see', async () => {
    const alert = (seq: number, instance?: string): KeptEvent => ({
      seq,
      timestamp: '2026-01-01T00:00:00.000Z',
      event: {
        type: 'system_alert',
        data: { level: 'error', code: 'c', message: 'm', state: 'raised', ...(instance !== undefined && { instance }) },
      },
      ...(instance === undefined ? {} : { instance: `id-of-${instance}` }),
    });
    await store.replay.append([created(1, 'a', 'id-of-a'), created(2, 'b'), alert(3, 'a'), alert(4, 'b'), alert(5)]);
    const own = await history(undefined, { b: 'id-of-b' });
    const query = { ...ALL, visible: new Set(['id-of-a']) };
    expect((await own.events(query, null)).events.map(({ seq }) => seq)).toEqual([5, 3, 1]);
    expect((await own.alerts(query)).alerts.map(({ seq }) => seq)).toEqual([5, 3]);
    expect((await own.alerts({ ...ALL, before: 5, limit: 1 })).alerts.map(({ instance }) => instance)).toEqual(['b']);
    expect(await own.alerts({ ...ALL, before: 5, limit: 1 })).toMatchObject({ more: true, oldest_seq: 1 });
    // An event without an id belongs to the present instance of its name.
    expect((await own.events({ ...ALL, visible: new Set(['id-of-b']) }, 'instance_created')).events).toHaveLength(1);
  });

  it('hides who caused a change from callers who may not see that', async () => {
    const trigger = { kind: 'demand', caller: 'user:ada', request_id: 'r1' } as const;
    const data = { name: 'a', status: 'starting', previous_status: 'stopped', trigger } as const;
    await store.replay.append([{ ...created(1), event: { type: 'instance_status_changed', data } }]);
    const own = await history();
    const triggerFor = async (seesCallers: boolean): Promise<unknown> => {
      const { events } = await own.events({ ...ALL, seesCallers }, null);
      return events.map((event) => (event.type === 'instance_status_changed' ? event.data.trigger : null));
    };
    expect(await triggerFor(true)).toEqual([trigger]);
    expect(await triggerFor(false)).toEqual([{ kind: 'demand' }]);
  });
});

import type { DomainEvent, Frame } from '@llamactl/contract/events';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../instances/ports/time.ts';
import { statusChange } from '../testing/contracts/events.contract.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { createEventBus } from './bus.ts';
import { createFeed, type FeedClient } from './feed.ts';
import type { DecisionListener, DecisionSource } from './decision-trace.ts';

const STATS = {
  memory_usage: 1,
  cpu_usage: 2,
  threads: 3,
  read_bytes: 4,
  write_bytes: 5,
  gpu_memory_usage: null,
  gpus: [],
  uptime: 6,
};

/** Decodes frames; all are short. */
function framesIn(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let rest = bytes; rest.length > 0;) {
    const [start, length] = rest[1] === 126 ? [4, rest.readUInt16BE(2)] : [2, rest[1] ?? 0];
    frames.push(JSON.parse(rest.subarray(start, start + length).toString()) as Frame);
    rest = rest.subarray(start + length);
  }
  return frames;
}

function aClient() {
  const writes: Buffer[] = [];
  const wire = { pending: 0, write: (bytes: Buffer) => void writes.push(bytes) };
  const client = { slow: 0 };
  return {
    writes,
    wire,
    client,
    frames: () => writes.flatMap(framesIn),
    /** `type name` of each frame. */
    summaries: () =>
      writes.flatMap(framesIn).map(({ type, data }) => ('name' in data ? `${type.slice(9)} ${data.name}` : type)),
    as: (options: Partial<FeedClient> = {}): FeedClient => ({
      wire,
      instances: null,
      seesCallers: false,
      caller: 'user:me',
      afterSeq: null,
      onTooSlow: () => void (client.slow += 1),
      ...options,
    }),
  };
}

function aFeed(
  stored = new MemoryStore().events,
  decisions: DecisionSource = { listen: () => () => undefined },
  onWishes = (): void => undefined,
) {
  const clock = new FakeClock();
  const bus = createEventBus({
    clock,
    replay: new MemoryStore().replay,
    stored,
    onError: (error) => {
      throw error;
    },
  });
  const ids = new Map([['a', 'id-a']]);
  const feed = createFeed({ clock, bus, decisions, onWishes, idOf: (name) => ids.get(name) ?? null });
  return { clock, bus, ids, feed };
}

/** A source of decisions that counts its listeners. */
function someDecisions() {
  const listeners = new Set<DecisionListener>();
  return {
    listeners,
    listen: (listener: DecisionListener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    decide: () => {
      const data = { decision: 'idle_stop', instance: 'a', message: 'is stopped', inputs: {} } as const;
      for (const listener of listeners) listener({ data, instances: ['id-a'], namesCaller: false });
    },
  };
}

describe('Feed of frames that have to be named', () => {
  const counts = { name: 'a', in_flight: 1, waiting: 2, tokens_per_second: 3.5 };

  it('sends them to clients that subscribe to them, with the number of the last event', async () => {
    const { clock, bus, feed } = aFeed();
    const [one, two] = [aClient(), aClient()];
    feed.join(one.as()).subscribe({ types: ['requests_updated'] });
    feed.join(two.as());
    bus.emit(statusChange('a'), 'id-a');
    feed.send({ type: 'requests_updated', data: counts });
    await clock.advance(100);
    expect(one.frames()).toMatchObject([{ type: 'requests_updated', seq: bus.lastSeq, data: counts }]);
    expect(two.summaries()).toEqual(['status_changed a']);
  });

  it('knows whether a client wants them, over changes of its subscription', () => {
    const wishes: boolean[] = [];
    const { feed } = aFeed(undefined, undefined, () => wishes.push(feed.wants('system_stats_updated')));
    const seat = feed.join(aClient().as());
    expect(feed.wants('system_stats_updated')).toBe(false);
    seat.subscribe({ types: ['system_stats_updated'] });
    seat.subscribe({});
    seat.subscribe({ types: ['system_stats_updated', 'decision'] });
    seat.leave();
    expect(wishes).toEqual([true, false, true, false]);
  });

  it('does not keep them for replay', async () => {
    const { clock, bus, feed } = aFeed();
    bus.emit(statusChange('a'), 'id-a');
    feed.join(aClient().as()).subscribe({ types: ['requests_updated'] });
    feed.send({ type: 'requests_updated', data: counts });
    await clock.advance(100);
    const late = aClient();
    feed.join(late.as({ afterSeq: 0 }));
    expect(late.summaries()).toEqual(['status_changed a']);
  });

  it('drops them for a client that reads too slowly, and keeps the client', async () => {
    const { clock, feed } = aFeed();
    const slow = aClient();
    slow.wire.pending = 1_000_000;
    feed.join(slow.as()).subscribe({ types: ['requests_updated'] });
    for (let sent = 0; sent < 20_000; sent += 1) feed.send({ type: 'requests_updated', data: counts });
    await clock.advance(100);
    expect([slow.writes, slow.client.slow]).toEqual([[], 0]);
  });
});

describe('Feed of decisions', () => {
  it('sends them to clients that subscribe to them, with the number of the last event', async () => {
    const decisions = someDecisions();
    const { clock, bus, feed } = aFeed(undefined, decisions);
    const [one, two] = [aClient(), aClient()];
    feed.join(one.as()).subscribe({ types: ['decision', 'instance_status_changed'] });
    feed.join(two.as());
    bus.emit(statusChange('a'), 'id-a');
    decisions.decide();
    await clock.advance(50);
    expect(one.frames().map(({ type, seq }) => [type, seq])).toEqual([
      ['instance_status_changed', bus.lastSeq],
      ['decision', bus.lastSeq],
    ]);
    expect(one.frames().at(1)?.data).toEqual({
      decision: 'idle_stop',
      instance: 'a',
      message: 'is stopped',
      inputs: {},
    });
    expect(two.summaries()).toEqual(['status_changed a']);
  });

  it('listens only while a client wants them', () => {
    const decisions = someDecisions();
    const { feed } = aFeed(undefined, decisions);
    const [one, two] = [aClient(), aClient()].map((client) => feed.join(client.as()));
    expect(decisions.listeners.size).toBe(0);
    one?.subscribe({ types: ['decision'] });
    two?.subscribe({ types: ['decision'] });
    expect(decisions.listeners.size).toBe(1);
    one?.subscribe({});
    expect(decisions.listeners.size).toBe(1);
    two?.leave();
    expect(decisions.listeners.size).toBe(0);
    one?.subscribe({ types: ['decision'] });
    feed.close();
    expect(decisions.listeners.size).toBe(0);
  });

  it('does not replay them, nor keep them for a slow client', async () => {
    const decisions = someDecisions();
    const { clock, feed } = aFeed(undefined, decisions);
    const [slow, late] = [aClient(), aClient()];
    feed.join(slow.as()).subscribe({ types: ['decision'] });
    slow.wire.pending = 100_000;
    decisions.decide();
    await clock.advance(50);
    const seat = feed.join(late.as({ afterSeq: 0 }));
    seat.subscribe({ types: ['decision'] });
    await clock.advance(50);
    expect([slow.frames(), slow.client.slow, late.frames()]).toEqual([[], 0, []]);
  });
});

describe('Feed', () => {
  it('sends an event at once after a pause, in the format of the contract', async () => {
    const { clock, bus, feed } = aFeed();
    const one = aClient();
    feed.join(one.as());
    bus.emit(statusChange('a'), 'id-a');
    await clock.flush();
    expect(one.frames()).toEqual([
      {
        type: 'instance_status_changed',
        timestamp: new Date(clock.now()).toISOString(),
        seq: bus.lastSeq,
        data: { name: 'a', status: 'starting', previous_status: 'stopped' },
      },
    ]);
  });

  it('sends the events within 50 ms of the last write in one write', async () => {
    const { clock, bus, feed } = aFeed();
    const one = aClient();
    feed.join(one.as());
    bus.emit(statusChange('a'));
    await clock.flush();
    for (const name of ['b', 'c', 'd']) {
      bus.emit(statusChange(name));
      await clock.advance(10);
    }
    expect(one.writes).toHaveLength(1);
    await clock.advance(20);
    expect(one.writes).toHaveLength(2);
    expect(one.summaries()).toEqual(['status_changed a', 'status_changed b', 'status_changed c', 'status_changed d']);
  });

  it('batches the statistics of all instances, with the number of the last event', async () => {
    const { clock, bus, feed } = aFeed();
    const one = aClient();
    bus.emit(statusChange('a'));
    feed.join(one.as());
    feed.stats({ name: 'a', stats: STATS });
    await clock.advance(20);
    feed.stats({ name: 'b', stats: STATS });
    expect(one.writes).toEqual([]);
    await clock.advance(30);
    expect(one.writes).toHaveLength(1);
    expect(one.frames()).toEqual(
      ['a', 'b'].map((name, index) => ({
        type: 'instance_stats_updated',
        timestamp: new Date(clock.now() - 50 + index * 20).toISOString(),
        seq: bus.lastSeq,
        data: { name, stats: STATS },
      })),
    );
  });

  it('writes the same bytes to all clients with equal subscriptions', async () => {
    const { clock, bus, feed } = aFeed();
    const clients = [aClient(), aClient(), aClient()];
    const [one, two, three] = clients;
    for (const client of clients) feed.join(client.as({ instances: client === three ? new Set(['id-a']) : null }));
    bus.emit(statusChange('a'), 'id-a');
    bus.emit(statusChange('b'), 'id-b');
    await clock.flush();
    expect(two?.writes[0]).toBe(one?.writes[0]);
    expect(three?.summaries()).toEqual(['status_changed a']);
  });

  it('writes to many clients in several turns, and one batch after the other', async () => {
    const { clock, bus } = aFeed();
    /** Names sent, by turn. */
    const turns: string[][] = [];
    const counting: Clock = {
      now: () => clock.now(),
      elapsed: () => clock.elapsed(),
      after: (milliseconds, callback) => clock.after(milliseconds, () => counting.nextTurn(callback)),
      nextTurn: (callback) =>
        clock.nextTurn(() => {
          turns.push([]);
          callback();
        }),
    };
    const feed = createFeed({ clock: counting, bus, idOf: () => null });
    let isFirst = true;
    const write = (bytes: Buffer): void => {
      turns.at(-1)?.push(...framesIn(bytes).map(({ data }) => ('name' in data ? data.name : '')));
      if (isFirst) bus.emit(statusChange('b'));
      isFirst = false;
    };
    for (let index = 0; index < 200; index += 1) feed.join(aClient().as({ wire: { pending: 0, write } }));
    bus.emit(statusChange('a'));
    await clock.advance(100);
    expect(turns.flat()).toEqual([...Array<string>(200).fill('a'), ...Array<string>(200).fill('b')]);
    expect(Math.max(...turns.map(({ length }) => length))).toBeLessThanOrEqual(64);
  });

  it('ends a turn early when writing takes long', async () => {
    const { clock, bus } = aFeed();
    let now = clock.elapsed();
    let turn = 0;
    const turns: number[] = [];
    const slow: Clock = {
      now: () => clock.now(),
      elapsed: () => now,
      after: (milliseconds, callback) => clock.after(milliseconds, callback),
      nextTurn: (callback) =>
        clock.nextTurn(() => {
          turn += 1;
          callback();
        }),
    };
    const feed = createFeed({ clock: slow, bus, idOf: () => null });
    const write = (): void => {
      turns.push(turn);
      now += 2;
    };
    for (let index = 0; index < 6; index += 1) feed.join(aClient().as({ wire: { pending: 0, write } }));
    bus.emit(statusChange('a'));
    await clock.flush();
    expect(turns).toEqual([1, 1, 2, 2, 3, 3]);
  });

  it('skips a client that left during a turn', async () => {
    const { clock, bus, feed } = aFeed();
    const [one, two] = [aClient(), aClient()];
    const seat = feed.join(one.as());
    feed.join(two.as());
    bus.emit(statusChange('a'));
    seat.leave();
    await clock.flush();
    expect([one.summaries(), two.summaries()]).toEqual([[], ['status_changed a']]);
  });

  it('applies a new subscription', async () => {
    const { clock, bus, feed } = aFeed();
    const one = aClient();
    const seat = feed.join(one.as());
    seat.subscribe({ types: ['instance_stats_updated'] });
    bus.emit(statusChange('a'));
    feed.stats({ name: 'a', stats: STATS });
    await clock.advance(100);
    seat.subscribe({});
    bus.emit(statusChange('b'));
    await clock.advance(100);
    expect(one.summaries()).toEqual(['stats_updated a', 'status_changed b']);
  });

  it('sends the deletion of an instance to its viewers, and nothing about a new one of that name', async () => {
    const { clock, bus, ids, feed } = aFeed();
    const one = aClient();
    feed.join(one.as({ instances: new Set(['id-a']) }));
    ids.delete('a');
    bus.emit({ type: 'instance_deleted', data: { name: 'a' } }, 'id-a');
    ids.set('a', 'another');
    bus.emit({ type: 'instance_created', data: { name: 'a' } }, 'another');
    feed.stats({ name: 'a', stats: STATS });
    await clock.advance(100);
    expect(one.summaries()).toEqual(['deleted a']);
  });

  it('sends alerts only to clients that may see their instance', async () => {
    const { clock, bus, feed } = aFeed();
    const one = aClient();
    feed.join(one.as({ instances: new Set(['id-a']) }));
    for (const instance of ['a', 'b'])
      bus.emit({ type: 'system_alert', data: { level: 'error', code: 'x', message: '', state: 'raised', instance } });
    await clock.flush();
    expect(one.frames().map(({ data }) => data)).toMatchObject([{ instance: 'a' }]);
  });

  it('sends events of any further kind: about an instance to those who may see it, all others to every client', async () => {
    const { clock, bus, feed } = aFeed();
    const [limited, free] = [aClient(), aClient()];
    feed.join(limited.as({ instances: new Set(['id-a']) }));
    feed.join(free.as());
    const aJob = { type: 'job_changed', data: { id: 'j1', state: 'done' } };
    const ofB = { type: 'bench_finished', data: { instance: 'b', tokens: 9 } };
    // As if read from the store of a version that has these kinds.
    for (const event of [aJob, ofB]) bus.emit(JSON.parse(JSON.stringify(event)) as DomainEvent);
    await clock.flush();
    expect(limited.frames()).toMatchObject([aJob]);
    expect(free.frames()).toMatchObject([aJob, ofB]);
    expect(bus.replaySince(0).events.map(({ event }) => event)).toEqual([aJob, ofB]);
  });

  it('knows the last event that was written to a client, not one that still waits', async () => {
    const { clock, bus, feed } = aFeed();
    bus.emit(statusChange('before'));
    const one = aClient();
    const seat = feed.join(one.as());
    const first = bus.lastSeq;
    expect(seat.lastSeq).toBe(first);
    bus.emit(statusChange('a'));
    expect(seat.lastSeq).toBe(first);
    await clock.advance(100);
    const second = bus.lastSeq;
    expect(seat.lastSeq).toBe(second);
    one.wire.pending = 1_000_000;
    bus.emit(statusChange('a'));
    await clock.advance(100);
    expect(seat.lastSeq).toBe(second);
    one.wire.pending = 0;
    seat.drained();
    expect(seat.lastSeq).toBe(bus.lastSeq);
    expect(bus.lastSeq).toBeGreaterThan(second);
  });

  it('drops a client that is too slow, and continues for the others', async () => {
    const { clock, bus, feed } = aFeed();
    const [slow, quick] = [aClient(), aClient()];
    feed.join(slow.as());
    feed.join(quick.as());
    slow.wire.pending = 100_000;
    const message = 'x'.repeat(50_000);
    for (let count = 0; count < 30; count += 1) {
      bus.emit({ type: 'system_alert', data: { level: 'error', code: 'x', message, state: 'raised' } });
      await clock.advance(100);
    }
    expect(slow.client.slow).toBe(1);
    expect(slow.writes).toEqual([]);
    expect(quick.frames()).toHaveLength(30);
  });
});

describe('Feed, for a client that reconnects', () => {
  it('replays the missed events and continues without a gap or a repetition', async () => {
    const { clock, bus, feed } = aFeed();
    const always = aClient();
    feed.join(always.as());
    bus.emit(statusChange('a'));
    const afterSeq = bus.lastSeq;
    await clock.flush();
    bus.emit(statusChange('b'));
    const one = aClient();
    feed.join(one.as({ afterSeq }));
    bus.emit(statusChange('c'));
    await clock.advance(100);
    expect(one.summaries()).toEqual(['status_changed b', 'status_changed c']);
    expect(always.summaries()).toEqual(['status_changed a', 'status_changed b', 'status_changed c']);
  });

  it('reports lost events first', async () => {
    const { clock, bus, feed } = aFeed();
    for (let count = 0; count < 1_001; count += 1) bus.emit(statusChange('a'), 'id-a');
    const one = aClient();
    feed.join(one.as({ afterSeq: 7, instances: new Set() }));
    await clock.flush();
    const first = bus.replaySince(0).events[0]?.seq ?? 0;
    expect(one.frames()).toEqual([
      {
        type: 'gap',
        timestamp: new Date(clock.now()).toISOString(),
        seq: first - 1,
        data: { from_seq: 8, to_seq: first - 1, last_seq: bus.lastSeq },
      },
    ]);
  });

  it('sends only later events when it requests no replay', async () => {
    const { clock, bus, feed } = aFeed();
    feed.join(aClient().as());
    bus.emit(statusChange('a'));
    const one = aClient();
    feed.join(one.as());
    bus.emit(statusChange('b'));
    await clock.advance(100);
    expect(one.summaries()).toEqual(['status_changed b']);
  });

  it('replays the events that the previous server stored', async () => {
    const { feed } = aFeed([{ seq: 5, timestamp: '2026-01-01T00:00:00.000Z', event: statusChange('old') }]);
    const one = aClient();
    feed.join(one.as({ afterSeq: 4 }));
    expect(one.summaries()).toEqual(['status_changed old']);
  });
});

describe('the progress of a download', () => {
  const progress = {
    id: 'd1',
    model: 'org/repo:Q4_K_M',
    state: 'running',
    done_bytes: 1,
    total_bytes: 2,
    bytes_per_second: 1,
    eta_seconds: 1,
    error: null,
  } as const;

  it('goes to all clients, also to those with few instances, and is not kept', async () => {
    const { clock, feed } = aFeed();
    const [all, narrow, other, late] = [aClient(), aClient(), aClient(), aClient()];
    feed.join(all.as());
    feed.join(narrow.as({ instances: new Set(['id-a']) }));
    feed.join(other.as()).subscribe({ types: ['system_alert'] });
    feed.download(progress);
    await clock.advance(100);
    feed.join(late.as({ afterSeq: 0 }));
    await clock.advance(100);
    expect([all, narrow, other, late].map(({ summaries }) => summaries())).toEqual([
      ['download_progress'],
      ['download_progress'],
      [],
      [],
    ]);
    expect(all.frames()[0]).toMatchObject({ type: 'download_progress', data: progress });
  });
});

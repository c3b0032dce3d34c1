import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { ONE_SLOT, slotCapacity, type Amounts, type Capacity } from './capacity.ts';
import { Scheduler } from './scheduler.ts';
import { PATIENCE_MS, type Holder } from './slot-plan.ts';

/**
 * A world for the scheduler. Every instance exists without a group, and is running and idle unless a test changes that.
 */
class World {
  readonly calls: string[] = [];
  readonly uses = new Map<string, Partial<Holder>>();
  readonly pinned = new Set<string>();
  readonly demands = new Map<string, Amounts>();

  contender(instance: string): { group: null; isPinned: boolean; demand: Amounts } {
    return { group: null, isPinned: this.pinned.has(instance), demand: this.demands.get(instance) ?? ONE_SLOT };
  }

  use(instance: string): Pick<Holder, 'phase' | 'leases' | 'lastUsed'> {
    return { phase: 'running', leases: 0, lastUsed: 0, ...this.uses.get(instance) };
  }

  held(instance: string): Amounts {
    return this.contender(instance).demand;
  }

  remnants(): [] {
    return [];
  }

  place(): void {}

  evict(instance: string): void {
    this.calls.push(`evict ${instance}`);
    this.uses.set(instance, { phase: 'leaving' });
  }

  close(instance: string, isClosed: boolean): void {
    this.calls.push(`${isClosed ? 'close' : 'open'} ${instance}`);
  }
}

let clock: FakeClock;
let world: World;
let outcomes: string[];

beforeEach(() => {
  clock = new FakeClock();
  world = new World();
  outcomes = [];
});

const limitedBy = (capacity: Capacity): Scheduler =>
  new Scheduler(clock, { capacity, exclusiveGroups: new Set() }, world);
const schedulerOf = (maxRunning = 0): Scheduler => limitedBy(slotCapacity({ max_running: maxRunning }, {}));

function request(scheduler: Scheduler, instance: string, mayEvict = true): void {
  scheduler.request(instance, {
    mayEvict: () => mayEvict,
    onGranted: () => outcomes.push(instance),
    onHopeless: () => outcomes.push(`hopeless ${instance}`),
  });
}

describe('Scheduler', () => {
  it('grants slots in the order of requests, never in the turn of the request', async () => {
    const scheduler = schedulerOf();
    request(scheduler, 'a');
    request(scheduler, 'b');
    expect(outcomes).toEqual([]);
    await clock.flush();
    expect(outcomes).toEqual(['a', 'b']);
  });

  it('grants one slot per turn, because a fork follows each', () => {
    const turns: (() => void)[] = [];
    clock = Object.assign(new FakeClock(), { nextTurn: (callback: () => void) => void turns.push(callback) });
    const scheduler = schedulerOf();
    for (const name of ['a', 'b', 'c']) request(scheduler, name);
    turns.shift()?.();
    expect(outcomes).toEqual(['a']);
    turns.shift()?.();
    expect(outcomes).toEqual(['a', 'b']);
  });

  it('grants nothing for a withdrawn request', async () => {
    const scheduler = schedulerOf();
    request(scheduler, 'a');
    request(scheduler, 'b');
    scheduler.release('a');
    await clock.flush();
    expect(outcomes).toEqual(['b']);
  });

  it('keeps the newest request of an instance, at the queue position of the oldest', async () => {
    const scheduler = schedulerOf();
    scheduler.request('a', {
      mayEvict: () => true,
      onGranted: () => outcomes.push('old'),
      onHopeless: () => undefined,
    });
    request(scheduler, 'b');
    request(scheduler, 'a');
    await clock.flush();
    expect(outcomes).toEqual(['a', 'b']);
  });

  it('lists granted and taken slots until they are released', async () => {
    const scheduler = schedulerOf();
    request(scheduler, 'a');
    scheduler.take('b');
    await clock.flush();
    expect([...scheduler.held]).toEqual(['b', 'a']);
    scheduler.release('b');
    expect([...scheduler.held]).toEqual(['a']);
  });
});

/** Memory of one device, of which other programs use a changing part. */
class Memory implements Capacity {
  amounts: Amounts;
  #listener = (): void => undefined;

  constructor(free: number) {
    this.amounts = new Map([['memory', free]]);
  }

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  set(free: number): void {
    this.amounts = new Map([['memory', free]]);
    this.#listener();
  }
}

describe('Scheduler with a capacity that changes', () => {
  it('decides again on waiting requests, and stops no holder without one', async () => {
    const memory = new Memory(8);
    const scheduler = limitedBy(memory);
    for (const name of ['a', 'b']) world.demands.set(name, new Map([['memory', 6]]));
    request(scheduler, 'a', false);
    request(scheduler, 'b', false);
    await clock.flush();
    expect(outcomes).toEqual(['a']);
    memory.set(12);
    await clock.flush();
    expect(outcomes).toEqual(['a', 'b']);
    memory.set(4);
    await clock.flush();
    expect(world.calls).toEqual([]);
  });

  it('reports a request that needs more than there is', async () => {
    const memory = new Memory(8);
    const scheduler = limitedBy(memory);
    world.demands.set('a', new Map([['memory', 9]]));
    expect(scheduler.outlook('a')).toBe('hopeless');
    request(scheduler, 'a');
    await clock.flush();
    expect(outcomes).toEqual(['hopeless a']);
    memory.set(9);
    expect(scheduler.outlook('a')).toBe('free');
  });
});

describe('Scheduler with a limit', () => {
  it('grants a slot only when the evicted process is gone', async () => {
    const scheduler = schedulerOf(1);
    scheduler.take('a');
    request(scheduler, 'b');
    await clock.flush();
    expect([world.calls, outcomes]).toEqual([['evict a'], []]);
    scheduler.changed();
    await clock.flush();
    expect([world.calls, outcomes]).toEqual([['evict a'], []]);
    scheduler.release('a');
    await clock.flush();
    expect(outcomes).toEqual(['b']);
  });

  it('evicts an instance only when its leases have ended', async () => {
    const scheduler = schedulerOf(1);
    scheduler.take('a');
    world.uses.set('a', { leases: 1 });
    request(scheduler, 'b');
    await clock.flush();
    expect(world.calls).toEqual([]);
    world.uses.set('a', { leases: 0 });
    scheduler.changed();
    await clock.flush();
    expect(world.calls).toEqual(['evict a']);
  });

  it('closes an instance in constant use, and opens it when no request waits', async () => {
    const scheduler = schedulerOf(1);
    scheduler.take('a');
    world.uses.set('a', { leases: 1 });
    request(scheduler, 'b');
    await clock.advance(PATIENCE_MS - 1);
    expect(world.calls).toEqual([]);
    await clock.advance(1);
    await clock.flush();
    expect(world.calls).toEqual(['close a']);
    scheduler.release('b');
    await clock.flush();
    expect(world.calls).toEqual(['close a', 'open a']);
  });

  it('keeps the choice of the instance that it closed, or of two in constant use neither would ever leave', async () => {
    const scheduler = schedulerOf(2);
    for (const [lastUsed, name] of ['a', 'b'].entries()) {
      scheduler.take(name);
      world.uses.set(name, { leases: 2, lastUsed });
    }
    request(scheduler, 'c');
    await clock.advance(PATIENCE_MS);
    await clock.flush();
    // One of its requests has ended, so the other instance is the least recently used one.
    world.uses.set('a', { leases: 1, lastUsed: clock.elapsed() });
    scheduler.changed();
    await clock.flush();
    expect(world.calls).toEqual(['close a']);
    world.uses.set('a', { leases: 0, lastUsed: clock.elapsed() });
    scheduler.changed();
    await clock.flush();
    expect(world.calls).toEqual(['close a', 'evict a', 'open a']);
  });

  it('reports requests that can never be granted', async () => {
    const scheduler = schedulerOf(1);
    scheduler.take('a');
    world.pinned.add('a');
    expect(scheduler.outlook('b')).toBe('hopeless');
    request(scheduler, 'b');
    await clock.flush();
    expect([outcomes, scheduler.waiting]).toEqual([['hopeless b'], 0]);
  });

  it('predicts the outcome of a request', () => {
    const scheduler = schedulerOf(1);
    expect(scheduler.outlook('b')).toBe('free');
    scheduler.take('a');
    expect([scheduler.outlook('a'), scheduler.outlook('b')]).toEqual(['free', 'possible']);
  });

  it('keeps a reserved position, and evicts nothing for it', async () => {
    const scheduler = schedulerOf(2);
    scheduler.take('a');
    expect(scheduler.outlook('b')).toBe('free');
    scheduler.reserve('b');
    expect(scheduler.outlook('c')).toBe('possible');
    await clock.flush();
    expect(outcomes).toEqual([]);
    request(scheduler, 'b');
    await clock.flush();
    expect(outcomes).toEqual(['b']);
    scheduler.reserve('c');
    request(scheduler, 'c');
    await clock.flush();
    expect([world.calls, outcomes]).toEqual([[], ['b']]);
  });

  it('counts the patience of a request from the moment when it may evict', async () => {
    const scheduler = schedulerOf(1);
    scheduler.take('a');
    world.uses.set('a', { leases: 1 });
    let mayEvict = false;
    scheduler.request('b', { mayEvict: () => mayEvict, onGranted: () => undefined, onHopeless: () => undefined });
    await clock.advance(PATIENCE_MS);
    mayEvict = true;
    scheduler.changed();
    await clock.advance(PATIENCE_MS - 1);
    expect(world.calls).toEqual([]);
    await clock.advance(1);
    await clock.flush();
    expect(world.calls).toEqual(['close a']);
  });

  it('lets an instance that restarts keep its slot', async () => {
    const scheduler = schedulerOf(1);
    scheduler.take('a');
    world.uses.set('a', { phase: 'starting' });
    request(scheduler, 'b');
    request(scheduler, 'a');
    await clock.flush();
    expect(outcomes).toEqual(['a']);
  });
});

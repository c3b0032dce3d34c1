import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { Scheduler } from './scheduler.ts';
import { PATIENCE_MS, type Holder } from './slot-plan.ts';

/** Instances as the scheduler sees them: all known, in no group, running and idle unless a test says otherwise. */
class World {
  readonly told: string[] = [];
  readonly uses = new Map<string, Partial<Holder>>();
  readonly pinned = new Set<string>();

  contender(instance: string): { group: null; isPinned: boolean } {
    return { group: null, isPinned: this.pinned.has(instance) };
  }

  use(instance: string): Pick<Holder, 'phase' | 'leases' | 'lastUsed'> {
    return { phase: 'running', leases: 0, lastUsed: 0, ...this.uses.get(instance) };
  }

  evict(instance: string): void {
    this.told.push(`evict ${instance}`);
    this.uses.set(instance, { phase: 'leaving' });
  }

  close(instance: string, isClosed: boolean): void {
    this.told.push(`${isClosed ? 'close' : 'open'} ${instance}`);
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

const schedulerOf = (maxRunning = 0): Scheduler => new Scheduler(clock, { maxRunning, groups: new Map() }, world);

function request(scheduler: Scheduler, instance: string, mayEvict = true): void {
  scheduler.request(instance, {
    mayEvict: () => mayEvict,
    onGranted: () => outcomes.push(instance),
    onHopeless: () => outcomes.push(`hopeless ${instance}`),
  });
}

describe('the scheduler', () => {
  it('grants in the order of asking, never in the turn of asking', async () => {
    const scheduler = schedulerOf();
    request(scheduler, 'a');
    request(scheduler, 'b');
    expect(outcomes).toEqual([]);
    await clock.flush();
    expect(outcomes).toEqual(['a', 'b']);
  });

  it('grants one a turn, because each is followed by a fork', () => {
    const turns: (() => void)[] = [];
    clock = Object.assign(new FakeClock(), { nextTurn: (callback: () => void) => void turns.push(callback) });
    const scheduler = schedulerOf();
    for (const name of ['a', 'b', 'c']) request(scheduler, name);
    turns.shift()?.();
    expect(outcomes).toEqual(['a']);
    turns.shift()?.();
    expect(outcomes).toEqual(['a', 'b']);
  });

  it('grants nothing to who withdrew', async () => {
    const scheduler = schedulerOf();
    request(scheduler, 'a');
    request(scheduler, 'b');
    scheduler.release('a');
    await clock.flush();
    expect(outcomes).toEqual(['b']);
  });

  it('keeps one request an instance: the newest, at the place of the oldest', async () => {
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

  it('knows who holds a slot: granted or taken, until released', async () => {
    const scheduler = schedulerOf();
    request(scheduler, 'a');
    scheduler.take('b');
    await clock.flush();
    expect([...scheduler.held]).toEqual(['b', 'a']);
    scheduler.release('b');
    expect([...scheduler.held]).toEqual(['a']);
  });
});

describe('with a limit', () => {
  it('grants a slot when the process of the one that made room is gone, not before', async () => {
    const scheduler = schedulerOf(1);
    scheduler.take('a');
    request(scheduler, 'b');
    await clock.flush();
    expect([world.told, outcomes]).toEqual([['evict a'], []]);
    scheduler.changed();
    await clock.flush();
    expect([world.told, outcomes]).toEqual([['evict a'], []]);
    scheduler.release('a');
    await clock.flush();
    expect(outcomes).toEqual(['b']);
  });

  it('waits until a lease ends', async () => {
    const scheduler = schedulerOf(1);
    scheduler.take('a');
    world.uses.set('a', { leases: 1 });
    request(scheduler, 'b');
    await clock.flush();
    expect(world.told).toEqual([]);
    world.uses.set('a', { leases: 0 });
    scheduler.changed();
    await clock.flush();
    expect(world.told).toEqual(['evict a']);
  });

  it('closes one that is used without end, and opens it when nobody waits any more', async () => {
    const scheduler = schedulerOf(1);
    scheduler.take('a');
    world.uses.set('a', { leases: 1 });
    request(scheduler, 'b');
    await clock.advance(PATIENCE_MS - 1);
    expect(world.told).toEqual([]);
    await clock.advance(1);
    await clock.flush();
    expect(world.told).toEqual(['close a']);
    scheduler.release('b');
    await clock.flush();
    expect(world.told).toEqual(['close a', 'open a']);
  });

  it('tells who can never be granted one', async () => {
    const scheduler = schedulerOf(1);
    scheduler.take('a');
    world.pinned.add('a');
    expect(scheduler.outlook('b')).toBe('hopeless');
    request(scheduler, 'b');
    await clock.flush();
    expect([outcomes, scheduler.waiting]).toEqual([['hopeless b'], 0]);
  });

  it('foretells what a request would come to', () => {
    const scheduler = schedulerOf(1);
    expect(scheduler.outlook('b')).toBe('free');
    scheduler.take('a');
    expect([scheduler.outlook('a'), scheduler.outlook('b')]).toEqual(['free', 'possible']);
  });

  it('gives a place that is kept for a request to nobody, and stops nobody for it', async () => {
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
    expect([world.told, outcomes]).toEqual([[], ['b']]);
  });

  it('counts the time of waiting from when somebody may be stopped for it', async () => {
    const scheduler = schedulerOf(1);
    scheduler.take('a');
    world.uses.set('a', { leases: 1 });
    let mayEvict = false;
    scheduler.request('b', { mayEvict: () => mayEvict, onGranted: () => undefined, onHopeless: () => undefined });
    await clock.advance(PATIENCE_MS);
    mayEvict = true;
    scheduler.changed();
    await clock.advance(PATIENCE_MS - 1);
    expect(world.told).toEqual([]);
    await clock.advance(1);
    await clock.flush();
    expect(world.told).toEqual(['close a']);
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

import { describe, expect, it } from 'vitest';
import { slotCapacity, slotDemand } from './capacity.ts';
import { LINGER_MS, PATIENCE_MS, planSlots, type Holder, type SlotLimits, type Waiter } from './slot-plan.ts';

const NOW = 100_000;

const limited = (
  maxRunning: number,
  groups: Record<string, { maxRunning?: number; exclusive?: boolean }> = {},
): SlotLimits => ({
  capacity: slotCapacity(
    { max_running: maxRunning },
    Object.fromEntries(Object.entries(groups).map(([name, group]) => [name, { max_running: group.maxRunning ?? 0 }])),
  ).amounts,
  exclusiveGroups: new Set(Object.keys(groups).filter((name) => groups[name]?.exclusive === true)),
});
const holder = (instance: string, more: Partial<Holder> = {}): Holder => ({
  instance,
  group: null,
  isPinned: false,
  demand: slotDemand(more.group ?? null),
  phase: 'running',
  leases: 0,
  isClosed: false,
  lastUsed: NOW - 1_000,
  ...more,
});
const waiter = (instance: string, more: Partial<Waiter> = {}): Waiter => ({
  instance,
  group: null,
  isPinned: false,
  demand: slotDemand(more.group ?? null),
  since: NOW,
  mayEvict: true,
  ...more,
});
const NOTHING = { grant: [], places: new Map(), evict: new Map(), close: [], hopeless: [], lookAgainAt: null };

describe('planSlots without limits', () => {
  it('grants every request in order', () => {
    const plan = planSlots(limited(0), [holder('a')], [waiter('b'), waiter('c')], NOW);
    expect(plan).toEqual({ ...NOTHING, grant: ['b', 'c'] });
  });
});

describe('planSlots with a limit for all instances', () => {
  it('grants free slots, then evicts the least recently used instance', () => {
    const held = [holder('old', { lastUsed: 1 }), holder('new', { lastUsed: 2 })];
    expect(planSlots(limited(3), held, [waiter('a'), waiter('b')], NOW)).toEqual({
      ...NOTHING,
      grant: ['a'],
      evict: new Map([['old', 'b']]),
    });
  });

  it('evicts nothing else while a leaving instance still has its slot', () => {
    const held = [holder('a', { phase: 'leaving' }), holder('b')];
    expect(planSlots(limited(2), held, [waiter('c')], NOW)).toEqual(NOTHING);
  });

  it('never evicts an instance that is in use, loading or pinned', () => {
    for (const other of [holder('a', { leases: 1 }), holder('a', { phase: 'starting' })]) {
      expect(planSlots(limited(1), [other], [waiter('b')], NOW)).toMatchObject({
        grant: [],
        evict: new Map(),
        hopeless: [],
      });
    }
    expect(planSlots(limited(1), [holder('a', { isPinned: true })], [waiter('b')], NOW)).toMatchObject({
      evict: new Map(),
      hopeless: ['b'],
    });
  });

  it('lets no waiter overtake an earlier one', () => {
    const held = [holder('a', { leases: 1 }), holder('b', { phase: 'leaving' })];
    const waiting = [waiter('big'), waiter('late')];
    expect(planSlots(limited(2), held, waiting, NOW).grant).toEqual([]);
    expect(planSlots(limited(2), held.slice(0, 1), waiting, NOW).grant).toEqual(['big']);
  });

  it('evicts two instances for two waiters, not the same one twice', () => {
    const held = [holder('a', { lastUsed: 1 }), holder('b', { lastUsed: 2 })];
    expect(planSlots(limited(2), held, [waiter('c'), waiter('d')], NOW).evict).toEqual(
      new Map([
        ['a', 'c'],
        ['b', 'd'],
      ]),
    );
  });

  it('lets a waiter that may not evict wait for a free slot', () => {
    expect(planSlots(limited(1), [holder('a')], [waiter('b', { mayEvict: false })], NOW)).toEqual(NOTHING);
  });
});

describe('a waiter that may not evict', () => {
  const patient = waiter('patient', { mayEvict: false });

  it('does not take a slot that was freed for another', () => {
    const waiting = [patient, waiter('late')];
    expect(planSlots(limited(1), [holder('a')], waiting, NOW).evict).toEqual(new Map([['a', 'late']]));
    expect(planSlots(limited(1), [], waiting, NOW).grant).toEqual(['late']);
    expect(planSlots(limited(2), [], waiting, NOW).grant).toEqual(['late', 'patient']);
  });
});

describe('a restart', () => {
  const room: SlotLimits = {
    capacity: new Map([...limited(2).capacity, ['memory ram', 10]]),
    exclusiveGroups: new Set(),
  };
  const needing = (bytes: number): Map<string, number> => new Map([...slotDemand(null), ['memory ram', bytes]]);

  it('keeps its slot, and gets its memory before those that waited for it earlier', () => {
    const held = [holder('a', { phase: 'starting' }), holder('b', { demand: needing(4) })];
    const waiting = [waiter('c', { since: 1, demand: needing(9) }), waiter('a', { demand: needing(6) })];
    expect(planSlots(room, held, waiting, NOW)).toMatchObject({ grant: ['a'], hopeless: [] });
  });

  it('evicts another for its memory, and is hopeless if a pinned one holds it', () => {
    const held = (isPinned: boolean): Holder[] => [
      holder('a', { phase: 'starting' }),
      holder('b', { demand: needing(4), isPinned }),
    ];
    const waiting = [waiter('a', { demand: needing(7) })];
    expect(planSlots(room, held(false), waiting, NOW)).toEqual({ ...NOTHING, evict: new Map([['b', 'a']]) });
    expect(planSlots(room, held(true), waiting, NOW)).toEqual({ ...NOTHING, hopeless: ['a'] });
  });

  it('keeps the slot, even if others wait for it', () => {
    const held = [holder('a', { phase: 'starting' })];
    expect(planSlots(limited(1), held, [waiter('b'), waiter('a')], NOW).grant).toEqual(['a']);
  });
});

describe('an instance that was used while another waited', () => {
  const since = NOW - 1_000;

  it('stays for a moment, for the next request of its client', () => {
    const held = [holder('a', { lastUsed: NOW - 1 })];
    const lookAgainAt = NOW - 1 + LINGER_MS;
    expect(planSlots(limited(1), held, [waiter('b', { since })], NOW)).toEqual({ ...NOTHING, lookAgainAt });
    expect(planSlots(limited(1), held, [waiter('b', { since })], lookAgainAt).evict).toEqual(new Map([['a', 'b']]));
  });

  it('is evicted when the patience of the other ends, but not before an unused instance', () => {
    const [used, unused] = [holder('a', { lastUsed: NOW - 1 }), holder('b', { lastUsed: since - 1 })];
    expect(planSlots(limited(1), [used], [waiter('c', { since: NOW - PATIENCE_MS })], NOW).evict).toEqual(
      new Map([['a', 'c']]),
    );
    expect(planSlots(limited(2), [used, unused], [waiter('c', { since })], NOW)).toEqual({
      ...NOTHING,
      evict: new Map([['b', 'c']]),
    });
  });
});

describe('an instance in constant use', () => {
  const busy = [holder('a', { leases: 2 })];

  it('keeps granting leases until the patience of the other ends', () => {
    expect(planSlots(limited(1), busy, [waiter('b')], NOW)).toEqual({ ...NOTHING, lookAgainAt: NOW + PATIENCE_MS });
  });

  it('gets no new leases when the patience of the other has ended', () => {
    const waiting = [waiter('b', { since: NOW - PATIENCE_MS })];
    expect(planSlots(limited(1), busy, waiting, NOW)).toEqual({ ...NOTHING, close: ['a'] });
  });
});

describe('a group', () => {
  it('has its own limit besides the limit for all', () => {
    const limits = limited(3, { big: { maxRunning: 1 } });
    const held = [holder('a', { group: 'big', lastUsed: 2 }), holder('b', { lastUsed: 1 })];
    expect(planSlots(limits, held, [waiter('c', { group: 'big' }), waiter('d')], NOW)).toEqual({
      ...NOTHING,
      evict: new Map([['a', 'c']]),
    });
    expect(
      planSlots(limited(0, { big: { maxRunning: 1 } }), held, [waiter('c', { group: 'big' }), waiter('d')], NOW),
    ).toEqual({
      ...NOTHING,
      evict: new Map([['a', 'c']]),
      grant: ['d'],
    });
  });

  it('runs only beside pinned instances if it is exclusive', () => {
    const limits = limited(0, { big: { exclusive: true } });
    const held = [holder('a'), holder('b', { isPinned: true }), holder('c', { group: 'big' })];
    expect(planSlots(limits, held, [waiter('d', { group: 'big' })], NOW)).toEqual({
      ...NOTHING,
      evict: new Map([['a', 'd']]),
    });
    expect(planSlots(limits, held.slice(1), [waiter('d', { group: 'big' })], NOW)).toEqual({
      ...NOTHING,
      grant: ['d'],
    });
    expect(planSlots(limits, held.slice(1), [waiter('e')], NOW)).toEqual({ ...NOTHING, evict: new Map([['c', 'e']]) });
  });

  it('has no effect if it is not configured', () => {
    expect(planSlots(limited(0), [holder('a', { group: 'x' })], [waiter('b', { group: 'x' })], NOW).grant).toEqual([
      'b',
    ]);
  });
});

it('counts one eviction for every need that it satisfies', () => {
  const limits = limited(1, { big: { exclusive: true } });
  expect(planSlots(limits, [holder('a')], [waiter('b', { group: 'big' })], NOW).evict).toEqual(new Map([['a', 'b']]));
});

describe('a waiter with several places', () => {
  const limits: SlotLimits = {
    capacity: new Map([
      ['one', 10],
      ['two', 10],
    ]),
    exclusiveGroups: new Set(),
  };
  const on = (resource: string, amount: number): ReadonlyMap<string, number> => new Map([[resource, amount]]);
  const places = (amount: number) => [on('one', amount), on('two', amount)];
  const placed = (instance: string, amount: number, more: Partial<Waiter> = {}): Waiter =>
    waiter(instance, { demand: on('one', amount), places: places(amount), ...more });

  it('gets the first that is free', () => {
    const held = [holder('a', { demand: on('one', 6) })];
    expect(planSlots(limits, held, [placed('b', 4)], NOW)).toEqual({ ...NOTHING, grant: ['b'] });
    expect(planSlots(limits, held, [placed('b', 5)], NOW)).toEqual({
      ...NOTHING,
      grant: ['b'],
      places: new Map([['b', 1]]),
    });
  });

  it('leaves that of an earlier waiter', () => {
    const held = [holder('a', { demand: on('one', 9), phase: 'leaving' }), holder('b', { demand: on('two', 4) })];
    const waiting = [placed('c', 10), placed('d', 5)];
    const plan = planSlots(limits, held, waiting, NOW);
    expect([plan.grant, plan.places, plan.evict]).toEqual([['d'], new Map([['d', 1]]), new Map()]);
  });

  it('gets that for which the fewest stop, and no second one while the first leaves', () => {
    const held = [
      holder('a', { demand: on('one', 5), lastUsed: 1 }),
      holder('b', { demand: on('one', 5), lastUsed: 2 }),
      holder('c', { demand: on('two', 10), lastUsed: 3 }),
    ];
    expect(planSlots(limits, held, [placed('d', 8)], NOW).evict).toEqual(new Map([['c', 'd']]));
    const leaving = held.map((each) => (each.instance === 'c' ? { ...each, phase: 'leaving' as const } : each));
    expect(planSlots(limits, leaving, [placed('d', 8)], NOW)).toEqual(NOTHING);
  });

  it('gets that where two idle ones stop rather than that of one in use', () => {
    const held = [
      holder('a', { demand: on('one', 10), leases: 1 }),
      holder('b', { demand: on('two', 5), lastUsed: 1 }),
      holder('c', { demand: on('two', 5), lastUsed: 2 }),
    ];
    expect([...planSlots(limits, held, [placed('d', 10)], NOW).evict.keys()]).toEqual(['b', 'c']);
  });

  it('is hopeless only if all are', () => {
    const pinned = (resource: string): Holder => holder(resource, { demand: on(resource, 9), isPinned: true });
    expect(planSlots(limits, [pinned('one')], [placed('b', 5)], NOW).grant).toEqual(['b']);
    const { hopeless } = planSlots(limits, [pinned('one'), pinned('two')], [placed('b', 5)], NOW);
    expect(hopeless).toEqual(['b']);
  });
});

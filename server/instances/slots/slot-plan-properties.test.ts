import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { Amounts } from './capacity.ts';
import { PATIENCE_MS, planSlots, type Holder, type SlotLimits, type Waiter } from './slot-plan.ts';

/** Plans for random amounts of several resources. Each property holds for every turn of every history. */

const NOW = 100_000;
const RESOURCES = ['ram', 'gpu0', 'gpu1'];
const RUNS = { numRuns: 2_000 };
const GROUPS = [null, 'big', 'alone'];

const amounts = (least: number, most: number): fc.Arbitrary<Amounts> =>
  fc
    .tuple(...RESOURCES.map(() => fc.integer({ min: least, max: most })))
    .map((list) => new Map(list.map((amount, index) => [RESOURCES[index] ?? '', amount])));
const contender = {
  group: fc.constantFrom(...GROUPS),
  isPinned: fc.integer({ min: 0, max: 7 }).map((number) => number === 0),
  demand: amounts(-6, 9).map((all) => new Map([...all].filter(([, amount]) => amount >= 0))),
};
const holders = fc
  .array(
    fc.record({
      ...contender,
      phase: fc.constantFrom('starting' as const, 'running' as const, 'leaving' as const),
      leases: fc.integer({ min: 0, max: 2 }),
      isClosed: fc.boolean(),
      lastUsed: fc.integer({ min: NOW - 2 * PATIENCE_MS, max: NOW }),
    }),
    { maxLength: 8 },
  )
  .map((list) => list.map((each, index): Holder => ({ ...each, instance: `h${index}` })));
const waiters = fc
  .array(
    fc.record({ ...contender, since: fc.integer({ min: NOW - 2 * PATIENCE_MS, max: NOW }), mayEvict: fc.boolean() }),
    { minLength: 1, maxLength: 5 },
  )
  .map((list) => list.map((each, index): Waiter => ({ ...each, instance: `w${index}` })));
const limits = fc.record({
  capacity: amounts(6, 20),
  exclusiveGroups: fc.constantFrom(new Set<string>(), new Set(['alone'])),
});

const within = ({ capacity, exclusiveGroups }: SlotLimits, held: readonly Holder[], waiter: Waiter): boolean => {
  const fits = [...waiter.demand].every(([resource, amount]) => {
    const occupied = held.reduce((sum, { demand }) => sum + (demand.get(resource) ?? 0), 0);
    return amount === 0 || occupied + amount <= (capacity.get(resource) ?? Infinity);
  });
  const isApart = held.some(
    ({ group, isPinned }) =>
      !isPinned &&
      !waiter.isPinned &&
      group !== waiter.group &&
      [group, waiter.group].some((each) => each !== null && exclusiveGroups.has(each)),
  );
  return fits && !isApart;
};
const named = <Item extends { instance: string }>(items: readonly Item[], names: readonly string[]): Item[] =>
  items.filter(({ instance }) => names.includes(instance));
const reserved = (waiter: Waiter): Holder => ({
  ...waiter,
  phase: 'starting',
  leases: 0,
  isClosed: false,
  lastUsed: NOW,
});

describe('planSlots', () => {
  it('never exceeds a capacity, nor runs strangers beside an exclusive group', () => {
    fc.assert(
      fc.property(limits, holders, waiters, (limit, held, waiting) => {
        const { grant } = planSlots(limit, held, waiting, NOW);
        const running = [...held];
        return grant.every((name) =>
          named(waiting, [name]).every((waiter) => {
            const isWithin = within(limit, running, waiter);
            running.push(reserved(waiter));
            return isWithin;
          }),
        );
      }),
      RUNS,
    );
  });

  it('never stops an instance that is in use, loading, leaving or pinned, nor closes one that is pinned', () => {
    fc.assert(
      fc.property(limits, holders, waiters, (limit, held, waiting) => {
        const { evict: stopped, close } = planSlots(limit, held, waiting, NOW);
        const evict = [...stopped.keys()];
        return (
          named(held, evict).every(({ phase, leases, isPinned }) => phase === 'running' && leases === 0 && !isPinned) &&
          named(held, close).every(({ phase, leases, isPinned }) => phase === 'running' && leases > 0 && !isPinned) &&
          new Set([...evict, ...close]).size === evict.length + close.length
        );
      }),
      RUNS,
    );
  });

  it('stops enough for a waiter whose patience has ended, and no proper subset of these would do', () => {
    const stable = holders.map((list) => list.filter(({ phase }) => phase !== 'starting'));
    fc.assert(
      fc.property(limits, stable, waiters, (limit, held, [first]) => {
        if (first === undefined) return true;
        const waiter = { ...first, since: NOW - PATIENCE_MS, mayEvict: true };
        const { grant, evict, close, hopeless } = planSlots(limit, held, [waiter], NOW);
        const stops = [...evict.keys(), ...close];
        if (hopeless.length > 0) {
          const fixed = held.filter(({ isPinned, phase }) => isPinned && phase !== 'leaving');
          return stops.length === 0 && !within(limit, fixed, waiter);
        }
        const staying = held.filter(({ phase }) => phase !== 'leaving');
        const isMet = (gone: readonly string[]): boolean =>
          within(
            limit,
            staying.filter(({ instance }) => !gone.includes(instance)),
            waiter,
          );
        if (grant.length > 0) return stops.length === 0;
        // Leaving out one is enough: what a smaller subset frees, a larger one frees too.
        return isMet(stops) && stops.every((spared) => !isMet(stops.filter((name) => name !== spared)));
      }),
      RUNS,
    );
  });

  it('lets no instance wait that fits beside all holders and all that is reserved for earlier ones', () => {
    fc.assert(
      fc.property(limits, holders, waiters, (limit, held, waiting) => {
        const inTurn = [...waiting.filter(({ mayEvict }) => mayEvict), ...waiting.filter(({ mayEvict }) => !mayEvict)];
        const { grant, hopeless } = planSlots(limit, held, waiting, NOW);
        const occupied = [...held];
        return inTurn.every((waiter) => {
          const fits = within(limit, occupied, waiter);
          const isGranted = grant.includes(waiter.instance);
          if (!hopeless.includes(waiter.instance) && (isGranted || waiter.mayEvict)) occupied.push(reserved(waiter));
          return fits === isGranted;
        });
      }),
      RUNS,
    );
  });

  it('runs all that fit together, in every order of their requests', () => {
    fc.assert(
      fc.property(limits, waiters, fc.integer({ min: 0, max: 4 }), (limit, waiting, shift) => {
        const together: Waiter[] = [];
        for (const waiter of waiting) {
          if (within(limit, together.map(reserved), waiter)) together.push(waiter);
        }
        const turned = [...together.slice(shift), ...together.slice(0, shift)];
        return planSlots(limit, [], turned, NOW).grant.length === together.length;
      }),
      RUNS,
    );
  });

  it('grants a restart if and only if it fits beside the others, before all that wait', () => {
    fc.assert(
      fc.property(limits, holders, waiters, fc.nat(), (limit, held, waiting, place) => {
        const [first, ...others] = held;
        const chosen = waiting[place % waiting.length];
        if (first === undefined || chosen === undefined) return true;
        const restart: Waiter = { ...chosen, instance: first.instance, mayEvict: true, isPinned: true };
        const own: Holder = { ...first, demand: new Map(), phase: 'starting' };
        const queue = waiting.map((waiter) => (waiter === chosen ? restart : waiter));
        const { grant, hopeless } = planSlots(limit, [own, ...others], queue, NOW);
        const fixed = others.filter(({ isPinned, phase }) => isPinned && phase !== 'leaving');
        return (
          grant.includes(restart.instance) === within(limit, others, restart) &&
          hopeless.includes(restart.instance) === !within(limit, fixed, restart)
        );
      }),
      RUNS,
    );
  });

  it('decides for a waiter without regard to those behind it', () => {
    fc.assert(
      fc.property(limits, holders, waiters, (limit, held, waiting) => {
        const inTurn = [...waiting.filter(({ mayEvict }) => mayEvict), ...waiting.filter(({ mayEvict }) => !mayEvict)];
        const all = planSlots(limit, held, inTurn, NOW);
        const before = planSlots(limit, held, inTurn.slice(0, -1), NOW);
        return (['grant', 'evict', 'close', 'hopeless'] as const).every((part) => {
          const later = [...all[part]].map(String);
          return [...before[part]].every((entry, index) => later[index] === String(entry));
        });
      }),
      RUNS,
    );
  });
});

import { describe, expect, it } from 'vitest';
import { LINGER_MS, PATIENCE_MS, planSlots, type Holder, type SlotLimits, type Waiter } from './slot-plan.ts';

const NOW = 100_000;

const limited = (
  maxRunning: number,
  groups: Record<string, Partial<{ maxRunning: number; exclusive: boolean }>> = {},
): SlotLimits => ({
  maxRunning,
  groups: new Map(Object.entries(groups).map(([name, group]) => [name, { maxRunning: 0, exclusive: false, ...group }])),
});
const holder = (instance: string, more: Partial<Holder> = {}): Holder => ({
  instance,
  group: null,
  isPinned: false,
  phase: 'running',
  leases: 0,
  lastUsed: NOW - 1_000,
  ...more,
});
const waiter = (instance: string, more: Partial<Waiter> = {}): Waiter => ({
  instance,
  group: null,
  isPinned: false,
  since: NOW,
  mayEvict: true,
  ...more,
});
const NOTHING = { grant: [], evict: [], close: [], hopeless: [], lookAgainAt: null };

describe('without limits', () => {
  it('everybody gets a slot, in order', () => {
    const plan = planSlots(limited(0), [holder('a')], [waiter('b'), waiter('c')], NOW);
    expect(plan).toEqual({ ...NOTHING, grant: ['b', 'c'] });
  });
});

describe('with a limit of all', () => {
  it('slots are granted while there are any, and then the least recently used makes room', () => {
    const held = [holder('old', { lastUsed: 1 }), holder('new', { lastUsed: 2 })];
    expect(planSlots(limited(3), held, [waiter('a'), waiter('b')], NOW)).toEqual({
      ...NOTHING,
      grant: ['a'],
      evict: ['old'],
    });
  });

  it('one that leaves has its slot until it is gone, and nobody else has to go meanwhile', () => {
    const held = [holder('a', { phase: 'leaving' }), holder('b')];
    expect(planSlots(limited(2), held, [waiter('c')], NOW)).toEqual(NOTHING);
  });

  it('one that is used, loads, or is pinned does not make room', () => {
    for (const other of [holder('a', { leases: 1 }), holder('a', { phase: 'starting' })]) {
      expect(planSlots(limited(1), [other], [waiter('b')], NOW)).toMatchObject({ grant: [], evict: [], hopeless: [] });
    }
    expect(planSlots(limited(1), [holder('a', { isPinned: true })], [waiter('b')], NOW)).toMatchObject({
      evict: [],
      hopeless: ['b'],
    });
  });

  it('nobody overtakes who came before', () => {
    const held = [holder('a', { leases: 1 }), holder('b', { phase: 'leaving' })];
    const waiting = [waiter('big'), waiter('late')];
    expect(planSlots(limited(2), held, waiting, NOW).grant).toEqual([]);
    expect(planSlots(limited(2), held.slice(0, 1), waiting, NOW).grant).toEqual(['big']);
  });

  it('two that wait have two others make room, not one twice', () => {
    const held = [holder('a', { lastUsed: 1 }), holder('b', { lastUsed: 2 })];
    expect(planSlots(limited(2), held, [waiter('c'), waiter('d')], NOW).evict).toEqual(['a', 'b']);
  });

  it('one that may not have others stopped waits for a slot that is free', () => {
    expect(planSlots(limited(1), [holder('a')], [waiter('b', { mayEvict: false })], NOW)).toEqual(NOTHING);
  });
});

describe('one for whom nobody may be stopped', () => {
  const patient = waiter('patient', { mayEvict: false });

  it('takes no room that was made for another', () => {
    const waiting = [patient, waiter('late')];
    expect(planSlots(limited(1), [holder('a')], waiting, NOW).evict).toEqual(['a']);
    expect(planSlots(limited(1), [], waiting, NOW).grant).toEqual(['late']);
    expect(planSlots(limited(2), [], waiting, NOW).grant).toEqual(['late', 'patient']);
  });
});

describe('a restart', () => {
  it('keeps the slot, whoever waits for it', () => {
    const held = [holder('a', { phase: 'starting' })];
    expect(planSlots(limited(1), held, [waiter('b'), waiter('a')], NOW).grant).toEqual(['a']);
  });
});

describe('one that was used while another waited', () => {
  const since = NOW - 1_000;

  it('stays for a moment, for the next request of who uses it', () => {
    const held = [holder('a', { lastUsed: NOW - 1 })];
    const lookAgainAt = NOW - 1 + LINGER_MS;
    expect(planSlots(limited(1), held, [waiter('b', { since })], NOW)).toEqual({ ...NOTHING, lookAgainAt });
    expect(planSlots(limited(1), held, [waiter('b', { since })], lookAgainAt).evict).toEqual(['a']);
  });

  it('does not stay when the other has lost patience, nor instead of one that was not used', () => {
    const [used, unused] = [holder('a', { lastUsed: NOW - 1 }), holder('b', { lastUsed: since - 1 })];
    expect(planSlots(limited(1), [used], [waiter('c', { since: NOW - PATIENCE_MS })], NOW).evict).toEqual(['a']);
    expect(planSlots(limited(2), [used, unused], [waiter('c', { since })], NOW)).toEqual({ ...NOTHING, evict: ['b'] });
  });
});

describe('one that is always used', () => {
  const busy = [holder('a', { leases: 2 })];

  it('goes on being used while the other has not waited long', () => {
    expect(planSlots(limited(1), busy, [waiter('b')], NOW)).toEqual({ ...NOTHING, lookAgainAt: NOW + PATIENCE_MS });
  });

  it('gets no new leases when the other has', () => {
    const waiting = [waiter('b', { since: NOW - PATIENCE_MS })];
    expect(planSlots(limited(1), busy, waiting, NOW)).toEqual({ ...NOTHING, close: ['a'] });
  });
});

describe('a group', () => {
  it('has its own limit, beside that of all', () => {
    const limits = limited(3, { big: { maxRunning: 1 } });
    const held = [holder('a', { group: 'big', lastUsed: 2 }), holder('b', { lastUsed: 1 })];
    expect(planSlots(limits, held, [waiter('c', { group: 'big' }), waiter('d')], NOW)).toEqual({
      ...NOTHING,
      evict: ['a'],
    });
    expect(
      planSlots(limited(0, { big: { maxRunning: 1 } }), held, [waiter('c', { group: 'big' }), waiter('d')], NOW),
    ).toEqual({
      ...NOTHING,
      evict: ['a'],
      grant: ['d'],
    });
  });

  it('that is exclusive runs with nobody else but the pinned', () => {
    const limits = limited(0, { big: { exclusive: true } });
    const held = [holder('a'), holder('b', { isPinned: true }), holder('c', { group: 'big' })];
    expect(planSlots(limits, held, [waiter('d', { group: 'big' })], NOW)).toEqual({ ...NOTHING, evict: ['a'] });
    expect(planSlots(limits, held.slice(1), [waiter('d', { group: 'big' })], NOW)).toEqual({
      ...NOTHING,
      grant: ['d'],
    });
    expect(planSlots(limits, held.slice(1), [waiter('e')], NOW)).toEqual({ ...NOTHING, evict: ['c'] });
  });

  it('that nobody configured is none', () => {
    expect(planSlots(limited(0), [holder('a', { group: 'x' })], [waiter('b', { group: 'x' })], NOW).grant).toEqual([
      'b',
    ]);
  });
});

it('a victim serves every need that it can', () => {
  const limits = limited(1, { big: { exclusive: true } });
  expect(planSlots(limits, [holder('a')], [waiter('b', { group: 'big' })], NOW).evict).toEqual(['a']);
});

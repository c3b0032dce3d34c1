import { beforeEach, describe, expect, it } from 'vitest';
import { RecordingTrace } from '../../testing/recording-trace.ts';
import { ONE_SLOT, slotCapacity, slotDemand } from './capacity.ts';
import { LINGER_MS, PATIENCE_MS, planSlots, type Holder, type Waiter } from './slot-plan.ts';
import { SlotTrace } from './slot-trace.ts';

const NOW = 100_000;

let trace: RecordingTrace;
let slotTrace: SlotTrace;

beforeEach(() => {
  trace = new RecordingTrace();
  trace.isOn = true;
  slotTrace = new SlotTrace(trace);
});

const holder = (instance: string, given: Partial<Holder> = {}): Holder => ({
  instance,
  group: null,
  isPinned: false,
  demand: ONE_SLOT,
  phase: 'running',
  isClosed: false,
  leases: 0,
  lastUsed: NOW - 5_000,
  ...given,
});
const waiter = (instance: string, given: Partial<Waiter> = {}): Waiter => ({
  instance,
  group: null,
  isPinned: false,
  demand: ONE_SLOT,
  since: NOW,
  mayEvict: true,
  ...given,
});

function plan(maxRunning: number, held: readonly Holder[], waiting: readonly Waiter[], now = NOW): void {
  const capacity = slotCapacity({ max_running: maxRunning }, {}).amounts;
  planSlots({ capacity, exclusiveGroups: new Set() }, held, waiting, now, slotTrace.at(now));
}

/** Reasons for which instances were spared, by id. */
const spared = (): Record<string, string> =>
  Object.fromEntries(
    trace.of('spared').map(({ instance, inputs }) => [JSON.stringify(instance).slice(7, -2), inputs.because]),
  );

describe('the trace of a slot plan', () => {
  it('has a granted slot', () => {
    plan(2, [holder('a')], [waiter('b')]);
    expect(trace.decisions).toEqual([
      {
        kind: 'slot',
        instance: { id: 'b' },
        inputs: { outcome: 'granted', limit: null, most: 0, taken: 0, may_evict: true, waited_ms: 0 },
      },
    ]);
  });

  it('has the wait, the limit that causes it, and the instance that is stopped', () => {
    plan(1, [holder('a')], [waiter('b', { since: NOW - 10 })]);
    expect(trace.decisions).toEqual([
      {
        kind: 'slot',
        instance: { id: 'b' },
        inputs: { outcome: 'waits', limit: 'max_running', most: 1, taken: 1, may_evict: true, waited_ms: 10 },
      },
      { kind: 'eviction', instance: { id: 'a' }, other: { id: 'b' }, inputs: { idle_ms: 5_000 } },
    ]);
  });

  it('has the limits of groups, and only the instances in the way', () => {
    const capacity = slotCapacity({ max_running: 0 }, { small: { max_running: 1 } }).amounts;
    const of = (group: string) => ({ group, demand: slotDemand(group) });
    const limits = { capacity, exclusiveGroups: new Set(['alone']) };
    planSlots(limits, [holder('a', of('small')), holder('x')], [waiter('b', of('small'))], NOW, slotTrace.at(NOW));
    planSlots(limits, [holder('a', of('small')), holder('x')], [waiter('c', of('alone'))], NOW, slotTrace.at(NOW));
    expect(trace.inputs('slot')).toMatchObject([
      { limit: 'group', most: 1, taken: 1 },
      { limit: 'exclusive', most: 0, taken: 2 },
    ]);
    expect(trace.of('eviction')).toMatchObject([
      { instance: { id: 'a' }, other: { id: 'b' } },
      { instance: { id: 'a' }, other: { id: 'c' } },
      { instance: { id: 'x' }, other: { id: 'c' } },
    ]);
    expect(trace.of('spared')).toEqual([]);
  });

  it('has the reason why each other instance is spared', () => {
    const held = [
      holder('idle'),
      holder('younger', { lastUsed: NOW - 1_000 }),
      holder('pinned', { isPinned: true }),
      holder('busy', { leases: 2 }),
      holder('loading', { phase: 'starting' }),
    ];
    plan(5, held, [waiter('b')]);
    expect(trace.of('eviction')).toMatchObject([{ instance: { id: 'idle' } }]);
    expect(spared()).toEqual({ younger: 'used_later', pinned: 'pinned', busy: 'in_use', loading: 'starting' });
  });

  it('has an instance that was used a moment ago, or is already stopping', () => {
    const since = NOW - 1_000;
    const held = [holder('just', { lastUsed: NOW - LINGER_MS / 2 }), holder('gone', { phase: 'leaving' })];
    plan(1, held, [waiter('b', { since })]);
    expect(spared()).toEqual({ just: 'just_used', gone: 'stopping' });
  });

  it('has an instance in use that closes, once the other has waited long', () => {
    plan(1, [holder('a', { leases: 3 })], [waiter('b', { since: NOW - PATIENCE_MS })]);
    expect(trace.of('closing')).toEqual([
      {
        kind: 'closing',
        instance: { id: 'a' },
        other: { id: 'b' },
        inputs: { leases: 3, waited_ms: PATIENCE_MS },
      },
    ]);
  });

  it('has a wait without end, and one for which nothing is stopped', () => {
    plan(1, [holder('a', { isPinned: true })], [waiter('b')]);
    plan(1, [holder('a')], [waiter('c', { mayEvict: false })]);
    expect(trace.inputs('slot')).toMatchObject([
      { outcome: 'hopeless', most: 1, taken: 1 },
      { outcome: 'waits', may_evict: false },
    ]);
    expect(trace.of('spared')).toEqual([]);
  });

  it('has a verdict once while it and its reason stay the same', () => {
    const busy = [holder('a', { leases: 1 })];
    plan(1, busy, [waiter('b')]);
    plan(1, [holder('a', { leases: 7 })], [waiter('b')], NOW + 1);
    expect(trace.decisions.map(({ kind }) => kind)).toEqual(['slot', 'spared']);
    slotTrace.end('b');
    plan(1, busy, [waiter('b')]);
    expect(trace.decisions).toHaveLength(4);
  });

  it('has every verdict again for a new listener', () => {
    plan(1, [holder('a')], [waiter('b')]);
    trace.isOn = false;
    plan(1, [holder('a')], [waiter('b')]);
    trace.isOn = true;
    plan(1, [holder('a')], [waiter('b')]);
    expect(trace.decisions.map(({ kind }) => kind)).toEqual(['slot', 'eviction', 'slot', 'eviction']);
  });

  it('is not made while nothing listens', () => {
    trace.isOn = false;
    expect(slotTrace.at(NOW)).toBe(null);
    plan(1, [holder('a')], [waiter('b')]);
    expect(trace.decisions).toEqual([]);
  });
});

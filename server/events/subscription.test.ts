import { describe, expect, it } from 'vitest';
import { createSubscription } from './subscription.ts';

const OF_A = { type: 'instance_status_changed', name: 'a', instance: 'id-a' } as const;
const OF_B = { type: 'instance_status_changed', name: 'B', instance: 'id-b' } as const;
const OF_NOBODY = { type: 'instance_status_changed', name: 'gone', instance: null } as const;
const STATS_OF_A = { ...OF_A, type: 'instance_stats_updated' } as const;
const SYSTEM = { type: 'system_alert', name: null, instance: null } as const;
const ALL = [OF_A, OF_B, OF_NOBODY, STATS_OF_A, SYSTEM];

const wanted = (...of: Parameters<typeof createSubscription>) => {
  const subscription = createSubscription(...of);
  return ALL.filter((message) => subscription.wants(message));
};

describe('Subscription', () => {
  it('includes everything by default', () => {
    expect(wanted(null, {})).toEqual(ALL);
  });

  it('selects types', () => {
    expect(wanted(null, { types: ['system_alert', 'instance_stats_updated'] })).toEqual([STATS_OF_A, SYSTEM]);
    expect(wanted(null, { types: [] })).toEqual([]);
  });

  it('selects instances, whatever the case, and always includes system alerts', () => {
    expect(wanted(null, { instances: ['b'] })).toEqual([OF_B, SYSTEM]);
    expect(wanted(null, { instances: ['b'], types: ['instance_status_changed'] })).toEqual([OF_B]);
  });

  it('includes the rename of an instance that it selects by the old name', () => {
    const renamed = { type: 'instance_updated', name: 'new', previousName: 'A', instance: 'id-a' } as const;
    const wants = (...of: Parameters<typeof createSubscription>) => createSubscription(...of).wants(renamed);
    expect([['a'], ['new'], ['b']].map((instances) => wants(null, { instances }))).toEqual([true, true, false]);
    expect(wants(new Set(['id-b']), { instances: ['a'] })).toBe(false);
  });

  it('never includes instances that the client may not see', () => {
    expect(wanted(new Set(['id-a']), {})).toEqual([OF_A, STATS_OF_A, SYSTEM]);
    expect(wanted(new Set(['id-a']), { instances: ['b', 'gone'] })).toEqual([SYSTEM]);
    expect(wanted(new Set(), {})).toEqual([SYSTEM]);
  });

  it('includes a decision only if it is requested and every instance that it names may be seen', () => {
    const decision = (instances: readonly (string | null)[], names: readonly string[], namesCaller = false) => {
      const [instance, other] = names;
      const data = {
        decision: 'eviction',
        message: '',
        inputs: {},
        ...(instance !== undefined && { instance }),
        ...(other !== undefined && { other }),
      } as const;
      return {
        type: 'decision',
        name: instance ?? null,
        instance: instances[0] ?? null,
        decision: { data, instances, namesCaller },
      } as const;
    };
    const decisions = {
      a: decision(['id-a'], ['a']),
      'a for b': decision(['id-a', 'id-b'], ['a', 'b']),
      gone: decision([null], ['gone']),
      none: decision([], []),
      caller: decision([], [], true),
    };
    const wantedDecisions = (...of: Parameters<typeof createSubscription>): string[] =>
      Object.entries(decisions).flatMap(([name, each]) => (createSubscription(...of).wants(each) ? [name] : []));
    const request = { types: ['decision' as const] };
    expect(wantedDecisions(null, {})).toEqual([]);
    expect(wantedDecisions(null, { types: ['system_alert'] })).toEqual([]);
    expect(wantedDecisions(null, request)).toEqual(['a', 'a for b', 'gone', 'none']);
    expect(wantedDecisions(null, request, true)).toEqual(['a', 'a for b', 'gone', 'none', 'caller']);
    expect(wantedDecisions(new Set(['id-a']), request)).toEqual(['a']);
    expect(wantedDecisions(new Set(['id-a', 'id-b']), request)).toEqual(['a', 'a for b']);
    expect(wantedDecisions(new Set(), request)).toEqual([]);
    expect(wantedDecisions(null, { ...request, instances: ['B'] }, true)).toEqual(['a for b']);
  });

  it('shares its key with equal subscriptions only', () => {
    const key = (...of: Parameters<typeof createSubscription>) => createSubscription(...of).key;
    expect(key(null, { instances: ['a', 'B'] })).toBe(key(null, { instances: ['b', 'A', 'a'] }));
    const keys = [
      key(null, {}),
      key(null, {}, true),
      key(new Set(), {}),
      key(new Set(['a']), {}),
      key(null, { instances: ['a'] }),
      key(null, { instances: [] }),
      key(null, { types: [] }),
      key(null, { instances: ['a', 'b'] }),
      key(null, { instances: ['a,b'] }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});

import { describe, expect, it } from 'vitest';
import type { Subscribe } from '@llamactl/contract/events';
import { createSubscription, type Subscription } from './subscription.ts';

const ME = 'user:me';

function subscriptionOf(
  visible: ReadonlySet<string> | null,
  request: Pick<Subscribe, 'instances' | 'types'>,
  seesCallers = false,
): Subscription {
  return createSubscription({ visible, seesCallers, caller: ME }, request);
}

const OF_A = { type: 'instance_status_changed', name: 'a', instance: 'id-a' } as const;
const OF_B = { type: 'instance_status_changed', name: 'B', instance: 'id-b' } as const;
const OF_NOBODY = { type: 'instance_status_changed', name: 'gone', instance: null } as const;
const STATS_OF_A = { ...OF_A, type: 'instance_stats_updated' } as const;
const SYSTEM = { type: 'system_alert', name: null, instance: null } as const;
const ALL = [OF_A, OF_B, OF_NOBODY, STATS_OF_A, SYSTEM];

const wanted = (...of: Parameters<typeof subscriptionOf>) => {
  const subscription = subscriptionOf(...of);
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
    const wants = (...of: Parameters<typeof subscriptionOf>) => subscriptionOf(...of).wants(renamed);
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
    const wantedDecisions = (...of: Parameters<typeof subscriptionOf>): string[] =>
      Object.entries(decisions).flatMap(([name, each]) => (subscriptionOf(...of).wants(each) ? [name] : []));
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

  describe('of frames that have to be named', () => {
    const news = (name: string | null, instance: string | null, caller = 'user:ada') =>
      ({
        type: 'request_started',
        name,
        instance,
        bytes: Buffer.from(`by ${caller}`),
        request: { caller, withoutSender: () => Buffer.from('by null') },
      }) as const;
    const request = { types: ['request_started' as const] };

    it('includes them only if it names their type', () => {
      const wants = (...of: Parameters<typeof subscriptionOf>) => subscriptionOf(...of).wants(news('a', 'id-a'));
      expect([wants(null, {}), wants(null, { types: ['request_finished'] }), wants(null, request)]).toEqual([
        false,
        false,
        true,
      ]);
      expect(subscriptionOf(null, { types: ['decision', 'system_alert'] }).named).toEqual(['decision']);
    });

    it('includes a request of no instance only for those who may see and want all', () => {
      const wants = (...of: Parameters<typeof subscriptionOf>) => subscriptionOf(...of).wants(news(null, null));
      expect(wants(null, request)).toBe(true);
      expect(wants(null, { ...request, instances: ['a'] })).toBe(false);
      expect(wants(new Set(['id-a']), request)).toBe(false);
    });

    it('never includes a request of an instance that the client may not see', () => {
      const narrow = subscriptionOf(new Set(['id-a']), request);
      expect([
        narrow.wants(news('a', 'id-a')),
        narrow.wants(news('b', 'id-b')),
        narrow.wants(news('gone', null)),
      ]).toEqual([true, false, false]);
    });

    it('shows the caller of a request only to operators and to the caller', () => {
      const shown = (seesCallers: boolean, caller: string): string =>
        subscriptionOf(null, request, seesCallers)
          .bytesOf(news('a', 'id-a', caller))
          .toString();
      expect(shown(true, 'user:ada')).toBe('by user:ada');
      expect(shown(false, 'user:ada')).toBe('by null');
      expect(shown(false, ME)).toBe(`by ${ME}`);
    });
  });

  it('shares its key with equal subscriptions only', () => {
    const key = (...of: Parameters<typeof subscriptionOf>) => subscriptionOf(...of).key;
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
      key(null, { types: ['request_started'] }),
      createSubscription({ visible: null, seesCallers: false, caller: 'user:other' }, { types: ['request_started'] })
        .key,
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});

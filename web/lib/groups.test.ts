import { expect, test } from 'vitest';
import { sampleRow } from '../testing/sample-row.ts';
import { groupUse, isPinnedByGroup } from './groups.ts';

const LIMITS = { name: 'team', max_running: 4, exclusive: false, pinned: true };
const ROWS = (['running', 'starting', 'failed', 'stopped'] as const).map((status) =>
  sampleRow({ name: status, status, group: 'team' }),
);

test('the members of a group with a slot are counted against its limit', () => {
  expect(groupUse('team', [...ROWS, sampleRow({ status: 'running' })], [LIMITS])).toEqual({
    name: 'team',
    running: 2,
    total: 4,
    most: 4,
    limits: LIMITS,
  });
});

test('a member whose start was just accepted counts before its row shows it', () => {
  expect(groupUse('team', ROWS, [LIMITS], new Set(['stopped'])).running).toBe(3);
  expect(groupUse('team', ROWS, [LIMITS], new Set(['running', 'other'])).running).toBe(2);
});

test('a group that the configuration does not know has no limit', () => {
  expect(groupUse('team', ROWS, [])).toMatchObject({ running: 2, most: null, limits: null });
});

test('a member of a pinned group is pinned, and other instances are not', () => {
  expect(isPinnedByGroup({ group: 'team' }, [LIMITS])).toBe(true);
  expect(isPinnedByGroup({ group: 'team' }, [{ ...LIMITS, pinned: false }])).toBe(false);
  expect(isPinnedByGroup({ group: 'other' }, [LIMITS])).toBe(false);
  expect(isPinnedByGroup({}, [LIMITS])).toBe(false);
});

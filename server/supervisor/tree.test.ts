import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProcessStat } from './process-stat.ts';
import type { ProcessEntry } from './process-scan.ts';
import { isLeavingUntagged, membersOf, NEVER_SEEN, type RunTree } from './tree.ts';

const TAG = 'dir.instance.nonce';
const GROUP = 500;
const tree: RunTree = {
  run: { tag: TAG, folder: '/run' },
  identity: { pid: 501, startTicks: 1_000, group: GROUP },
  known: new Map(),
  lastAliveTicks: 2_000,
};

function entry(stat: Partial<ProcessStat> & { pid: number }, tag: string | null = null): ProcessEntry {
  const defaults = {
    command: 'x',
    state: 'S',
    parent: 1,
    group: stat.pid,
    session: stat.pid,
    isKernelThread: false,
    isLeaving: false,
    cpuTicks: 0,
    threads: 1,
    startTicks: 5_000,
    residentPages: 1,
  };
  return { stat: { ...defaults, ...stat }, tag };
}

const pids = (entries: ProcessEntry[], of: RunTree = tree): number[] => membersOf(entries, of).map(({ pid }) => pid);

describe('a process belongs to a run', () => {
  test('when it has the run’s tag, in any group', () => {
    expect(pids([entry({ pid: 900 }, TAG), entry({ pid: 901 }, 'dir.instance.other'), entry({ pid: 902 })])).toEqual([
      900,
    ]);
  });

  test('when it is in the group, and another member proves the group', () => {
    const worker = entry({ pid: 600, group: GROUP, session: GROUP });
    expect(pids([worker, entry({ pid: 500, group: GROUP }, TAG)])).toEqual([600, 500]);
    expect(pids([worker, entry({ pid: 501, startTicks: 1_000, group: GROUP })])).toEqual([600, 501]);
    expect(pids([worker], { ...tree, known: new Map([[600, 5_000]]) })).toEqual([600]);
  });

  test('when a zombie proves its group, since it still holds the group id', () => {
    const worker = entry({ pid: 600, group: GROUP, session: GROUP });
    expect(pids([worker, entry({ pid: 501, startTicks: 1_000, group: GROUP, state: 'Z' })])).toEqual([600]);
  });

  test('when it is in the session, and was forked while the engine lived', () => {
    const worker = entry({ pid: 600, group: 600, session: GROUP, startTicks: 1_500 });
    const later = entry({ pid: 601, group: 600, session: GROUP, startTicks: 3_000 });
    expect(pids([worker, later])).toEqual([600, 601]);
  });
});

test('a known process belongs to its run in any group, also when its environment is gone', () => {
  const known = new Map([[900, 5_000]]);
  expect(pids([entry({ pid: 900 })], { ...tree, known })).toEqual([900]);
  expect(pids([entry({ pid: 900, startTicks: 5_001 })], { ...tree, known })).toEqual([]);
});

describe('a process that is exiting and shows no tag', () => {
  const leaving = (stat: Partial<ProcessStat>, tag: string | null = null): boolean =>
    isLeavingUntagged(entry({ pid: 900, isLeaving: true, ...stat }, tag), tree);

  test('may belong to the run when it started after the engine', () => {
    expect(leaving({})).toBe(true);
    expect(leaving({ startTicks: 1_000 })).toBe(true);
    expect(leaving({ isLeaving: false, state: 'Z', threads: 2 })).toBe(true);
  });

  test('does not belong to the run when it is older, dead, not exiting, or tagged', () => {
    expect(leaving({ startTicks: 999 })).toBe(false);
    expect(leaving({ state: 'Z' })).toBe(false);
    expect(leaving({ isLeaving: false })).toBe(false);
    expect(leaving({}, 'other.i.n')).toBe(false);
  });
});

describe('a process does not belong to a run', () => {
  test('when it is in an unproven group of the same id', () => {
    expect(pids([entry({ pid: 500, group: GROUP, session: GROUP }), entry({ pid: 600, group: GROUP })])).toEqual([]);
  });

  test('when it has a known pid, but another start', () => {
    const worker = entry({ pid: 600, group: GROUP });
    expect(pids([worker], { ...tree, known: new Map([[600, 4_999]]) })).toEqual([]);
    expect(pids([entry({ pid: 501, startTicks: 1_001, group: GROUP })])).toEqual([]);
  });

  test('when it leads a session of that id, whatever its start', () => {
    expect(pids([entry({ pid: GROUP, group: GROUP, session: GROUP, startTicks: 1_500 })])).toEqual([]);
  });

  test('when it is in the session, but was forked before the engine or after its end, or neither is known', () => {
    const of = (startTicks: number): ProcessEntry[] => [entry({ pid: 600, session: GROUP, startTicks })];
    expect(pids(of(999))).toEqual([]);
    expect(pids(of(2_001))).toEqual([]);
    expect(pids(of(1_500), { ...tree, lastAliveTicks: null })).toEqual([]);
    expect(pids(of(1_500), { ...tree, identity: { pid: 501, startTicks: NEVER_SEEN, group: GROUP } })).toEqual([]);
  });

  test('when it is dead, this process itself, or has another tag', () => {
    const proof = entry({ pid: 501, startTicks: 1_000, group: GROUP });
    const dead = entry({ pid: 600, group: GROUP, state: 'Z' }, null);
    const ours = entry({ pid: process.pid, group: GROUP }, TAG);
    const others = entry({ pid: 601, group: GROUP, session: GROUP }, 'other.instance.nonce');
    expect(pids([proof, dead, ours, others])).toEqual([501]);
  });
});

test('without a proof only tagged processes are members', () => {
  const anyEntry = fc
    .record({
      pid: fc.integer({ min: 510, max: 60_000 }),
      group: fc.constantFrom(GROUP, 7),
      session: fc.constantFrom(GROUP, 7),
    })
    .chain((stat) =>
      fc
        .tuple(fc.integer({ min: 2_001, max: 9_000 }), fc.constantFrom(null, 'other.i.n', 'dir.instance.other'))
        .map(([startTicks, tag]) => entry({ ...stat, startTicks }, tag)),
    );
  fc.assert(
    fc.property(fc.array(anyEntry), (entries) => {
      expect(pids(entries)).toEqual([]);
    }),
  );
});

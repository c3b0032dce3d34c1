import { describe, expect, it } from 'vitest';
import { keptEvent } from '../testing/contracts/replay.contract.ts';
import { Replay } from './replay.ts';

const several = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => keptEvent(first + index));
const seqOf = (count: number): number => keptEvent(count).seq;

describe('Replay', () => {
  it('returns the events after a number', () => {
    const replay = new Replay(several(1, 3));
    replay.push(keptEvent(4));
    expect(replay.since(seqOf(2))).toEqual({ gap: null, events: several(3, 4) });
    expect(replay.since(seqOf(4))).toEqual({ gap: null, events: [] });
    expect(replay.lastSeq).toBe(seqOf(4));
  });

  it('returns all events after 0', () => {
    expect(new Replay([]).since(0)).toEqual({ gap: null, events: [] });
    expect(new Replay(several(1, 3)).since(0)).toEqual({ gap: null, events: several(1, 3) });
  });

  it('returns nothing after a future number', () => {
    expect(new Replay(several(1, 3)).since(seqOf(9))).toEqual({ gap: null, events: [] });
  });

  it('reports a gap after an unknown number', () => {
    const events = several(10, 12);
    expect(new Replay(events).since(seqOf(5))).toEqual({ gap: { from: seqOf(6), to: seqOf(9) }, events });
    expect(new Replay(events).since(seqOf(9)), 'nothing can lie between').toEqual({ gap: null, events });
  });

  it('holds the newest 1 000, whether they were stored or pushed', () => {
    const stored = new Replay(several(1, 1_200));
    const pushed = new Replay([]);
    for (const kept of several(1, 1_200)) pushed.push(kept);
    for (const replay of [stored, pushed]) {
      const gap = { from: seqOf(101), to: seqOf(200) };
      expect(replay.since(seqOf(100))).toEqual({ gap, events: several(201, 1_200) });
      expect(replay.since(0).gap).toEqual({ from: 1, to: seqOf(200) });
      expect(replay.since(seqOf(200)).gap).toBeNull();
    }
  });

  it('stays bounded', () => {
    const replay = new Replay([]);
    for (const kept of several(1, 5_321)) replay.push(kept);
    expect(replay.since(seqOf(4_320)).gap).toEqual({ from: seqOf(4_321), to: seqOf(4_321) });
    expect(replay.since(seqOf(4_321))).toEqual({ gap: null, events: several(4_322, 5_321) });
  });

  it('assumes lost events when the store was full', () => {
    expect(new Replay(several(1, 1_000)).since(0).gap).toEqual({ from: 1, to: seqOf(0) });
    expect(new Replay(several(1, 999)).since(0).gap).toBeNull();
  });
});

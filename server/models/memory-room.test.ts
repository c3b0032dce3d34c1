import { describe, expect, it } from 'vitest';
import { RAM } from './memory-estimate.ts';
import { roomsOf } from './memory-room.ts';

const GIB = 1_024 ** 3;
const need = (device: string, weights: number, rest: number) => ({
  device,
  weights: weights * GIB,
  cache: rest * GIB,
  compute: 0,
});
const MACHINE = {
  ram: { total: 32 * GIB, available: 30 * GIB },
  gpus: [{ device: 'nvidia:0', total: 24 * GIB, free: 4 * GIB }],
};
const free = (...rooms: Parameters<typeof roomsOf>): number[] =>
  roomsOf(...rooms).map((room) => Math.round(room.free / GIB));

describe('the room for a start', () => {
  it('is what is available', () => {
    expect(roomsOf(MACHINE, [])).toEqual([
      { device: RAM, total: 32 * GIB, free: 30 * GIB },
      { device: 'nvidia:0', total: 24 * GIB, free: 4 * GIB },
    ]);
  });

  it('has nothing of the weights that a run has mapped, with their margin', () => {
    expect(free(MACHINE, [{ id: 'a', needs: [need(RAM, 18, 2)] }])).toEqual([10, 4]);
  });

  it('grows when a run ends, up to what others leave', () => {
    const holders = [
      { id: 'a', needs: [need(RAM, 10, 2), need('nvidia:0', 6, 2)] },
      { id: 'b', needs: [need(RAM, 8, 2), need('nvidia:0', 12, 8)] },
      { id: 'unknown', needs: [] },
    ];
    expect(free(MACHINE, holders)).toEqual([8, 4]);
    expect(free(MACHINE, holders, new Set(['a']))).toEqual([21, 12]);
    expect(free(MACHINE, holders, new Set(['a', 'b', 'unknown']))).toEqual([32, 24]);
  });

  it('is what the configuration leaves of it', () => {
    const terms = { reserve: GIB, limits: new Map([[RAM, 16 * GIB]]), overcommit: 1 };
    const holders = [{ id: 'a', needs: [need(RAM, 9, 1)] }];
    expect(free(MACHINE, [], new Set(), terms)).toEqual([16, 3]);
    expect(free(MACHINE, holders, new Set(), terms)).toEqual([5, 3]);
    expect(free(MACHINE, holders, new Set(['a']), terms)).toEqual([16, 3]);
    expect(free(MACHINE, holders, new Set(), { ...terms, overcommit: 1.5 })).toEqual([13, 15]);
    expect(roomsOf(MACHINE, [], new Set(), terms)[0]?.total).toBe(16 * GIB);
  });

  it('is never less than nothing', () => {
    expect(free(MACHINE, [{ id: 'a', needs: [need(RAM, 40, 0)] }])).toEqual([0, 4]);
  });
});

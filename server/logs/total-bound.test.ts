import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Archive, RunOutput } from './layout.ts';
import { dropsToFit, keptBytes, type Drop } from './total-bound.ts';

const archive = (from: number, to: number, more: Partial<Archive> = {}): Archive => ({
  file: `log.${from}-${to}`,
  from,
  to,
  cut: false,
  size: to - from,
  ...more,
});
const runOf = (number: number, archives: Archive[], liveBytes: number): RunOutput => {
  const liveFrom = archives.at(-1)?.to ?? 0;
  const shift = archives.findLast(({ cut }) => cut)?.to ?? 0;
  const folder = `/runs/${number}-a`;
  return { folder, number, start: 0, archives, live: `${folder}/log`, liveFrom, shift, end: liveFrom + liveBytes };
};
const nobodyWrites = (): boolean => false;
const shown = (drops: Drop[]): string[] =>
  drops.map((one) =>
    one.what === 'log' ? one.run.live : `${one.archive.file}${one.keepsName ? ', but not its name' : ''}`,
  );
const drops = (runs: RunOutput[], maxBytes: number, isWritten: (run: RunOutput) => boolean = nobodyWrites): string[] =>
  shown(dropsToFit(runs, isWritten, maxBytes));

describe('keptBytes', () => {
  test('sums the real sizes of archives and the live file', () => {
    expect(keptBytes(runOf(1, [archive(0, 100), archive(100, 300, { size: 0 })], 50))).toBe(150);
  });
});

describe('dropsToFit', () => {
  const old = runOf(1, [archive(0, 100), archive(100, 200)], 50);
  const newest = runOf(2, [archive(0, 100), archive(100, 200), archive(200, 300)], 50);

  test('drops nothing within the limit', () => {
    expect(drops([old, newest], 600)).toEqual([]);
  });

  test('drops the oldest first, and no more than needed', () => {
    expect(drops([old, newest], 599)).toEqual(['log.0-100']);
    expect(drops([old, newest], 500)).toEqual(['log.0-100']);
    expect(drops([old, newest], 499)).toEqual(['log.0-100', 'log.100-200, but not its name']);
  });

  test('drops all of an old run before the next', () => {
    expect(drops([old, newest], 300)).toEqual([
      'log.0-100',
      'log.100-200, but not its name',
      '/runs/1-a/log',
      'log.0-100',
    ]);
  });

  test('never drops the file of the newest run', () => {
    expect(drops([newest], 0)).toEqual(['log.0-100', 'log.100-200', 'log.200-300, but not its name']);
  });

  test('never drops a file that a process writes to', () => {
    expect(drops([old, newest], 0, () => true)).not.toContain('/runs/1-a/log');
  });

  test('keeps the name of the last cut archive, which determines offsets', () => {
    const mixed = runOf(1, [archive(0, 100, { cut: true }), archive(100, 200, { cut: true }), archive(200, 300)], 50);
    expect(drops([mixed], 0)).toEqual(['log.0-100', 'log.100-200, but not its name', 'log.200-300, but not its name']);
  });

  test('drops names that nothing depends on, even within the limit', () => {
    const left = runOf(1, [archive(0, 100, { size: 0 }), archive(100, 200)], 50);
    expect(drops([left], 1_000)).toEqual(['log.0-100']);
  });

  test('drops no more than needed, and enough unless only live files are left', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 1_000 }), { maxLength: 5 });
    const aRun = fc.record({ sizes, liveBytes: fc.nat(1_000), cuts: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(aRun, { maxLength: 5 }), fc.nat(10_000), (shapes, maxBytes) => {
        const runs = shapes.map((shape, index) => {
          let at = 0;
          const archives = shape.sizes.map((size, place) => {
            at += size;
            return archive(at - size, at, { cut: place < shape.cuts });
          });
          return runOf(index + 1, archives, shape.liveBytes);
        });
        const kept = runs.reduce((sum, run) => sum + keptBytes(run), 0);
        const dropped = dropsToFit(runs, nobodyWrites, maxBytes);
        const total = dropped.reduce((sum, { bytes }) => sum + bytes, 0);
        const live = (runs.at(-1)?.end ?? 0) - (runs.at(-1)?.liveFrom ?? 0);
        expect(kept - total).toBeLessThanOrEqual(Math.max(maxBytes, live));
        const last = dropped.at(-1)?.bytes ?? 0;
        if (dropped.length > 0) expect(kept - total + last).toBeGreaterThan(maxBytes);
      }),
    );
  });
});

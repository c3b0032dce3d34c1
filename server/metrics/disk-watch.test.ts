import type { Alert } from '@llamactl/contract/system';
import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import type { DiskSpace } from './disk-space.ts';
import { judgeDiskSpace, watchDisk } from './disk-watch.ts';

const MEBIBYTE = 1_048_576;
const GIBIBYTE = 1_024 * MEBIBYTE;

const disk = (size: number, available: number): DiskSpace => ({ used: size - available, available });

describe('judgeDiskSpace', () => {
  test.each([
    ['with half of it free', disk(100 * GIBIBYTE, 50 * GIBIBYTE), null],
    ['with 4 % free, many gigabytes', disk(1_000 * GIBIBYTE, 40 * GIBIBYTE), null],
    ['with 0.5 % free, many gigabytes', disk(4_000 * GIBIBYTE, 20 * GIBIBYTE), null],
    ['with 900 MiB free, a large part', disk(2 * GIBIBYTE, 900 * MEBIBYTE), null],
    ['with 4 % and less than 1 GiB free', disk(20 * GIBIBYTE, 800 * MEBIBYTE), 'warning'],
    ['with 0.9 % and less than 1 GiB free', disk(50 * GIBIBYTE, 450 * MEBIBYTE), 'error'],
    ['with less than 16 MiB free, however small it is', disk(100 * MEBIBYTE, 15 * MEBIBYTE), 'error'],
    ['with nothing free', disk(100 * GIBIBYTE, 0), 'error'],
  ])('%s: %3$s', (_name, space, level) => {
    expect(judgeDiskSpace(space, null)).toBe(level);
  });

  test.each([
    ['stays a warning until there is clearly more', disk(20 * GIBIBYTE, 1_100 * MEBIBYTE), 'warning', 'warning'],
    ['is cleared when there is', disk(20 * GIBIBYTE, 1_300 * MEBIBYTE), 'warning', null],
    ['stays an error until there is clearly more', disk(1_600 * MEBIBYTE, 18 * MEBIBYTE), 'error', 'error'],
    ['becomes a warning when there is', disk(1_600 * MEBIBYTE, 60 * MEBIBYTE), 'error', 'warning'],
    ['is cleared at once when there is much more', disk(20 * GIBIBYTE, 10 * GIBIBYTE), 'error', null],
    ['gets worse at once', disk(20 * GIBIBYTE, 1 * MEBIBYTE), 'warning', 'error'],
    ['is no warning above the limit', disk(20 * GIBIBYTE, 1_100 * MEBIBYTE), null, null],
  ] as const)('%s', (_name, space, before, level) => {
    expect(judgeDiskSpace(space, before)).toBe(level);
  });
});

describe('watchDisk', () => {
  let clock: FakeClock;
  let raised: Omit<Alert, 'raised_at'> | null;
  let faults: string[];
  let space: DiskSpace | Error;
  beforeEach(() => {
    clock = new FakeClock();
    raised = null;
    faults = [];
    space = disk(100 * GIBIBYTE, 50 * GIBIBYTE);
  });
  const watch = (): { close(): void } =>
    watchDisk({
      clock,
      alerts: {
        raise: (alert) => {
          raised = alert;
        },
        clear: (code) => {
          if (raised?.code === code) raised = null;
        },
      },
      diskSpace: async () => {
        if (space instanceof Error) throw space;
        return space;
      },
      onFault: (_error, what) => void faults.push(what),
    });

  test('raises at the first check, and clears when space is free again', async () => {
    space = disk(100 * GIBIBYTE, 0);
    watch();
    await clock.flush();
    expect(raised).toMatchObject({ level: 'error', code: 'disk_space_low' });
    expect(raised?.message).toMatch(/data_dir.*logs lose lines and changes cannot be stored/);
    space = disk(100 * GIBIBYTE, 50 * GIBIBYTE);
    await clock.advance(9_999);
    expect(raised).not.toBe(null);
    await clock.advance(1);
    expect(raised).toBe(null);
  });

  test('raises again only when the level changes', async () => {
    space = disk(20 * GIBIBYTE, 800 * MEBIBYTE);
    watch();
    await clock.flush();
    const first = raised;
    space = disk(20 * GIBIBYTE, 700 * MEBIBYTE);
    await clock.advance(10_000);
    expect(raised).toEqual(first);
  });

  test('continues after a failed check, reports it once, and keeps the alert', async () => {
    space = disk(100 * GIBIBYTE, 0);
    watch();
    await clock.flush();
    space = new Error('EIO');
    await clock.advance(60_000);
    expect([raised?.level, faults.length]).toEqual(['error', 1]);
    space = disk(100 * GIBIBYTE, 50 * GIBIBYTE);
    await clock.advance(10_000);
    expect(raised).toBe(null);
  });

  test('stops when closed, also during a check', async () => {
    space = disk(100 * GIBIBYTE, 0);
    watch().close();
    await clock.advance(60_000);
    expect([raised, clock.pending]).toEqual([null, []]);
    const other = watch();
    await clock.flush();
    other.close();
    expect(clock.pending).toEqual([]);
  });
});

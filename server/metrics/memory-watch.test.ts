import type { Alert } from '@llamactl/contract/system';
import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import type { MemoryState } from './memory.ts';
import { isMemoryLow, watchMemory } from './memory-watch.ts';

const MEBIBYTE = 1_048_576;
const GIBIBYTE = 1_024 * MEBIBYTE;

const memory = (total: number, available: number): MemoryState => ({ total, usage: total - available });

describe('isMemoryLow', () => {
  test.each([
    ['half of it', memory(64 * GIBIBYTE, 32 * GIBIBYTE), false],
    ['4 %, many gigabytes', memory(256 * GIBIBYTE, 10 * GIBIBYTE), false],
    ['400 MiB, a large part', memory(2 * GIBIBYTE, 400 * MEBIBYTE), false],
    ['less than 5 % and than 512 MiB', memory(16 * GIBIBYTE, 500 * MEBIBYTE), true],
    ['nothing', memory(16 * GIBIBYTE, 0), true],
  ])('with %s available: low is %3$s', (_name, state, isLow) => {
    expect(isMemoryLow(state, false)).toBe(isLow);
  });

  test.each([
    ['stays low until there is clearly more', 700 * MEBIBYTE, true, true],
    ['is cleared when there is', 800 * MEBIBYTE, true, false],
    ['is not low above the limit', 700 * MEBIBYTE, false, false],
  ])('%s', (_name, available, wasLow, isLow) => {
    expect(isMemoryLow(memory(16 * GIBIBYTE, available), wasLow)).toBe(isLow);
  });
});

describe('watchMemory', () => {
  let clock: FakeClock;
  let raised: Omit<Alert, 'raised_at'> | null;
  let faults: string[];
  let state: MemoryState | Error;
  beforeEach(() => {
    clock = new FakeClock();
    raised = null;
    faults = [];
    state = memory(16 * GIBIBYTE, 8 * GIBIBYTE);
  });
  const watch = (): { close(): void } =>
    watchMemory({
      clock,
      alerts: {
        raise: (alert) => {
          raised = alert;
        },
        clear: (code) => {
          if (raised?.code === code) raised = null;
        },
      },
      memory: () => {
        if (state instanceof Error) throw state;
        return state;
      },
      onFault: (_error, what) => void faults.push(what),
    });

  test('raises at the first check, and clears when memory is free again', async () => {
    state = memory(16 * GIBIBYTE, 0);
    watch();
    expect(raised).toMatchObject({ level: 'warning', code: 'memory_low' });
    state = memory(16 * GIBIBYTE, 8 * GIBIBYTE);
    await clock.advance(9_999);
    expect(raised).not.toBe(null);
    await clock.advance(1);
    expect(raised).toBe(null);
  });

  test('continues after a failed check, reports it once, and keeps the alert', async () => {
    state = memory(16 * GIBIBYTE, 0);
    watch();
    state = new Error('EIO');
    await clock.advance(60_000);
    expect([raised?.code, faults.length]).toEqual(['memory_low', 1]);
    state = memory(16 * GIBIBYTE, 8 * GIBIBYTE);
    await clock.advance(10_000);
    expect(raised).toBe(null);
  });

  test('stops when closed', () => {
    watch().close();
    expect(clock.pending).toEqual([]);
  });
});

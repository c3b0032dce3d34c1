import type { Alert } from '@llamactl/contract/system';
import { beforeEach, describe, expect, test } from 'vitest';
import type { AlertSink } from '../instances/ports/alert-sink.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { createHost } from './host.ts';
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
  const sink: AlertSink = {
    raise: (alert) => {
      raised = alert;
    },
    clear: (code) => {
      if (raised?.code === code) raised = null;
    },
  };
  const watch = (): { close(): void } =>
    watchMemory({
      clock,
      alerts: sink,
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
    await clock.advance(1_999);
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

  const MACHINE = 'MemTotal: 16000000 kB\nMemAvailable: 8000000 kB\n';
  test.each([
    ['a machine', { '/proc/meminfo': MACHINE.replace('8000000', '400000') }],
    [
      'a container',
      {
        '/proc/self/cgroup': '0::/\n',
        '/sys/fs/cgroup/memory.max': '2000000000\n',
        '/sys/fs/cgroup/memory.current': '1980000000\n',
        '/sys/fs/cgroup/memory.stat': 'inactive_file 0\n',
      },
    ],
    [
      'a unit in cgroups v1',
      {
        '/proc/self/cgroup': '4:memory:/llamactl.service\n',
        '/sys/fs/cgroup/memory/llamactl.service/memory.limit_in_bytes': '2000000000\n',
        '/sys/fs/cgroup/memory/llamactl.service/memory.usage_in_bytes': '1980000000\n',
      },
    ],
  ])('raises by the files of %s, within two seconds', async (_name, low) => {
    let files: Record<string, string> = {};
    const read = (file: string): string | null => ({ '/proc/meminfo': MACHINE, ...files })[file] ?? null;
    const host = createHost({ clock, diskSpace: async () => ({ used: 1, available: 1 }), read });
    watchMemory({
      clock,
      alerts: sink,
      memory: () => host.memory(),
      onFault: (_error, what) => void faults.push(what),
    });
    expect(raised).toBe(null);
    files = low;
    await clock.advance(2_000);
    expect(raised?.code).toBe('memory_low');
    files = {};
    await clock.advance(2_000);
    expect([raised, faults]).toEqual([null, []]);
  });

  test('stops when closed', () => {
    watch().close();
    expect(clock.pending).toEqual([]);
  });
});

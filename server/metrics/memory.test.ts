import { describe, expect, test } from 'vitest';
import { memoryState, swapTotal } from './memory.ts';

const MEMINFO =
  'MemTotal:       16000000 kB\nMemFree:         1000000 kB\nMemAvailable:    6000000 kB\nBuffers: 1 kB\n';
const KIBIBYTE = 1_024;
const MACHINE = { total: 16_000_000 * KIBIBYTE, usage: 10_000_000 * KIBIBYTE };

const stateOf = (files: Record<string, string>): unknown =>
  memoryState((file) => ({ '/proc/meminfo': MEMINFO, ...files })[file] ?? null);

describe('swapTotal', () => {
  test('is known where the system reports it', () => {
    expect(swapTotal(() => 'MemTotal: 5 kB\nSwapTotal:       8388604 kB\n')).toBe(8_388_604 * KIBIBYTE);
    expect(swapTotal(() => null)).toBe(null);
  });
});

describe('memoryState', () => {
  test("reads the machine's memory, without reclaimable cache", () => {
    expect(stateOf({})).toEqual(MACHINE);
  });

  test('returns null where the system does not report memory', () => {
    expect(memoryState(() => null)).toBe(null);
  });

  test('uses free memory on a kernel without MemAvailable', () => {
    expect(stateOf({ '/proc/meminfo': 'MemTotal: 100 kB\nMemFree: 40 kB\n' })).toEqual({
      total: 100 * KIBIBYTE,
      usage: 60 * KIBIBYTE,
    });
  });

  test('uses the limit and usage of a container', () => {
    expect(
      stateOf({
        '/proc/self/cgroup': '0::/\n',
        '/sys/fs/cgroup/memory.max': '4000000000\n',
        '/sys/fs/cgroup/memory.current': '3000000000\n',
        '/sys/fs/cgroup/memory.stat': 'anon 900000000\ninactive_file 1500000000\nactive_file 500000000\n',
      }),
    ).toEqual({ total: 4_000_000_000, usage: 1_000_000_000 });
  });

  test('uses the tightest limit above a unit', () => {
    const files = {
      '/proc/self/cgroup': '0::/user.slice/llamactl.service\n',
      '/sys/fs/cgroup/user.slice/llamactl.service/memory.max': 'max\n',
      '/sys/fs/cgroup/user.slice/llamactl.service/memory.current': '500000000\n',
      '/sys/fs/cgroup/user.slice/memory.max': '2000000000\n',
      '/sys/fs/cgroup/user.slice/memory.current': '1500000000\n',
    };
    expect(stateOf(files)).toEqual({ total: 2_000_000_000, usage: 1_500_000_000 });
  });

  test('reads cgroups v1', () => {
    expect(
      stateOf({
        '/proc/self/cgroup': '5:cpu,cpuacct:/a\n4:memory:/docker/abc\n0::/\n',
        '/sys/fs/cgroup/memory/memory.limit_in_bytes': '1000000000\n',
        '/sys/fs/cgroup/memory/memory.usage_in_bytes': '400000000\n',
        '/sys/fs/cgroup/memory/memory.stat':
          'inactive_file 5\ntotal_inactive_file 70000000\ntotal_active_file 30000000\n',
      }),
    ).toEqual({ total: 1_000_000_000, usage: 300_000_000 });
  });

  test('ignores the number that means no limit', () => {
    expect(
      stateOf({
        '/proc/self/cgroup': '4:memory:/\n',
        '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
        '/sys/fs/cgroup/memory/memory.usage_in_bytes': '400000000\n',
      }),
    ).toEqual(MACHINE);
  });

  test("uses the machine's free memory when that is less than the limit's rest", () => {
    expect(
      stateOf({
        '/proc/meminfo': 'MemTotal: 16000000 kB\nMemAvailable: 100000 kB\n',
        '/proc/self/cgroup': '0::/\n',
        '/sys/fs/cgroup/memory.max': '8192000000\n',
        '/sys/fs/cgroup/memory.current': '0\n',
      }),
    ).toEqual({ total: 8_192_000_000, usage: 8_192_000_000 - 100_000 * KIBIBYTE });
  });

  test('reports usage above the limit as full', () => {
    expect(
      stateOf({
        '/proc/self/cgroup': '0::/\n',
        '/sys/fs/cgroup/memory.max': '1000\n',
        '/sys/fs/cgroup/memory.current': '1100\n',
      }),
    ).toEqual({ total: 1_000, usage: 1_000 });
  });
});

import { describe, expect, test } from 'vitest';
import { memoryState } from './memory.ts';

const MEMINFO =
  'MemTotal:       16000000 kB\nMemFree:         1000000 kB\nMemAvailable:    6000000 kB\nBuffers: 1 kB\n';
const KIBIBYTE = 1_024;
const MACHINE = { total: 16_000_000 * KIBIBYTE, usage: 10_000_000 * KIBIBYTE };

const stateOf = (files: Record<string, string>): unknown =>
  memoryState((file) => ({ '/proc/meminfo': MEMINFO, ...files })[file] ?? null);

describe('memory', () => {
  test('is that of the machine; what the cache would give back is not used', () => {
    expect(stateOf({})).toEqual(MACHINE);
  });

  test('is not known where the system does not tell', () => {
    expect(memoryState(() => null)).toBe(null);
  });

  test('of a kernel that does not tell what is available: what is free', () => {
    expect(stateOf({ '/proc/meminfo': 'MemTotal: 100 kB\nMemFree: 40 kB\n' })).toEqual({
      total: 100 * KIBIBYTE,
      usage: 60 * KIBIBYTE,
    });
  });

  test('of a container is what it may have and what its programs have', () => {
    expect(
      stateOf({
        '/proc/self/cgroup': '0::/\n',
        '/sys/fs/cgroup/memory.max': '4000000000\n',
        '/sys/fs/cgroup/memory.current': '3000000000\n',
        '/sys/fs/cgroup/memory.stat': 'anon 900000000\ninactive_file 2000000000\nactive_file 100\n',
      }),
    ).toEqual({ total: 4_000_000_000, usage: 1_000_000_000 });
  });

  test('of a unit is the tightest limit above it', () => {
    const files = {
      '/proc/self/cgroup': '0::/user.slice/llamactl.service\n',
      '/sys/fs/cgroup/user.slice/llamactl.service/memory.max': 'max\n',
      '/sys/fs/cgroup/user.slice/llamactl.service/memory.current': '500000000\n',
      '/sys/fs/cgroup/user.slice/memory.max': '2000000000\n',
      '/sys/fs/cgroup/user.slice/memory.current': '1500000000\n',
    };
    expect(stateOf(files)).toEqual({ total: 2_000_000_000, usage: 1_500_000_000 });
  });

  test('of the older control groups is found too', () => {
    expect(
      stateOf({
        '/proc/self/cgroup': '5:cpu,cpuacct:/a\n4:memory:/docker/abc\n0::/\n',
        '/sys/fs/cgroup/memory/memory.limit_in_bytes': '1000000000\n',
        '/sys/fs/cgroup/memory/memory.usage_in_bytes': '400000000\n',
        '/sys/fs/cgroup/memory/memory.stat': 'inactive_file 5\ntotal_inactive_file 100000000\n',
      }),
    ).toEqual({ total: 1_000_000_000, usage: 300_000_000 });
  });

  test('has no limit where the number says that there is none', () => {
    expect(
      stateOf({
        '/proc/self/cgroup': '4:memory:/\n',
        '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
        '/sys/fs/cgroup/memory/memory.usage_in_bytes': '400000000\n',
      }),
    ).toEqual(MACHINE);
  });

  test('may be short on the machine before a limit is reached', () => {
    expect(
      stateOf({
        '/proc/meminfo': 'MemTotal: 16000000 kB\nMemAvailable: 100000 kB\n',
        '/proc/self/cgroup': '0::/\n',
        '/sys/fs/cgroup/memory.max': '8192000000\n',
        '/sys/fs/cgroup/memory.current': '0\n',
      }),
    ).toEqual({ total: 8_192_000_000, usage: 8_192_000_000 - 100_000 * KIBIBYTE });
  });

  test('over its limit is all used', () => {
    expect(
      stateOf({
        '/proc/self/cgroup': '0::/\n',
        '/sys/fs/cgroup/memory.max': '1000\n',
        '/sys/fs/cgroup/memory.current': '1100\n',
      }),
    ).toEqual({ total: 1_000, usage: 1_000 });
  });
});

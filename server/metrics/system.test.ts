import { STATUSES } from '@llamactl/contract/instance';
import { SystemInfoSchema, SystemStatusSchema, type Gpu } from '@llamactl/contract/system';
import { describe, expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import type { SystemView } from './metrics.ts';
import { createSystemView, goArchitecture } from './system.ts';

const GPU: Gpu = {
  index: 0,
  vendor: 'nvidia',
  name: 'NVIDIA GB10',
  memory_total: null,
  memory_usage: null,
  utilization: 3,
  temperature: null,
  power: null,
};

const view = (clock: FakeClock, begunAt = clock.elapsed()): SystemView =>
  createSystemView({
    host: {
      memory: () => ({ total: 200, usage: 50 }),
      swap: () => null,
      resources: async () => ({
        cpuUsage: 45.2,
        memory: { total: 200, usage: 50 },
        disk: { used: 755, available: 245 },
      }),
    },
    gpus: { list: async () => [GPU] },
    clock,
    begunAt,
    version: '1.2.3',
    buildTime: '2026-03-01T12:00:00Z',
    commit: '0123abc',
    hostname: 'box',
    folders: [
      { kind: 'data', path: '/data' },
      { kind: 'models', path: '/gone' },
    ],
    groups: { team: { max_running: 4, exclusive: true, pinned: true }, plain: {}, secret: { pinned: true } },
    diskSpace: async (folder) => {
      if (folder === '/data') return { used: 755, available: 245, device: 7 };
      throw Object.assign(new Error('no such folder'), { code: 'ENOENT' });
    },
  });

test('status counts instances by state and reports resources', async () => {
  const clock = new FakeClock();
  const begunAt = clock.elapsed();
  await clock.advance(86_400_900);
  const status = await view(clock, begunAt).status(
    [...STATUSES, 'running' as const, 'running' as const].map((each) => ({ status: each })),
  );
  expect(SystemStatusSchema.strict().parse(status)).toEqual({
    version: '1.2.3',
    uptime: 86_400,
    instances: { total: 8, stopped: 1, starting: 1, running: 3, stopping: 1, restarting: 1, failed: 1 },
    resources: {
      cpu_usage: 45.2,
      memory_usage: 50,
      memory_total: 200,
      disk_usage: 75.5,
      disk_total: 1_000,
      disk_free: 245,
      gpus: [GPU],
    },
    groups: [],
  });
});

test('status has the limits of the groups that visible instances name, also of one without limits', async () => {
  const instances = ['team', 'plain', 'unknown', undefined].map((group) => ({
    status: 'stopped' as const,
    ...(group === undefined ? {} : { group }),
  }));
  const { groups } = await view(new FakeClock()).status(instances);
  expect(groups).toEqual([
    { name: 'plain', max_running: null, exclusive: false, pinned: false },
    { name: 'team', max_running: 4, exclusive: true, pinned: true },
  ]);
});

test('uptime is never negative', async () => {
  const clock = new FakeClock();
  expect((await view(clock, clock.now() + 5_000).status([])).uptime).toBe(0);
});

test('info describes the machine, llamactl, and the room in its folders', async () => {
  const info = await view(new FakeClock()).info();
  expect(SystemInfoSchema.strict().parse(info)).toMatchObject({
    hostname: 'box',
    memory_total: 200,
    version: '1.2.3',
    build_time: '2026-03-01T12:00:00Z',
    commit: '0123abc',
    folders: [
      { kind: 'data', path: '/data', disk_total: 1_000, disk_free: 245, filesystem: 7 },
      { kind: 'models', path: '/gone', disk_total: null, disk_free: null, filesystem: null },
    ],
  });
  expect(info.cpu_count).toBeGreaterThan(0);
});

describe('goArchitecture translates names', () => {
  test.each([
    ['x64', 'LE', 'amd64'],
    ['ia32', 'LE', '386'],
    ['arm64', 'LE', 'arm64'],
    ['arm', 'LE', 'arm'],
    ['ppc64', 'LE', 'ppc64le'],
    ['ppc64', 'BE', 'ppc64'],
    ['mipsel', 'LE', 'mipsle'],
    ['riscv64', 'LE', 'riscv64'],
    ['s390x', 'BE', 's390x'],
  ] as const)('%s %s: %s', (name, endianness, expected) => {
    expect(goArchitecture(name, endianness)).toBe(expected);
  });
});

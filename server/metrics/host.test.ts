import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { readDiskSpace, readSpaceFor, usagePercent } from './disk-space.ts';
import { createHost, type Host, parseProcessorTimes, usageBetween } from './host.ts';

/** A simulated machine. */
class Bench {
  readonly clock = new FakeClock();
  busy = 5_000;
  idle = 5_000;
  reads = 0;
  looks = 0;
  host: Host;

  constructor() {
    this.host = createHost({
      clock: this.clock,
      diskSpace: async () => {
        this.looks += 1;
        return { used: 755, available: 245 };
      },
      read: (file) => {
        if (file === '/proc/meminfo') return 'MemTotal: 200 kB\nMemAvailable: 50 kB\n';
        if (file !== '/proc/stat') return null;
        this.reads += 1;
        return `cpu  ${this.busy} 0 0 ${this.idle} 0 0 0 0 0 0\n`;
      },
    });
  }

  /** Lets time pass while the cores are busy for a part of it. */
  async pass(seconds: number, percent: number): Promise<void> {
    this.busy += seconds * percent;
    this.idle += seconds * (100 - percent);
    await this.clock.advance(seconds * 1_000);
  }
}

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

describe('Host', () => {
  test('reports CPU, memory and disk', async () => {
    await bench.pass(10, 40);
    expect(await bench.host.resources()).toEqual({
      cpuUsage: 40,
      memory: { total: 204_800, usage: 153_600 },
      disk: { used: 755, available: 245 },
    });
    expect(bench.host.memory()).toEqual({ total: 204_800, usage: 153_600 });
  });

  test('reports CPU usage as the mean since the previous reading', async () => {
    await bench.pass(10, 40);
    await bench.host.resources();
    await bench.pass(5, 90);
    expect((await bench.host.resources()).cpuUsage).toBe(90);
    await bench.pass(50, 10);
    expect((await bench.host.resources()).cpuUsage).toBe(10);
  });

  test('measures CPU usage for a short time when the previous reading is older than a minute', async () => {
    await bench.pass(3_600, 100);
    const asked = bench.host.resources();
    await bench.pass(0.2, 30);
    expect((await asked).cpuUsage).toBe(30);
  });

  test('measures CPU usage for a short time right after the start', async () => {
    const asked = bench.host.resources();
    await bench.pass(0.2, 60);
    expect((await asked).cpuUsage).toBe(60);
  });

  test.each([-3_600_000, 3_600_000])(
    'shares a reading equally long when the wall clock jumps by %d ms',
    async (jump) => {
      await bench.pass(10, 40);
      await bench.host.resources();
      bench.clock.jump(jump);
      await bench.host.resources();
      expect(bench.looks).toBe(1);
      await bench.pass(10, 50);
      expect((await bench.host.resources()).cpuUsage).toBe(50);
    },
  );

  test('costs as much for a thousand callers as for one', async () => {
    await bench.pass(10, 40);
    const before = bench.reads;
    const all = await Promise.all(Array.from({ length: 1_000 }, () => bench.host.resources()));
    await bench.clock.advance(999);
    await bench.host.resources();
    expect([bench.reads - before, bench.looks, new Set(all).size]).toEqual([1, 1, 1]);
    await bench.clock.advance(1);
    await bench.host.resources();
    expect(bench.looks).toBe(2);
  });
});

describe('this machine', () => {
  test('has plausible figures', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-test-'));
    try {
      const host = createHost({ clock: systemClock(), diskSpace: () => readDiskSpace(folder) });
      const { cpuUsage, memory, disk } = await host.resources();
      for (const percent of [cpuUsage, usagePercent(disk)]) {
        expect(percent).toBeGreaterThanOrEqual(0);
        expect(percent).toBeLessThanOrEqual(100);
      }
      expect(memory.total).toBeLessThanOrEqual(os.totalmem());
      expect(memory.usage).toBeGreaterThan(0);
      expect(memory.usage).toBeLessThan(memory.total);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('of folders on one filesystem name the same device, also of one that does not exist yet', async () => {
    const { device } = await readSpaceFor(os.tmpdir());
    expect((await readSpaceFor(path.join(os.tmpdir(), 'not', 'yet'))).device).toBe(device);
    if (process.platform === 'linux') expect((await readSpaceFor('/proc')).device).not.toBe(device);
  });

  test('rejects when the folder is missing', async () => {
    await expect(readDiskSpace('/nowhere/at/all')).rejects.toThrow('ENOENT');
  });

  test('reports a filesystem without any space as full', () => {
    expect(usagePercent({ used: 0, available: 0 })).toBe(100);
  });
});

test('parseProcessorTimes counts disk waits as idle, stolen time as busy, and guests once', () => {
  const text = 'cpu  100 20 30 1000 500 4 5 6 90 10\ncpu0 1 1 1 1 1 1 1 1 0 0\nintr 5\n';
  expect(parseProcessorTimes(text)).toEqual({ busy: 165, total: 1_665 });
});

test('parseProcessorTimes returns null for other texts', () => {
  expect(parseProcessorTimes('')).toBe(null);
  expect(parseProcessorTimes('cpu0 1 2 3 4\n')).toBe(null);
});

test.each([
  ['half', { busy: 100, total: 1_000 }, { busy: 150, total: 1_100 }, 50],
  ['all', { busy: 0, total: 0 }, { busy: 70, total: 70 }, 100],
  ['none', { busy: 100, total: 1_000 }, { busy: 100, total: 1_400 }, 0],
  ['a count that went back', { busy: 100, total: 1_000 }, { busy: 99, total: 1_400 }, 0],
  ['waiting that went back', { busy: 100, total: 1_000 }, { busy: 120, total: 1_019 }, 100],
  ['no time', { busy: 100, total: 1_000 }, { busy: 100, total: 1_000 }, null],
])('usage between two readings: %s', (_name, before, after, usage) => {
  expect(usageBetween(before, after)).toBe(usage);
});

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunReference } from '../instances/ports/runs.ts';
import { RealBench } from '../testing/real-bench.ts';
import { RecordingListener } from '../testing/recording-listener.ts';
import { createGroupStats, type MeasuredRun, type ProcessIo } from './group-stats.ts';
import { parseStat, readStat, type ProcessStat } from './process-stat.ts';

describe('measurements of real runs', () => {
  let bench: RealBench;
  let run: RunReference;
  beforeEach(() => {
    bench = new RealBench();
    run = bench.newRun();
  });
  afterEach(() => bench.dispose());

  test('include workers in the group, which may do all of the work', async () => {
    const plan = bench.script('sh -c "while :; do :; done" & wait');
    const { pid } = await bench.supervisor.spawn(run, plan, {}, new RecordingListener());
    await bench.until(async () => {
      // the members are looked up every five seconds
      await bench.advance(5_000);
      return (bench.supervisor.progress(run)?.cpuTicks ?? 0) > 5;
    });
    expect(readStat(pid)?.cpuTicks).toBeLessThan(5);
    const engineAlone = (readStat(pid)?.residentPages ?? 0) * 4_096;
    expect(bench.supervisor.stats(run)?.memory_usage).toBeGreaterThan(engineAlone);
    expect(bench.supervisor.stats(run)?.cpu_usage).toBeGreaterThan(0);
  });

  test('change while an engine works: output, memory, CPU time, reads', async () => {
    const plan = bench.script('while :; do cat /bin/sh > /dev/null; echo line; sleep 0.01; done');
    await bench.supervisor.spawn(run, plan, {}, new RecordingListener());
    const before = bench.supervisor.progress(run);
    await bench.until(() => {
      const after = bench.supervisor.progress(run);
      return after !== null && before !== null && after.logBytes > before.logBytes;
    });
  });

  test('include threads and traffic of all processes, also of ended workers', async () => {
    const plan = bench.script('sleep 1000 & head -c 3000000 /dev/zero > /dev/null; echo done; wait');
    await bench.supervisor.spawn(run, plan, {}, new RecordingListener());
    await bench.until(() => bench.log(run).includes('done'));
    await bench.until(async () => {
      // the members are looked up every five seconds
      await bench.advance(5_000);
      return bench.supervisor.stats(run)?.threads === 2;
    });
    expect(bench.supervisor.stats(run)?.read_bytes).toBeGreaterThan(3_000_000);
    expect(bench.supervisor.stats(run)?.write_bytes).toBeGreaterThan(3_000_000);
    expect(bench.supervisor.stats(run)?.read_bytes).toBeLessThan(6_000_000);
  });

  test('count the uptime from the engine’s own start, also after an adoption', async () => {
    const identity = await bench.supervisor.spawn(run, bench.script('exec sleep 1000'), {}, new RecordingListener());
    bench.restart().adopt(run, identity, new RecordingListener());
    // A process in the middle of its exec has no figures.
    await bench.until(() => bench.supervisor.stats(run) !== null);
    expect(bench.supervisor.stats(run)?.uptime).toBeLessThan(5);
  });
});

describe('cpu_usage', () => {
  const HERTZ = 100;
  const make = (): { at(seconds: number, ticks: number): number | undefined } => {
    let now = 0;
    let cpuTicks = 0;
    const engine = (): ProcessStat | null => parseStat(`1 (x) S ${Array.from({ length: 49 }).fill(0).join(' ')}`);
    const run: MeasuredRun = {
      run: { tag: 't', folder: '/nowhere' },
      identity: { pid: 1, startTicks: 100 * HERTZ, bootId: '', group: 1 },
      members: () => new Map(),
      stat: () => {
        const stat = engine();
        return stat && { ...stat, cpuTicks };
      },
    };
    const stats = createGroupStats({ pageBytes: 1, ticksPerSecond: HERTZ, uptimeSeconds: () => now });
    return {
      at: (seconds, ticks) => {
        now = seconds;
        cpuTicks = ticks;
        return stats.stats(run)?.cpu_usage;
      },
    };
  };

  test('is the mean since the start at first, then the mean between two readings', () => {
    const measured = make();
    // 10 s old, 5 s of CPU time
    expect(measured.at(110, 500)).toBe(50);
    // four cores busy for a second
    expect(measured.at(111, 900)).toBe(400);
    expect(measured.at(113, 900)).toBe(0);
  });

  test('repeats the last value within 250 ms', () => {
    const measured = make();
    measured.at(110, 500);
    expect(measured.at(111, 550)).toBe(50);
    expect(measured.at(111.2, 570)).toBe(50);
    expect(measured.at(112, 600)).toBe(50);
  });

  test('is not negative when a worker ended and its time is missing', () => {
    const measured = make();
    measured.at(110, 500);
    expect(measured.at(111, 300)).toBe(0);
  });

  test('is 0 for an engine that has just started', () => {
    expect(make().at(100, 0)).toBe(0);
  });
});

describe('read_bytes and write_bytes', () => {
  const OWN = process.pid;
  const PARENT = process.ppid;
  /** A group with this process as the engine and, if `worker`, its parent as the worker; their traffic is invented. */
  const make = (): { after: (own: Partial<ProcessIo>, worker: Partial<ProcessIo> | null) => [number, number] } => {
    let io = new Map<number, ProcessIo>();
    let members = new Map<number, number>();
    const run: MeasuredRun = {
      run: { tag: 't', folder: '/nowhere' },
      identity: { pid: OWN, startTicks: 0, bootId: '', group: 1 },
      members: () => members,
      stat: () => readStat(OWN),
    };
    const whole = (part: Partial<ProcessIo>): ProcessIo => ({
      readByCalls: 0,
      readFromDisks: 0,
      writtenByCalls: 0,
      writtenToDisks: 0,
      ...part,
    });
    const units = { pageBytes: 1, ticksPerSecond: 100, uptimeSeconds: () => 0 };
    const stats = createGroupStats(units, (pid) => io.get(pid) ?? null);
    return {
      after: (own, worker) => {
        io = new Map([[OWN, whole(own)]]);
        if (worker !== null) io.set(PARENT, whole(worker));
        members = new Map<number, number>(worker === null ? [] : [[PARENT, readStat(PARENT)?.startTicks ?? 0]]);
        const figures = stats.stats(run);
        return [figures?.read_bytes ?? -1, figures?.write_bytes ?? -1];
      },
    };
  };

  test('are sums over the group', () => {
    const { after } = make();
    expect(after({ readByCalls: 5, writtenByCalls: 1 }, { readByCalls: 20, writtenByCalls: 2 })).toEqual([25, 3]);
  });

  test('include reads from disks by memory mapping, and count nothing twice', () => {
    const { after } = make();
    expect(after({ readByCalls: 5, readFromDisks: 900, writtenByCalls: 70, writtenToDisks: 60 }, null)).toEqual([
      900, 70,
    ]);
  });

  test('count a worker once when its parent takes its traffic over', () => {
    const { after } = make();
    after({ readByCalls: 5 }, { readByCalls: 20 });
    expect(after({ readByCalls: 27 }, null)).toEqual([27, 0]);
  });

  test('never fall when the traffic of a worker is missing, and continue from there', () => {
    const { after } = make();
    after({ readByCalls: 5 }, { readByCalls: 20 });
    expect(after({ readByCalls: 6 }, null)).toEqual([25, 0]);
    expect(after({ readByCalls: 9 }, null)).toEqual([28, 0]);
    expect(after({ readByCalls: 9 }, { readByCalls: 4 })).toEqual([32, 0]);
  });

  test('are 0 where the system does not show them', () => {
    const stats = createGroupStats({ pageBytes: 1, ticksPerSecond: 100, uptimeSeconds: () => 0 }, () => null);
    const run: MeasuredRun = {
      run: { tag: 't', folder: '/nowhere' },
      identity: { pid: OWN, startTicks: 0, bootId: '', group: 1 },
      members: () => new Map(),
      stat: () => readStat(OWN),
    };
    expect(stats.stats(run)).toMatchObject({ read_bytes: 0, write_bytes: 0 });
  });
});

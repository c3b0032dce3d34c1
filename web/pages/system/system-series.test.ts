import type { FleetStats, SystemStatsPoint } from '@llamactl/client';
import { expect, test } from 'vitest';
import { fleetSeries, gpuShareSeries, systemSeries } from './system-series.ts';

const gpu = (index: number, memory: number | null) => ({
  index,
  vendor: 'nvidia' as const,
  memory_usage: memory,
  utilization: 50,
  temperature: null,
  power: null,
});

function point(at: number, changes: Partial<SystemStatsPoint> = {}): SystemStatsPoint {
  return {
    timestamp: new Date(at * 1_000).toISOString(),
    seconds: 2,
    cpu_usage: at,
    memory_usage: 10 * at,
    disk_usage: 71,
    gpus: [],
    ...changes,
  };
}

test('points become lists of equal length', () => {
  const { at, cpu, memory, disk } = systemSeries([point(2), point(4)]);
  expect({ at, cpu, memory, disk }).toEqual({ at: [2, 4], cpu: [2, 4], memory: [20, 40], disk: [71, 71] });
});

test('a time without points breaks the lines', () => {
  const { at, cpu } = systemSeries([point(2), point(100)]);
  expect(at).toEqual([2, 4.5, 100]);
  expect(cpu).toEqual([2, null, 100]);
});

test('each GPU has a line of its own, also one that comes later, but none without figures', () => {
  const { gpuMemory, gpuLoad } = systemSeries([
    point(2, { gpus: [gpu(0, 7)] }),
    point(4, { gpus: [gpu(0, 8), gpu(1, null)] }),
  ]);
  expect(gpuMemory).toEqual([{ index: 0, name: 'GPU 0', values: [7, 8] }]);
  expect(gpuLoad).toEqual([
    { index: 0, name: 'GPU 0', values: [50, 50] },
    { index: 1, name: 'GPU 1', values: [null, 50] },
  ]);
});

test('each of many GPUs has memory and load in percent, and no memory if its size is unknown', () => {
  const series = systemSeries([point(2, { gpus: [gpu(0, 6), gpu(1, 9)] })]);
  const totals = new Map([
    [0, 24],
    [1, null],
  ]);
  expect(gpuShareSeries(series, totals, { memory: 'memory', load: 'load' })).toEqual([
    {
      name: 'GPU 0',
      lines: [
        { name: 'memory', values: [25] },
        { name: 'load', values: [50] },
      ],
    },
    { name: 'GPU 1', lines: [{ name: 'load', values: [50] }] },
  ]);
});

test('the histories of all instances are added', () => {
  const of = (name: string, values: (number | null)[]): FleetStats['instances'][number] => ({
    name,
    cpu_usage: values,
    memory_usage: values,
    tokens_per_second: values,
    requests: values,
    waiting_max: values,
  });
  const stats: FleetStats = {
    window: 20,
    seconds: 10,
    until: '1970-01-01T00:01:00Z',
    instances: [of('chat', [1, null]), of('embed', [2, 3])],
  };
  expect(fleetSeries(stats)).toEqual({ at: [50, 60], tokens: [3, 3], requests: [18, 18], waiting: [3, 3] });
  expect(fleetSeries({ ...stats, instances: [] })).toEqual({ at: [], tokens: [], requests: [], waiting: [] });
});

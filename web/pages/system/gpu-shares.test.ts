import type { Gpu, GpuUse } from '@llamactl/client';
import { expect, test } from 'vitest';
import { sampleRow } from '../../testing/sample-row.ts';
import { gpuNumbers, gpuShares } from './gpu-shares.ts';

const GPU: Gpu = {
  index: 1,
  vendor: 'nvidia',
  name: 'RTX 4090',
  memory_total: 24,
  memory_usage: 12,
  utilization: 0,
  temperature: 40,
  power: 30,
};

const STATS = {
  memory_usage: 1,
  cpu_usage: 1,
  threads: 1,
  read_bytes: 0,
  write_bytes: 0,
  gpu_memory_usage: 0,
  uptime: 1,
};

function row(name: string, ...gpus: GpuUse[]) {
  return sampleRow({ name, stats: { ...STATS, gpus } });
}

test('the memory of a GPU is divided between its instances, other programs and what is free', () => {
  const rows = [
    row('small', { index: 1, memory: 3 }),
    row('elsewhere', { index: 0, memory: 9 }),
    row('big', { index: 0, memory: 9 }, { index: 1, memory: 7 }),
    sampleRow({ name: 'stopped', stats: null }),
  ];
  expect(gpuShares(GPU, rows)).toEqual({
    holders: [
      { name: 'big', memory: 7 },
      { name: 'small', memory: 3 },
    ],
    other: 2,
    free: 12,
    total: 24,
  });
});

test('a use is on the GPU with its UUID, or with its vendor and number', () => {
  const rows = [
    row('moved', { index: 0, vendor: 'nvidia', uuid: 'GPU-aa', memory: 3 }),
    row('elsewhere', { index: 1, vendor: 'nvidia', uuid: 'GPU-bb', memory: 4 }),
    row('unnamed', { index: 1, vendor: 'nvidia', memory: 5 }),
    row('amd', { index: 1, vendor: 'amd', memory: 6 }),
  ];
  expect(gpuShares({ ...GPU, uuid: 'GPU-aa' }, rows)?.holders).toEqual([
    { name: 'unnamed', memory: 5 },
    { name: 'moved', memory: 3 },
  ]);
});

test('an instance that is measured later than its GPU leaves no negative rest', () => {
  const shares = gpuShares(GPU, [row('big', { index: 1, memory: 14 })]);
  expect(shares).toMatchObject({ other: 0, free: 10 });
});

test('a GPU whose memory is not reported has no shares', () => {
  expect(gpuShares({ ...GPU, memory_usage: null }, [])).toBe(null);
});

test('two instances on one GPU have different numbers, each the same on all its GPUs', () => {
  const rows = ['a', 'b', 'c', 'd', 'e'].map((name, at) => row(name, { index: at === 4 ? 0 : at % 4, memory: 1 }));
  const both = row('both', { index: 0, memory: 1 }, { index: 1, memory: 1 });
  const gpus = [0, 1, 2, 3].map((index) => ({ ...GPU, index }));
  expect([...gpuNumbers(gpus, [...rows, both])]).toEqual([
    ['a', 0],
    ['b', 0],
    ['c', 0],
    ['d', 0],
    ['e', 1],
    ['both', 2],
  ]);
});

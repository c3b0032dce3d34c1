import { expect, test } from 'vitest';
import type { RunReference, RunStats } from '../instances/ports/runs.ts';
import { createRunMeter } from './meter.ts';

const RUN: RunReference = { tag: 't', folder: '/nowhere' };
const GROUP: RunStats = {
  memory_usage: 1,
  cpu_usage: 2,
  threads: 3,
  read_bytes: 4,
  write_bytes: 5,
  uptime: 6,
};

test('RunMeter combines a process group with the GPU memory of its processes', () => {
  const meter = createRunMeter({
    runs: { stats: (run) => (run === RUN ? GROUP : null), pids: () => [7, 8] },
    gpus: {
      memoryOf: (pids) => pids.reduce((sum, pid) => sum + pid, 0),
      usesOf: (pids) => pids.map((pid) => ({ index: 0, memory: pid })),
    },
  });
  expect(meter.stats(RUN)).toEqual({
    ...GROUP,
    gpu_memory_usage: 15,
    gpus: [
      { index: 0, memory: 7 },
      { index: 0, memory: 8 },
    ],
  });
});

test('RunMeter returns null for a dead engine, without reading GPUs', () => {
  const meter = createRunMeter({
    runs: { stats: () => null, pids: () => [] },
    gpus: {
      memoryOf: () => {
        throw new Error('asked');
      },
      usesOf: () => {
        throw new Error('asked');
      },
    },
  });
  expect(meter.stats(RUN)).toBe(null);
});

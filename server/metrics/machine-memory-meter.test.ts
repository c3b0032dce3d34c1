import type { Gpu } from '@llamactl/contract/system';
import { expect, it } from 'vitest';
import { openMemoryMeter } from './machine-memory-meter.ts';

const gpu = (index: number, total: number | null): Gpu => ({
  index,
  vendor: 'nvidia',
  name: 'GPU',
  memory_total: total,
  memory_usage: 3,
  utilization: null,
  temperature: null,
  power: null,
});
const parts = {
  host: { memory: () => ({ total: 100, usage: 40 }), swap: () => 10 },
  gpus: { listNow: async () => [gpu(0, 24), gpu(1, null)] },
};

it('has RAM first, and the GPUs with memory of their own', async () => {
  expect(await openMemoryMeter(parts, 'linux').read()).toEqual([
    { device: 'ram', total: 100, used: 40, swap: 10 },
    { device: 'nvidia:0', total: 24, used: 3, swap: null },
  ]);
});

it('does not know the used RAM of a system that does not say what is available', async () => {
  expect((await openMemoryMeter(parts, 'darwin').read())[0]).toMatchObject({ device: 'ram', total: 100, used: null });
});

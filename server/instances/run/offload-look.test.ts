import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { FakeEngineAdapter } from '../../testing/fake-engines.ts';
import { lookAtOffload } from './offload-look.ts';
import type { Offload } from '../ports.ts';

const RUN = { tag: 'd.i.n', folder: '/runs/n' };
const PLAN = { command: 'e', argv: [], environment: {}, keyVariable: null, port: 8_100, healthPath: '/health' };
const STATS = { memory_usage: 1, cpu_usage: 0, threads: 1, read_bytes: 0, write_bytes: 0, uptime: 1 };

async function told(gpus: Offload, gpuMemory: (readings: number) => number | null): Promise<string | null> {
  const clock = new FakeClock();
  const adapter = new FakeEngineAdapter();
  adapter.gpus = gpus;
  let readings = 0;
  const meter = { stats: () => ({ ...STATS, gpu_memory_usage: gpuMemory((readings += 1)) }) };
  const logs = { tail: async () => [] };
  const looking = lookAtOffload({ clock, logs, meter }, adapter, RUN, PLAN, new AbortController().signal);
  await clock.advance(20_000);
  return looking;
}

describe('what a run got less of the GPUs', () => {
  it('is what its output tells', async () => {
    expect(await told({ kind: 'less', shortfall: 'offloaded 1/2' }, () => 0)).toBe('offloaded 1/2');
    expect(await told({ kind: 'as asked' }, () => 0)).toBeNull();
    expect(await told({ kind: 'not asked' }, () => 0)).toBeNull();
  });

  it('is told by its memory on GPUs where its output does not: none is too little', async () => {
    expect(await told({ kind: 'unclear' }, () => 0)).toMatch(/no memory of any GPU/);
    expect(await told({ kind: 'unclear' }, () => 5_000_000)).toBeNull();
  });

  it('is not known where no tool tells of GPUs', async () => {
    expect(await told({ kind: 'unclear' }, () => null)).toBeNull();
  });

  it('is not judged by a reading from before the run', async () => {
    expect(await told({ kind: 'unclear' }, (readings) => (readings === 1 ? 0 : 5_000_000))).toBeNull();
  });
});

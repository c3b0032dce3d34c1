import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { FakeEngineAdapter } from '../../testing/fake-engines.ts';
import { lookAtOffload } from './offload-look.ts';
import type { Offload } from '../ports/engine-adapter.ts';

const RUN = { tag: 'd.i.n', folder: '/runs/n' };
const PLAN = { command: 'e', argv: [], environment: {}, keyVariable: null, port: 8_100, healthPath: '/health' };
const STATS = { memory_usage: 1, cpu_usage: 0, threads: 1, read_bytes: 0, write_bytes: 0, uptime: 1 };

async function shortfallOf(gpus: Offload, gpuMemory: (readings: number) => number | null): Promise<string | null> {
  const clock = new FakeClock();
  const adapter = new FakeEngineAdapter();
  adapter.gpus = gpus;
  let readings = 0;
  const meter = { stats: () => ({ ...STATS, gpus: [], gpu_memory_usage: gpuMemory((readings += 1)) }) };
  const logs = { tail: async () => [] };
  const looking = lookAtOffload({ clock, logs, meter }, adapter, RUN, PLAN, new AbortController().signal);
  await clock.advance(20_000);
  return looking;
}

describe('lookAtOffload', () => {
  it('returns the shortfall that the output shows', async () => {
    expect(await shortfallOf({ kind: 'less', shortfall: 'offloaded 1/2' }, () => 0)).toBe('offloaded 1/2');
    expect(await shortfallOf({ kind: 'as requested' }, () => 0)).toBeNull();
    expect(await shortfallOf({ kind: 'not requested' }, () => 0)).toBeNull();
  });

  it('returns a shortfall if the output shows nothing and the run has no GPU memory', async () => {
    expect(await shortfallOf({ kind: 'unclear' }, () => 0)).toMatch(/no memory of any GPU/);
    expect(await shortfallOf({ kind: 'unclear' }, () => 5_000_000)).toBeNull();
  });

  it('returns null if no tool measures GPUs', async () => {
    expect(await shortfallOf({ kind: 'unclear' }, () => null)).toBeNull();
  });

  it('ignores a reading from before the run', async () => {
    expect(await shortfallOf({ kind: 'unclear' }, (readings) => (readings === 1 ? 0 : 5_000_000))).toBeNull();
  });
});

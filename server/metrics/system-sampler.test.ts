import type { Resources } from '@llamactl/contract/system';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { createSystemSampler } from './system-sampler.ts';

const RESOURCES: Resources = {
  cpu_usage: 1,
  memory_usage: 2,
  memory_total: 3,
  disk_usage: 4,
  disk_total: 5,
  disk_free: 6,
  gpus: [],
};

class Bench {
  readonly clock = new FakeClock();
  readonly samples: Resources[] = [];
  readonly faults: string[] = [];
  isBusy = true;
  resources: () => Promise<Resources> = async () => RESOURCES;
  readonly sampler = createSystemSampler({
    clock: this.clock,
    intervalSeconds: 2,
    resources: () => this.resources(),
    isBusy: () => this.isBusy,
    onSample: (sample) => this.samples.push(sample),
    onFault: (_error, what) => this.faults.push(what),
  });
}

describe('the sampler of the machine', () => {
  it('measures at each interval while an instance runs or a client watches', async () => {
    const bench = new Bench();
    await bench.clock.advance(6_000);
    expect(bench.samples).toEqual([RESOURCES, RESOURCES, RESOURCES]);
  });

  it('measures once a minute otherwise, and soon again after a change', async () => {
    const bench = new Bench();
    bench.isBusy = false;
    await bench.clock.advance(2_000);
    expect(bench.samples).toHaveLength(1);
    await bench.clock.advance(59_000);
    expect(bench.samples).toHaveLength(1);
    bench.sampler.noteChange();
    bench.isBusy = true;
    bench.sampler.noteChange();
    await bench.clock.advance(2_000);
    expect(bench.samples).toHaveLength(2);
  });

  it('reports a fault once, and goes on', async () => {
    const bench = new Bench();
    bench.resources = async () => Promise.reject(new Error('no disk'));
    await bench.clock.advance(6_000);
    bench.resources = async () => RESOURCES;
    await bench.clock.advance(2_000);
    expect([bench.faults, bench.samples.length]).toEqual([['The machine cannot be measured'], 1]);
  });

  it('stops when it is closed', async () => {
    const bench = new Bench();
    bench.sampler.close();
    bench.sampler.noteChange();
    await bench.clock.advance(10_000);
    expect(bench.samples).toEqual([]);
  });
});

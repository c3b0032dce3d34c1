import { describe, expect, it } from 'vitest';
import { FleetStatsSchema } from '@llamactl/contract/stats';
import { FakeClock } from '../testing/fake-clock.ts';
import { usualStats } from '../testing/usual-stats.ts';
import { seriesOf } from './fleet-series.ts';
import { Histories } from './histories.ts';
import { NOTHING_SERVED } from './served-tally.ts';
import type { Step } from './step-ring.ts';

const UNTIL = Date.parse('2026-03-01T12:00:00Z');
const step = (secondsAgo: number, seconds: number, changes: Partial<Step> = {}): Step => ({
  end: UNTIL - secondsAgo * 1_000,
  seconds,
  memory: 100,
  memoryPeak: 100,
  cpu: 10,
  cpuPeak: 10,
  threads: 1,
  read: 0,
  written: 0,
  gpuMemory: 0,
  gpuSeconds: 0,
  served: null,
  ...changes,
});

describe('the series of an instance', () => {
  const grid = { until: UNTIL, seconds: 10, points: 3 };

  it('has means and sums of each step, and null without a run', () => {
    const steps = [
      step(5, 5, { cpu: 20 }),
      step(0, 5, { cpu: 40, served: { ...NOTHING_SERVED, requests: 2, tokensOut: 50, waitingMax: 3 } }),
    ];
    expect(seriesOf('a', steps, grid)).toEqual({
      name: 'a',
      cpu_usage: [null, null, 30],
      memory_usage: [null, null, 100],
      tokens_per_second: [null, null, 5],
      requests: [null, null, 2],
      waiting_max: [null, null, 3],
    });
  });

  it('divides a long step by time', () => {
    const long = step(5, 20, { served: { ...NOTHING_SERVED, requests: 4, tokensOut: 200 } });
    expect(seriesOf('a', [long], grid)).toMatchObject({
      cpu_usage: [10, 10, 10],
      tokens_per_second: [5, 10, 5],
      requests: [1, 2, 1],
    });
  });

  it('leaves out the part of a step that is before the window', () => {
    const early = step(25, 20, { served: { ...NOTHING_SERVED, requests: 4 } });
    expect(seriesOf('a', [early], grid).requests).toEqual([1, null, null]);
  });
});

describe('the series of all instances', () => {
  it('leave out those that did not run, and match the contract', async () => {
    const clock = new FakeClock();
    const histories = new Histories(clock, 2);
    histories.open();
    for (let count = 0; count < 5; count += 1) {
      await clock.advance(2_000);
      histories.push('a', usualStats(), { ...NOTHING_SERVED, requests: 1, tokensOut: 4 });
    }
    const series = await histories.series(['a', 'never'], 20, 10);
    expect(FleetStatsSchema.parse(series)).toEqual(series);
    expect(series.instances).toMatchObject([
      {
        name: 'a',
        requests: [null, null, null, null, null, 1, 1, 1, 1, 1],
        tokens_per_second: [null, null, null, null, null, 2, 2, 2, 2, 2],
      },
    ]);
  });

  it('let other work happen in between', async () => {
    const clock = new FakeClock();
    const histories = new Histories({ now: () => clock.now(), elapsed: () => performance.now(), nextTurn }, 2);
    histories.open();
    const names = Array.from({ length: 400 }, (_, index) => `i${index}`);
    for (let count = 0; count < 60; count += 1) {
      await clock.advance(2_000);
      for (const name of names) histories.push(name, usualStats(), NOTHING_SERVED);
    }
    let turns = 0;
    function nextTurn(callback: () => void): void {
      turns += 1;
      setImmediate(callback);
    }
    expect((await histories.series(names, 900, 60)).instances).toHaveLength(400);
    expect(turns).toBeGreaterThan(0);
  });
});

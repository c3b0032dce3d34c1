import { type Stats, StatsHistorySchema } from '@llamactl/contract/stats';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../instances/ports/time.ts';
import type { LiveRun } from '../instances/use-cases.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { usualStats } from '../testing/usual-stats.ts';
import { Histories } from './histories.ts';
import { NOTHING_SERVED } from './served-tally.ts';
import { createSampler, type Sampler } from './sampler.ts';

const STATS = usualStats({ read_bytes: 5, write_bytes: 6 });

/** A sampler with simulated runs. */
class Bench {
  readonly clock = new FakeClock();
  readonly samples: string[] = [];
  readonly faults: string[] = [];
  runs: LiveRun[] = [];
  /** Duration of one measurement on the clock. */
  costMs = 0;
  spentMs = 0;
  /** Held turns of the event loop; `null`: turns run. */
  heldTurns: (() => void)[] | null = null;
  measure: (name: string) => Stats | null = () => STATS;
  onSample: (name: string) => void = () => undefined;
  readonly sampler: Sampler;
  readonly histories: Histories;

  constructor() {
    const clock: Clock = {
      now: () => this.clock.now(),
      elapsed: () => this.clock.elapsed() + this.spentMs,
      after: (milliseconds, callback) => this.clock.after(milliseconds, callback),
      nextTurn: (callback) => {
        if (this.heldTurns === null) this.clock.nextTurn(callback);
        else this.heldTurns.push(callback);
      },
    };
    this.histories = new Histories(clock, 2);
    this.histories.open();
    this.sampler = createSampler({
      clock,
      intervalSeconds: 2,
      liveRuns: () => this.runs,
      histories: this.histories,
      served: () => NOTHING_SERVED,
      onSample: ({ name, stats }) => {
        expect(stats).toBe(STATS);
        this.samples.push(name);
        this.onSample(name);
      },
      onFault: (error, what) => void this.faults.push(`${what}: ${error instanceof Error ? error.message : ''}`),
    });
  }

  live(name: string): LiveRun {
    const stats = (): Stats | null => {
      this.spentMs += this.costMs;
      return this.measure(name);
    };
    return { name, run: 1, stats };
  }

  points(name: string): number {
    return this.histories.history(name, 3_600).points.length;
  }
}

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

describe('Sampler', () => {
  test('measures every running instance once per interval', async () => {
    bench.runs = [bench.live('one'), bench.live('Two')];
    bench.sampler.noteChange();
    await bench.clock.advance(6_000);
    expect(bench.samples).toEqual(['one', 'Two', 'one', 'Two', 'one', 'Two']);
    const history = bench.histories.history('two', 60);
    expect(StatsHistorySchema.parse(history)).toEqual(history);
    expect(history).toMatchObject({ name: 'two', window: 60, interval: 2 });
    expect(history.points.map(({ seconds, cpu_usage }) => [seconds, cpu_usage])).toEqual([
      [2, 50],
      [2, 50],
      [2, 50],
    ]);
  });

  test('returns no points for an instance that never ran', () => {
    expect(bench.histories.history('absent', 60)).toEqual({ name: 'absent', window: 60, interval: 2, points: [] });
  });

  test('has one timer, whatever the number of changes', async () => {
    bench.runs = [bench.live('one')];
    for (let times = 0; times < 5; times += 1) bench.sampler.noteChange();
    expect(bench.clock.pending).toEqual([2_000]);
    await bench.clock.advance(2_000);
    bench.sampler.noteChange();
    expect(bench.clock.pending).toEqual([2_000]);
    expect(bench.samples.length).toBe(1);
  });

  test('follows starting and ending runs', async () => {
    bench.runs = [bench.live('one')];
    bench.sampler.noteChange();
    await bench.clock.advance(2_000);
    bench.runs = [bench.live('one'), bench.live('two')];
    await bench.clock.advance(2_000);
    bench.runs = [bench.live('two')];
    await bench.clock.advance(2_000);
    expect([bench.points('one'), bench.points('two')]).toEqual([2, 2]);
  });
});

describe('Sampler while no instance runs', () => {
  test('has no timer before the first change', () => {
    expect(bench.clock.pending).toEqual([]);
  });

  test('stops its timer two minutes after the last change: a process may start late', async () => {
    bench.sampler.noteChange();
    await bench.clock.advance(118_000);
    bench.runs = [bench.live('late')];
    await bench.clock.advance(2_000);
    expect(bench.samples).toEqual(['late']);
    bench.runs = [];
    await bench.clock.advance(124_000);
    expect(bench.clock.pending).toEqual([]);
    await bench.clock.advance(3_600_000);
    bench.runs = [bench.live('late')];
    bench.sampler.noteChange();
    await bench.clock.advance(2_000);
    expect(bench.samples).toEqual(['late', 'late']);
  });
});

describe('a long pass of Sampler', () => {
  test('continues in later turns with all runs', async () => {
    bench.costMs = 2;
    bench.runs = Array.from({ length: 10 }, (_, index) => bench.live(`i${index}`));
    const turns: number[] = [];
    bench.onSample = () => {
      if (bench.samples.length % 3 === 1) bench.clock.nextTurn(() => turns.push(bench.samples.length));
    };
    bench.sampler.noteChange();
    await bench.clock.advance(2_000);
    expect(bench.samples.length).toBe(10);
    // a turn has three measurements: a callback that the first one requests runs after the third
    expect(turns).toEqual([3, 6, 9, 10]);
  });

  test('ends before the next pass begins', async () => {
    bench.costMs = 6;
    bench.heldTurns = [];
    bench.runs = [bench.live('one'), bench.live('two')];
    bench.sampler.noteChange();
    await bench.clock.advance(6_000);
    expect([bench.samples, bench.heldTurns.length]).toEqual([['one'], 1]);
    for (const turn of bench.heldTurns.splice(0)) turn();
    expect(bench.samples).toEqual(['one', 'two']);
    await bench.clock.advance(2_000);
    expect(bench.samples).toEqual(['one', 'two', 'one']);
  });

  test('continues when the clock jumps back during it', async () => {
    bench.runs = [bench.live('one'), bench.live('two'), bench.live('three')];
    bench.onSample = () => bench.clock.jump(-3_600_000);
    bench.sampler.noteChange();
    await bench.clock.advance(4_000);
    expect(bench.samples.length).toBe(6);
  });

  test('ends when the sampler is closed', async () => {
    bench.runs = [bench.live('one'), bench.live('two')];
    bench.costMs = 10;
    bench.onSample = () => bench.sampler.close();
    bench.sampler.noteChange();
    await bench.clock.advance(60_000);
    expect([bench.samples, bench.clock.pending]).toEqual([['one'], []]);
  });
});

describe('faults in Sampler', () => {
  test('of one run do not affect others, and are reported once', async () => {
    bench.measure = (name) => {
      if (name === 'bad') throw new Error('no descriptors left');
      return STATS;
    };
    bench.runs = [bench.live('good'), bench.live('bad')];
    bench.sampler.noteChange();
    await bench.clock.advance(4_000);
    expect(bench.samples).toEqual(['good', 'good']);
    expect(bench.faults).toEqual(['The instance bad cannot be measured: no descriptors left']);
  });

  test('of a listener lose no measurement', async () => {
    bench.onSample = () => {
      throw new Error('broken');
    };
    bench.runs = [bench.live('one')];
    bench.sampler.noteChange();
    await bench.clock.advance(4_000);
    expect([bench.points('one'), bench.faults.length]).toEqual([2, 1]);
  });

  test('do not include a run that has just died', async () => {
    bench.measure = () => null;
    bench.runs = [bench.live('one')];
    bench.sampler.noteChange();
    await bench.clock.advance(2_000);
    expect([bench.samples, bench.points('one')]).toEqual([[], 0]);
  });
});

test('Histories forget the history of a deleted instance', async () => {
  bench.runs = [bench.live('One')];
  bench.sampler.noteChange();
  await bench.clock.advance(2_000);
  bench.histories.forget('ONE');
  expect(bench.points('one')).toBe(0);
});

test('Histories move the history of a renamed instance', async () => {
  bench.runs = [bench.live('One')];
  bench.sampler.noteChange();
  await bench.clock.advance(2_000);
  bench.histories.rename('One', 'Two');
  expect([bench.points('one'), bench.points('two')]).toEqual([0, 1]);
  bench.histories.rename('Two', 'two');
  expect(bench.points('two')).toBe(1);
});

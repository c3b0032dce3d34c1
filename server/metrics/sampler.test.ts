import type { Stats } from '@llamactl/contract/stats';
import { StatsHistorySchema } from '@llamactl/contract/stats';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../instances/ports.ts';
import type { LiveRun } from '../instances/use-cases.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { usualStats } from '../testing/usual-stats.ts';
import { createSampler, type Sampler } from './sampler.ts';

const STATS = usualStats({ read_bytes: 5, write_bytes: 6 });

const live = (name: string): LiveRun => ({ name, run: { tag: `tag-${name}`, folder: '/nowhere' } });

/** A sampler of runs that a test makes up. */
class Bench {
  readonly clock = new FakeClock();
  readonly samples: string[] = [];
  readonly faults: string[] = [];
  runs: LiveRun[] = [];
  /** How long one measurement takes, as the clock shows it. */
  costMs = 0;
  spentMs = 0;
  /** Turns of the event loop that do not come; `null`: they come. */
  heldTurns: (() => void)[] | null = null;
  measure: (tag: string) => Stats | null = () => STATS;
  onSample: (name: string) => void = () => undefined;
  readonly sampler: Sampler;

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
    this.sampler = createSampler({
      clock,
      intervalSeconds: 2,
      liveRuns: () => this.runs,
      meter: {
        stats: ({ tag }) => {
          this.spentMs += this.costMs;
          return this.measure(tag);
        },
      },
      onSample: ({ name, stats }) => {
        expect(stats).toBe(STATS);
        this.samples.push(name);
        this.onSample(name);
      },
      onFault: (error, what) => void this.faults.push(`${what}: ${error instanceof Error ? error.message : ''}`),
    });
  }

  points(name: string): number {
    return this.sampler.history(name, 3_600).points.length;
  }
}

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

describe('the sampler', () => {
  test('measures every running instance once in each interval', async () => {
    bench.runs = [live('one'), live('Two')];
    bench.sampler.noteChange();
    await bench.clock.advance(6_000);
    expect(bench.samples).toEqual(['one', 'Two', 'one', 'Two', 'one', 'Two']);
    const history = bench.sampler.history('two', 60);
    expect(StatsHistorySchema.parse(history)).toEqual(history);
    expect(history).toMatchObject({ name: 'two', window: 60, interval: 2 });
    expect(history.points.map(({ seconds, cpu_usage }) => [seconds, cpu_usage])).toEqual([
      [2, 50],
      [2, 50],
      [2, 50],
    ]);
  });

  test('knows nothing of an instance that never ran', () => {
    expect(bench.sampler.history('nobody', 60)).toEqual({ name: 'nobody', window: 60, interval: 2, points: [] });
  });

  test('has one timer, however many changes there are', async () => {
    bench.runs = [live('one')];
    for (let times = 0; times < 5; times += 1) bench.sampler.noteChange();
    expect(bench.clock.pending).toEqual([2_000]);
    await bench.clock.advance(2_000);
    bench.sampler.noteChange();
    expect(bench.clock.pending).toEqual([2_000]);
    expect(bench.samples.length).toBe(1);
  });

  test('sees a run that comes and one that goes', async () => {
    bench.runs = [live('one')];
    bench.sampler.noteChange();
    await bench.clock.advance(2_000);
    bench.runs = [live('one'), live('two')];
    await bench.clock.advance(2_000);
    bench.runs = [live('two')];
    await bench.clock.advance(2_000);
    expect([bench.points('one'), bench.points('two')]).toEqual([2, 2]);
  });
});

describe('while nothing runs', () => {
  test('there is no timer before the first change', () => {
    expect(bench.clock.pending).toEqual([]);
  });

  test('there is none two minutes after the last change: a process may follow late', async () => {
    bench.sampler.noteChange();
    await bench.clock.advance(118_000);
    bench.runs = [live('late')];
    await bench.clock.advance(2_000);
    expect(bench.samples).toEqual(['late']);
    bench.runs = [];
    await bench.clock.advance(124_000);
    expect(bench.clock.pending).toEqual([]);
    await bench.clock.advance(3_600_000);
    bench.runs = [live('late')];
    bench.sampler.noteChange();
    await bench.clock.advance(2_000);
    expect(bench.samples).toEqual(['late', 'late']);
  });
});

describe('a pass that takes long', () => {
  test('goes on in later turns, and loses nobody', async () => {
    bench.costMs = 2;
    bench.runs = Array.from({ length: 10 }, (_, index) => live(`i${index}`));
    const turns: number[] = [];
    bench.onSample = () => {
      if (bench.samples.length % 3 === 1) bench.clock.nextTurn(() => turns.push(bench.samples.length));
    };
    bench.sampler.noteChange();
    await bench.clock.advance(2_000);
    expect(bench.samples.length).toBe(10);
    // asked for at the first of three, answered after the third
    expect(turns).toEqual([3, 6, 9, 10]);
  });

  test('is not begun again before it is over', async () => {
    bench.costMs = 6;
    bench.heldTurns = [];
    bench.runs = [live('one'), live('two')];
    bench.sampler.noteChange();
    await bench.clock.advance(6_000);
    expect([bench.samples, bench.heldTurns.length]).toEqual([['one'], 1]);
    for (const turn of bench.heldTurns.splice(0)) turn();
    expect(bench.samples).toEqual(['one', 'two']);
    await bench.clock.advance(2_000);
    expect(bench.samples).toEqual(['one', 'two', 'one']);
  });

  test('goes on when the clock jumps back in the middle', async () => {
    bench.runs = [live('one'), live('two'), live('three')];
    bench.onSample = () => bench.clock.jump(-3_600_000);
    bench.sampler.noteChange();
    await bench.clock.advance(4_000);
    expect(bench.samples.length).toBe(6);
  });

  test('ends with the sampler', async () => {
    bench.runs = [live('one'), live('two')];
    bench.costMs = 10;
    bench.onSample = () => bench.sampler.close();
    bench.sampler.noteChange();
    await bench.clock.advance(60_000);
    expect([bench.samples, bench.clock.pending]).toEqual([['one'], []]);
  });
});

describe('what goes wrong', () => {
  test('with one run hinders no other, and is told once', async () => {
    bench.measure = (tag) => {
      if (tag === 'tag-bad') throw new Error('no descriptors left');
      return STATS;
    };
    bench.runs = [live('good'), live('bad')];
    bench.sampler.noteChange();
    await bench.clock.advance(4_000);
    expect(bench.samples).toEqual(['good', 'good']);
    expect(bench.faults).toEqual(['The instance bad cannot be measured: no descriptors left']);
  });

  test('in a listener costs no measurement', async () => {
    bench.onSample = () => {
      throw new Error('broken');
    };
    bench.runs = [live('one')];
    bench.sampler.noteChange();
    await bench.clock.advance(4_000);
    expect([bench.points('one'), bench.faults.length]).toEqual([2, 1]);
  });

  test('a run that died this moment has no measurement', async () => {
    bench.measure = () => null;
    bench.runs = [live('one')];
    bench.sampler.noteChange();
    await bench.clock.advance(2_000);
    expect([bench.samples, bench.points('one')]).toEqual([[], 0]);
  });
});

test('an instance that was deleted leaves no past to a new one of its name', async () => {
  bench.runs = [live('One')];
  bench.sampler.noteChange();
  await bench.clock.advance(2_000);
  bench.sampler.forget('ONE');
  expect(bench.points('one')).toBe(0);
});

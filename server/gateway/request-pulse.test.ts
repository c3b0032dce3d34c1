import type { RequestsFrame } from '@llamactl/contract/live-frames';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { RequestPulse, type RequestCounts } from './request-pulse.ts';

/** A gateway whose counts a test sets. */
class Bench {
  readonly clock = new FakeClock();
  readonly changes: RequestsFrame['data'][] = [];
  counts: Record<string, RequestCounts> = { a: { in_flight: 0, waiting: 0 } };
  tokens = new Map<string, number>();
  looks = 0;
  readonly pulse = new RequestPulse({
    clock: this.clock,
    requests: {
      takeTokens: () => {
        this.looks += 1;
        return this.tokens;
      },
    },
    countsOf: (name) => this.counts[name] ?? null,
    onChange: (figures) => this.changes.push(figures),
  });
}

describe('the pulse of requests', () => {
  it('reports the counts of an instance when they change, and then not again', async () => {
    const bench = new Bench();
    bench.tokens.set('a', 0);
    bench.counts['a'] = { in_flight: 2, waiting: 1 };
    bench.pulse.stir();
    await bench.clock.advance(3_000);
    expect(bench.changes).toEqual([{ name: 'a', in_flight: 2, waiting: 1, tokens_per_second: 0 }]);
  });

  it('reports tokens per second over the last two seconds, and 0 when no more come', async () => {
    const bench = new Bench();
    bench.counts['a'] = { in_flight: 1, waiting: 0 };
    bench.tokens.set('a', 20);
    bench.pulse.stir();
    await bench.clock.advance(2_000);
    bench.tokens.set('a', 0);
    await bench.clock.advance(2_000);
    expect(bench.changes.map((each) => each.tokens_per_second)).toEqual([40, 30, 20, 10, 0]);
  });

  it('has no timer before the first request, and none after the last one', async () => {
    const bench = new Bench();
    await bench.clock.advance(5_000);
    expect(bench.looks).toBe(0);
    bench.tokens.set('a', 0);
    bench.counts['a'] = { in_flight: 1, waiting: 0 };
    bench.pulse.stir();
    await bench.clock.advance(1_000);
    bench.tokens = new Map();
    bench.counts['a'] = { in_flight: 0, waiting: 0 };
    await bench.clock.advance(1_000);
    const { looks } = bench;
    await bench.clock.advance(10_000);
    expect(bench.looks).toBe(looks);
    expect(bench.changes.at(-1)).toEqual({ name: 'a', in_flight: 0, waiting: 0, tokens_per_second: 0 });
  });

  it('reports an instance whose request ended in an earlier process, though nothing was measured here', async () => {
    const bench = new Bench();
    bench.pulse.endedElsewhere('a');
    await bench.clock.advance(3_000);
    expect(bench.changes).toEqual([{ name: 'a', in_flight: 0, waiting: 0, tokens_per_second: 0 }]);
  });

  it('follows a rename, and forgets a deleted instance', async () => {
    const bench = new Bench();
    bench.tokens.set('a', 0);
    bench.counts['a'] = { in_flight: 1, waiting: 0 };
    bench.pulse.stir();
    await bench.clock.advance(500);
    bench.pulse.rename('a', 'b');
    bench.tokens = new Map([['b', 0]]);
    bench.counts = { b: { in_flight: 2, waiting: 0 } };
    await bench.clock.advance(500);
    expect(bench.changes.at(-1)).toMatchObject({ name: 'b', in_flight: 2 });
    bench.tokens = new Map();
    bench.counts = {};
    await bench.clock.advance(1_000);
    const { looks } = bench;
    await bench.clock.advance(5_000);
    expect(bench.looks).toBe(looks);
  });
});

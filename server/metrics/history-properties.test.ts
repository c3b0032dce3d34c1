import { StatsPointSchema, type Stats, type StatsPoint } from '@llamactl/contract/stats';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { usualStats } from '../testing/usual-stats.ts';
import { createHistory } from './history.ts';

const NOON = Date.parse('2026-03-01T12:00:00Z');
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_SECONDS = 86_400;

const endOf = ({ timestamp }: StatsPoint): number => Date.parse(timestamp);
const startOf = (point: StatsPoint): number => endOf(point) - point.seconds * 1_000;

describe('History with arbitrary measurements', () => {
  const stretch = fc.record({
    pause: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 20 * MINUTE_MS })),
    // mostly on time, sometimes late or early
    after: fc.oneof(fc.constant(2_000), fc.integer({ min: 1, max: 20_000 })),
    times: fc.integer({ min: 1, max: 400 }),
    cpu: fc.integer({ min: 0, max: 800 }),
    memory: fc.integer({ min: 0, max: 1_000_000 }),
  });
  const ofHours = fc.array(stretch, { minLength: 1, maxLength: 8 });
  const ofDays = fc.array(stretch, { minLength: 1, maxLength: 60 });

  interface Measured {
    at: number;
    /** The time that this measurement covers. */
    seconds: number;
    stats: Stats;
  }
  const follow = (
    stretches: readonly { pause: number; after: number; times: number; cpu: number; memory: number }[],
  ): { points: StatsPoint[]; measured: Measured[] } => {
    const history = createHistory(2);
    const measured: Measured[] = [];
    let at = NOON + 777;
    for (const { pause, after, times, cpu, memory } of stretches) {
      at += pause;
      for (let time = 0; time < times; time += 1) {
        at += after;
        const last = measured.at(-1)?.at ?? at - 2_000;
        const seconds = at - last > 4_000 ? 2 : (at - last) / 1_000;
        measured.push({ at, seconds, stats: usualStats({ cpu_usage: cpu, memory_usage: memory, read_bytes: at }) });
      }
    }
    for (const each of measured) history.push(each.stats, each.at);
    return { points: history.points(DAY_SECONDS, at), measured };
  };
  const sum = (numbers: readonly number[]): number => numbers.reduce((one, other) => one + other, 0);

  test('returns ordered points without overlap, in the format of the contract', () => {
    fc.assert(
      fc.property(ofDays, (stretches) => {
        const { points, measured } = follow(stretches);
        let before = Number.NEGATIVE_INFINITY;
        for (const point of points) {
          expect(StatsPointSchema.safeParse(point).success).toBe(true);
          expect(point.seconds).toBeGreaterThan(0);
          expect(startOf(point)).toBeGreaterThan(before - 1);
          before = endOf(point);
        }
        expect(points.at(-1)?.read_bytes).toBe(measured.at(-1)?.at);
        expect(points.length).toBeLessThan(862);
      }),
      { numRuns: 40 },
    );
  });

  test('reports every measurement exactly once', () => {
    fc.assert(
      fc.property(ofHours, (stretches) => {
        const { points, measured } = follow(stretches);
        const seconds = sum(measured.map((each) => each.seconds));
        expect(sum(points.map((point) => point.seconds))).toBeCloseTo(seconds, 1);
        // CPU usage has one decimal, and memory is in whole bytes
        const work = sum(measured.map((each) => each.seconds * each.stats.cpu_usage));
        expect(Math.abs(sum(points.map((point) => point.seconds * point.cpu_usage)) - work)).toBeLessThan(
          0.051 * seconds + 1,
        );
        const filled = sum(measured.map((each) => each.seconds * each.stats.memory_usage));
        expect(Math.abs(sum(points.map((point) => point.seconds * point.memory_usage)) - filled)).toBeLessThan(
          0.51 * seconds + 1_000,
        );
        expect(Math.max(...points.map((point) => point.cpu_usage_peak))).toBe(
          Math.max(...measured.map((each) => each.stats.cpu_usage)),
        );
        expect(Math.max(...points.map((point) => point.memory_usage_peak))).toBe(
          Math.max(...measured.map((each) => each.stats.memory_usage)),
        );
      }),
      { numRuns: 40 },
    );
  });

  test('survives arbitrary clock jumps', () => {
    const jump = fc.oneof(fc.constant(2_000), fc.integer({ min: -4 * HOUR_MS, max: HOUR_MS }));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(jump, fc.integer({ min: 1, max: 300 })), { minLength: 1, maxLength: 20 }),
        (jumps) => {
          const history = createHistory(2);
          let at = NOON;
          for (const [ahead, times] of jumps) {
            at += ahead;
            for (let time = 0; time < times; time += 1) history.push(usualStats({ read_bytes: (at += 2_000) }), at);
          }
          const points = history.points(DAY_SECONDS, at);
          const ends = points.map(endOf);
          expect(ends).toEqual(ends.toSorted((one, other) => one - other));
          expect(points.at(-1)?.read_bytes).toBe(at);
          expect(points.every((point, index) => index === 0 || startOf(point) > (ends[index - 1] ?? 0) - 1)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});

import type { Stats, StatsPoint } from '@llamactl/contract/stats';
import { describe, expect, test } from 'vitest';
import { usualStats } from '../testing/usual-stats.ts';
import { createHistory, type History } from './history.ts';

const NOTHING = {
  requests: 0,
  tokens_in: 0,
  tokens_out: 0,
  tokens_per_second: 0,
  ttft_p50: null,
  ttft_p95: null,
  waiting_max: 0,
};
const NOON = Date.parse('2026-03-01T12:00:00Z');
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_SECONDS = 86_400;

/** Measures every `seconds` between two moments, both included. */
function run(
  history: History,
  from: number,
  to: number,
  seconds = 2,
  at: (time: number) => Partial<Stats> = () => ({}),
): void {
  for (let time = from; time <= to; time += seconds * 1_000) history.push(usualStats(at(time)), time);
}

const endOf = ({ timestamp }: StatsPoint): number => Date.parse(timestamp);
const startOf = (point: StatsPoint): number => endOf(point) - point.seconds * 1_000;
const lengths = (points: readonly StatsPoint[]): number[] => [...new Set(points.map(({ seconds }) => seconds))];

describe('the steps of a history', () => {
  test('contain every measurement of the last ten minutes', () => {
    const history = createHistory(2);
    run(history, NOON, NOON + 10 * MINUTE_MS, 2, (time) => ({ cpu_usage: (time - NOON) / 1_000 }));
    const points = history.points(300, NOON + 10 * MINUTE_MS);
    expect(points.length).toBe(150);
    expect(points.at(-1)).toEqual({
      timestamp: '2026-03-01T12:10:00.000Z',
      seconds: 2,
      memory_usage: 1_000,
      memory_usage_peak: 1_000,
      cpu_usage: 600,
      cpu_usage_peak: 600,
      threads: 4,
      read_bytes: 0,
      write_bytes: 0,
      gpu_memory_usage: null,
      ...NOTHING,
    });
    expect(points[0]?.timestamp).toBe('2026-03-01T12:05:02.000Z');
  });

  test('span half a minute after ten minutes, and five minutes after two hours', () => {
    const history = createHistory(2);
    const now = NOON + 24 * HOUR_MS;
    run(history, NOON, now);
    const points = history.points(DAY_SECONDS, now);
    expect(lengths(points)).toEqual([300, 30, 2]);
    const ages = (seconds: number): number[] =>
      points.filter((point) => point.seconds === seconds).map((point) => (now - startOf(point)) / 1_000);
    expect([Math.max(...ages(2)), Math.max(...ages(30)), Math.max(...ages(300))]).toEqual([600, 7_200, DAY_SECONDS]);
    expect(points.length).toBe(300 + 220 + 264);
  });

  test('hold means, peaks, and the counters at their ends', () => {
    const history = createHistory(10);
    run(history, NOON + 10_000, NOON + 30_000, 10, (time) => {
      const third = (time - NOON) / 10_000;
      return {
        cpu_usage: third * 10,
        memory_usage: third * 100,
        threads: third,
        read_bytes: third,
        write_bytes: third * 2,
      };
    });
    expect(history.points(DAY_SECONDS, NOON + HOUR_MS)).toEqual([
      {
        timestamp: '2026-03-01T12:00:30.000Z',
        seconds: 30,
        cpu_usage: 20,
        cpu_usage_peak: 30,
        memory_usage: 200,
        memory_usage_peak: 300,
        threads: 2,
        read_bytes: 3,
        write_bytes: 6,
        gpu_memory_usage: null,
        ...NOTHING,
      },
    ]);
  });

  test('average GPU memory over the times when it was known', () => {
    const history = createHistory(10);
    const known = [null, 600, 900];
    run(history, NOON + 10_000, NOON + 30_000, 10, (time) => ({
      gpu_memory_usage: known[(time - NOON) / 10_000 - 1] ?? null,
    }));
    expect(history.points(DAY_SECONDS, NOON + HOUR_MS).map((point) => point.gpu_memory_usage)).toEqual([750]);
  });

  test('are missing where no process ran', () => {
    const history = createHistory(2);
    run(history, NOON + 2_000, NOON + MINUTE_MS);
    run(history, NOON + 5 * MINUTE_MS + 2_000, NOON + 6 * MINUTE_MS);
    const points = history.points(3_600, NOON + 8 * MINUTE_MS);
    expect(points.length).toBe(60);
    expect(points.some((point) => endOf(point) > NOON + MINUTE_MS && startOf(point) < NOON + 5 * MINUTE_MS)).toBe(
      false,
    );
    // later, the steps of half a minute have the same gap
    expect(history.points(3_600, NOON + 30 * MINUTE_MS).map((point) => startOf(point) - NOON)).toEqual([
      0,
      MINUTE_MS / 2,
      5 * MINUTE_MS,
      5.5 * MINUTE_MS,
    ]);
  });

  test('are shorter where the process ran only for a part', () => {
    const history = createHistory(2);
    run(history, NOON + 22_000, NOON + 30_000);
    expect(history.points(3_600, NOON + HOUR_MS / 2)).toMatchObject([
      { seconds: 10, timestamp: '2026-03-01T12:00:30.000Z' },
    ]);
  });

  test('end within the requested window, and at most a day ago', () => {
    const history = createHistory(2);
    run(history, NOON + 2_000, NOON + MINUTE_MS);
    expect(history.points(3_600, NOON + HOUR_MS - 1).length).toBe(2);
    expect(history.points(3_600, NOON + HOUR_MS + 31_000).length).toBe(1);
    expect(history.points(3_600, NOON + 2 * HOUR_MS)).toEqual([]);
    expect(history.points(DAY_SECONDS, NOON + 25 * HOUR_MS)).toEqual([]);
  });
});

describe('a history whose clock jumps', () => {
  test('drops later measurements after a jump back', () => {
    const history = createHistory(2);
    run(history, NOON + 2_000, NOON + MINUTE_MS);
    run(history, NOON + MINUTE_MS / 2, NOON + MINUTE_MS, 2, () => ({ cpu_usage: 99 }));
    const points = history.points(600, NOON + MINUTE_MS);
    expect(points.length).toBe(30);
    expect(points.filter(({ cpu_usage }) => cpu_usage === 99).length).toBe(15);
  });

  test('continues after a jump back by hours and days', () => {
    const history = createHistory(2);
    run(history, NOON, NOON + 3 * HOUR_MS);
    const back = NOON - 48 * HOUR_MS;
    run(history, back + 2_000, back + MINUTE_MS);
    expect(history.newest()).toBe(back + MINUTE_MS);
    expect(history.points(DAY_SECONDS, back + MINUTE_MS).length).toBe(30);
    expect(history.points(DAY_SECONDS, NOON)).toEqual([]);
  });

  test('keeps earlier steps whole after a jump back', () => {
    const history = createHistory(2);
    run(history, NOON + 2_000, NOON + 5 * MINUTE_MS + 20_000);
    // far enough ahead that the first measurements are only kept as half minutes
    run(history, NOON + 6 * MINUTE_MS, NOON + 20 * MINUTE_MS);
    const back = NOON + 5 * MINUTE_MS + 28_000;
    history.push(usualStats(), back);
    const points = history.points(3_600, back);
    expect(points.reduce((sum, { seconds }) => sum + seconds, 0)).toBe(320 + 2);
  });

  test('keeps earlier coarse steps after a jump back by hours', () => {
    const history = createHistory(2);
    run(history, NOON + 2_000, NOON + 6 * HOUR_MS);
    const back = NOON + 3 * HOUR_MS;
    history.push(usualStats(), back + 2_000);
    const points = history.points(DAY_SECONDS, back + 2_000);
    expect(points.reduce((sum, { seconds }) => sum + seconds, 0)).toBe(3 * 3_600 + 2);
  });

  test('has no overlap after a jump back into a half minute', () => {
    const history = createHistory(2);
    run(history, NOON + 2_000, NOON + HOUR_MS);
    run(history, NOON + HOUR_MS + 20_000, NOON + 2 * HOUR_MS);
    const back = NOON + HOUR_MS + 500;
    history.push(usualStats(), back);
    expect(history.points(60, back).at(-1)).toMatchObject({ seconds: 0.5 });
  });

  test('returns no future points before the next measurement', () => {
    const history = createHistory(2);
    run(history, NOON + 2_000, NOON + MINUTE_MS);
    expect(history.points(600, NOON + MINUTE_MS / 2).length).toBe(15);
  });

  test('shows a gap after a jump ahead, not one long step', () => {
    const history = createHistory(2);
    run(history, NOON + 2_000, NOON + 10_000);
    history.push(usualStats(), NOON + HOUR_MS);
    expect(history.points(DAY_SECONDS, NOON + HOUR_MS).at(-1)?.seconds).toBe(2);
  });

  test('ignores a second measurement at the same time', () => {
    const history = createHistory(2);
    history.push(usualStats(), NOON);
    history.push(usualStats({ cpu_usage: 99 }), NOON);
    expect(history.points(60, NOON).map(({ cpu_usage }) => cpu_usage)).toEqual([50]);
  });
});

describe('the size of a history', () => {
  test('is at most 76 KB, and little for a run of a minute', () => {
    const history = createHistory(2);
    run(history, NOON, NOON + MINUTE_MS);
    expect(history.bytes).toBeLessThan(8_000);
    run(history, NOON + MINUTE_MS, NOON + 30 * HOUR_MS);
    expect(history.bytes).toBeLessThan(76_000);
  });

  test.each([0.1, 1, 2, 7, 45, 100, 1_000])('covers a day with an interval of %s s', (interval) => {
    const history = createHistory(interval);
    const now = NOON + 24 * HOUR_MS;
    const first = interval < 1 ? now - HOUR_MS : NOON;
    run(history, first, now, interval);
    const points = history.points(DAY_SECONDS, now);
    const covered = points.reduce((sum, { seconds }) => sum + seconds, 0);
    expect(covered).toBeGreaterThan((now - first) / 1_000 - 3 * Math.max(300, interval));
    expect(points.length).toBeLessThan(1_200);
    expect(history.bytes).toBeLessThan(110_000);
  });
});

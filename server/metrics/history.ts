import type { Stats, StatsPoint } from '@llamactl/contract/stats';
import { StepRing, type Step } from './step-ring.ts';

/** What one instance used in the last 24 hours, in steps that widen with age. */
export interface History {
  /**
   * Adds a measurement. What was noted for times after it (the clock jumped back) is forgotten: else nothing could be
   * put in order.
   *
   * @param at Milliseconds since the epoch.
   */
  push(stats: Stats, at: number): void;
  /** The steps that ended within the window, oldest first; none overlaps another. @param now Milliseconds since the epoch. */
  points(windowSeconds: number, now: number): StatsPoint[];
  /** Milliseconds since the epoch, of the newest measurement; `null`: there is none. */
  newest(): number | null;
  /** Memory that it holds: at most 76 KB with the default interval. */
  readonly bytes: number;
}

/**
 * Every measurement is kept for ten minutes, half minutes for two hours, five minutes for a day. A coarse step is that of
 * the clock (12:00:30, 12:05), and the borders between the three lie on those: so no step is told twice or in two halves.
 */
const FINE_SECONDS = 600;
const MIDDLE = { step: 30, span: 7_200 };
const COARSE = { step: 300, span: 86_400 };

/** Of the finest steps, however short the interval; then they reach less far back. */
const MOST_MEASUREMENTS = 600;
/** The step in which a border falls, the one under way, and one to spare. */
const SPARE_STEPS = 3;
/** Later than this, the time between two measurements was not all measured. */
const LATE_INTERVALS = 2;

/** Steps of one length. */
interface Level {
  ring: StepRing;
  milliseconds: number;
  /** Number of the newest step of which the ring has not everything any more. */
  lost: number;
}

/** @param intervalSeconds Between two measurements, when all goes well. */
export function createHistory(intervalSeconds: number): History {
  // a step holds one measurement at least, and the steps of one level are whole ones of the next
  const middleStep = MIDDLE.step * Math.ceil(intervalSeconds / MIDDLE.step);
  const coarseStep = middleStep * Math.ceil(COARSE.step / middleStep);
  const level = (step: number, capacity: number): Level => ({
    ring: new StepRing(Math.ceil(capacity) + SPARE_STEPS),
    milliseconds: step * 1_000,
    lost: Number.NEGATIVE_INFINITY,
  });
  const fine = level(0, Math.min(MOST_MEASUREMENTS, FINE_SECONDS / intervalSeconds + middleStep / intervalSeconds));
  const middle = level(middleStep, (MIDDLE.span + coarseStep) / middleStep);
  const coarse = level(coarseStep, COARSE.span / coarseStep);

  const rewind = (at: number): void => {
    for (const each of [fine, middle, coarse]) {
      for (let end = each.ring.endAt(-1); end !== null && end > at; end = each.ring.endAt(-1)) each.ring.dropNewest();
    }
    fine.lost = Math.min(fine.lost, wholeBefore(at, middle));
    middle.lost = Math.min(middle.lost, wholeBefore(at, coarse));
  };
  /** After a clock jumped back far, the fine steps may be gone while coarser ones of before are there. */
  const newest = (): number | null => {
    const ends = [fine, middle, coarse].map(({ ring }) => ring.endAt(-1)).filter((end) => end !== null);
    return ends.length === 0 ? null : Math.max(...ends);
  };

  return {
    push: (stats, at) => {
      rewind(at);
      const last = newest();
      const passed = last === null ? intervalSeconds : (at - last) / 1_000;
      if (passed === 0) return;
      const step = stepOf(stats, at, passed > intervalSeconds * LATE_INTERVALS ? intervalSeconds : passed);
      const lost = fine.ring.push(step);
      if (lost !== null) fine.lost = numberOf(lost, middle);
      const lostMiddle = add(middle, step);
      if (lostMiddle !== null) middle.lost = numberOf(lostMiddle, coarse);
      add(coarse, step);
    },
    points: (windowSeconds, now) => {
      const fineFrom = Math.max(fine.lost, numberOf(now - FINE_SECONDS * 1_000, middle)) + 1;
      const middleFrom = Math.max(middle.lost, numberOf(now - MIDDLE.span * 1_000, coarse)) + 1;
      const since = now - windowSeconds * 1_000;
      const points: StatsPoint[] = [];
      const take = (of: Level, isOurs: (end: number) => boolean): void => {
        for (let index = 0; index < of.ring.length; index += 1) {
          const end = of.ring.endAt(index);
          if (end === null || end <= since || end > now || !isOurs(end)) continue;
          const step = of.ring.at(index);
          if (step !== null) points.push(pointOf(step));
        }
      };
      const isCoarse = (end: number): boolean => numberOf(end, coarse) < middleFrom;
      const isFine = (end: number): boolean => !isCoarse(end) && numberOf(end, middle) >= fineFrom;
      take(coarse, isCoarse);
      take(middle, (end) => !isCoarse(end) && !isFine(end));
      take(fine, isFine);
      return points;
    },
    newest,
    get bytes() {
      return fine.ring.bytes + middle.ring.bytes + coarse.ring.bytes;
    },
  };
}

/** Which step of a level a moment belongs to: each begins after the end of the one before. */
function numberOf(at: number, { milliseconds }: Level): number {
  return Math.ceil(at / milliseconds);
}

/** Number of the newest step that gets no more measurements, or not all of them, from one at `at` on. */
function wholeBefore(at: number, level: Level): number {
  const newest = level.ring.endAt(-1);
  const number = numberOf(at, level);
  return newest !== null && numberOf(newest, level) === number ? number : number - 1;
}

function stepOf(stats: Stats, at: number, seconds: number): Step {
  return {
    end: at,
    seconds,
    memory: stats.memory_usage,
    memoryPeak: stats.memory_usage,
    cpu: stats.cpu_usage,
    cpuPeak: stats.cpu_usage,
    threads: stats.threads,
    read: stats.read_bytes,
    written: stats.write_bytes,
    gpuMemory: stats.gpu_memory_usage ?? 0,
    gpuSeconds: stats.gpu_memory_usage === null ? 0 : seconds,
  };
}

/** Returns the end of the step that had to make room. */
function add(level: Level, step: Step): number | null {
  const newest = level.ring.at(-1);
  if (newest === null || numberOf(newest.end, level) !== numberOf(step.end, level)) return level.ring.push(step);
  level.ring.replaceNewest(merged(newest, step));
  return null;
}

function merged(one: Step, next: Step): Step {
  const share = next.seconds / (one.seconds + next.seconds);
  const gpuSeconds = one.gpuSeconds + next.gpuSeconds;
  const gpuShare = gpuSeconds === 0 ? 0 : next.gpuSeconds / gpuSeconds;
  return {
    end: next.end,
    seconds: one.seconds + next.seconds,
    memory: one.memory + (next.memory - one.memory) * share,
    memoryPeak: Math.max(one.memoryPeak, next.memoryPeak),
    cpu: one.cpu + (next.cpu - one.cpu) * share,
    cpuPeak: Math.max(one.cpuPeak, next.cpuPeak),
    threads: one.threads + (next.threads - one.threads) * share,
    read: next.read,
    written: next.written,
    gpuMemory: one.gpuMemory + (next.gpuMemory - one.gpuMemory) * gpuShare,
    gpuSeconds,
  };
}

function pointOf(step: Step): StatsPoint {
  return {
    timestamp: new Date(step.end).toISOString(),
    seconds: Math.round(step.seconds * 1_000) / 1_000,
    memory_usage: Math.round(step.memory),
    memory_usage_peak: step.memoryPeak,
    cpu_usage: Math.round(step.cpu * 10) / 10,
    cpu_usage_peak: step.cpuPeak,
    threads: Math.round(step.threads),
    read_bytes: step.read,
    write_bytes: step.written,
    gpu_memory_usage: step.gpuSeconds === 0 ? null : Math.round(step.gpuMemory),
  };
}

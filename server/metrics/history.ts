import type { Stats, StatsPoint } from '@llamactl/contract/stats';
import { StepRing, type Step } from './step-ring.ts';

/** Resource usage of one instance in the last 24 hours, in steps that widen with age. */
export interface History {
  /**
   * Adds a measurement. Drops measurements that are later than this one, which exist after the clock jumped back: the
   * steps must stay in order.
   *
   * @param at Milliseconds since the epoch.
   */
  push(stats: Stats, at: number): void;
  /** The steps that ended within the window, oldest first, without overlap. @param now Milliseconds since the epoch. */
  points(windowSeconds: number, now: number): StatsPoint[];
  /** Time of the newest measurement, milliseconds since the epoch; `null`: no measurement. */
  newest(): number | null;
  /** Size in memory: at most 76 KB with the default interval. */
  readonly bytes: number;
}

/**
 * How long measurements are kept, in seconds: each one for ten minutes, steps of 30 seconds for two hours, steps of five
 * minutes for a day. Coarse steps end on the clock (12:00:30, 12:05), and so do the borders between the three levels: no
 * step is reported twice or in two halves.
 */
const FINE_SECONDS = 600;
const MIDDLE = { step: 30, span: 7_200 };
const COARSE = { step: 300, span: 86_400 };

/** Limit for the finest steps. With a short interval they reach less far back. */
const MOST_MEASUREMENTS = 600;
/** The step that contains a border, the current one, and one spare. */
const SPARE_STEPS = 3;
/** After a gap of more than this many intervals, the step covers one interval only. */
const LATE_INTERVALS = 2;

/** Steps of one length. */
interface Level {
  ring: StepRing;
  milliseconds: number;
  /** Number of the newest step of the next coarser level that this ring has lost, at least in part. */
  lost: number;
}

/** @param intervalSeconds Planned time between two measurements. */
export function createHistory(intervalSeconds: number): History {
  // a step has at least one measurement, and each step consists of whole steps of the finer level
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
  /** Looks at all levels: after the clock jumped far back, only coarse steps may be left. */
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

/** The number of the step that contains a moment. A step includes its end, not its beginning. */
function numberOf(at: number, { milliseconds }: Level): number {
  return Math.ceil(at / milliseconds);
}

/** Number of the newest step that measurements from `at` on cannot fill, or fill only in part. */
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

/** Adds a measurement to a level. @returns the end of the step that the ring dropped; `null`: none */
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

import type { Stats, StatsPoint } from '@llamactl/contract/stats';
import { percentile } from './first-token-times.ts';
import { NOTHING_SERVED, type Served, sumOfServed } from './served-tally.ts';
import { type KeptSteps, StepLevels } from './step-levels.ts';
import { StepRing, type Step } from './step-ring.ts';

/** Resource usage and requests of one instance in the last 24 hours, in steps that widen with age. */
export interface History {
  /**
   * Adds a measurement, and the requests that ended since the last one. Drops measurements that are later than this one,
   * which exist after the clock jumped back: the steps must stay in order.
   *
   * @param at Milliseconds since the epoch.
   */
  push(stats: Stats, at: number, served?: Readonly<Served>): void;
  /** The steps that ended within the window, oldest first, without overlap. @param now Milliseconds since the epoch. */
  points(windowSeconds: number, now: number): StatsPoint[];
  /** The same, as they are stored here. */
  steps(windowSeconds: number, now: number): Step[];
  /** Time of the newest measurement, milliseconds since the epoch; `null`: no measurement. */
  newest(): number | null;
  /** The steps to keep over a restart. */
  kept(): KeptSteps<Step>;
  /** Restores kept steps. Call it before the first measurement. */
  restore(kept: KeptSteps<Step>): void;
  /** Size in memory: at most 76 KB with the default interval, and 215 KB more if requests ended in each step. */
  readonly bytes: number;
}

/** @param intervalSeconds Planned time between two measurements. */
export function createHistory(intervalSeconds: number): History {
  const levels = new StepLevels<Step>(intervalSeconds, (capacity) => new StepRing(capacity), merged);
  return {
    push: (stats, at, served = NOTHING_SERVED) => levels.push(at, (seconds) => stepOf(stats, served, at, seconds)),
    points: (windowSeconds, now) => levels.steps(windowSeconds, now).map(pointOf),
    steps: (windowSeconds, now) => levels.steps(windowSeconds, now),
    newest: () => levels.newest,
    kept: () => levels.kept(),
    restore: (kept) => levels.restore(kept),
    get bytes() {
      return levels.bytes;
    },
  };
}

function stepOf(stats: Stats, served: Readonly<Served>, at: number, seconds: number): Step {
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
    served: served === NOTHING_SERVED ? null : served,
  };
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
    served: sumOfServed(one.served, next.served),
  };
}

function pointOf(step: Step): StatsPoint {
  const served = step.served ?? NOTHING_SERVED;
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
    requests: served.requests,
    tokens_in: served.tokensIn,
    tokens_out: served.tokensOut,
    tokens_per_second: Math.round((served.tokensOut / step.seconds) * 10) / 10,
    ttft_p50: percentile(served.firstTokens, 0.5),
    ttft_p95: percentile(served.firstTokens, 0.95),
    waiting_max: served.waitingMax,
  };
}

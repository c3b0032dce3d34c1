import type { SystemStatsPoint } from '@llamactl/contract/stats';
import type { Resources } from '@llamactl/contract/system';
import { type KeptSteps, type Ring, StepLevels, type TimeStep } from './step-levels.ts';

/** Means of a figure over the seconds in which it was reported; 0 seconds: it was not. */
interface Mean {
  value: number;
  seconds: number;
}

/** The figures of one GPU in a step. */
interface GpuStep {
  index: number;
  vendor: Resources['gpus'][number]['vendor'];
  memory: Mean;
  utilization: Mean;
  temperature: Mean;
  power: Mean;
}

/** A step of the history of the machine: means over the measured seconds. */
export interface SystemStep extends TimeStep {
  cpu: number;
  memory: number;
  disk: number;
  gpus: GpuStep[];
}

/** The machine is measured once a minute at rest, so a gap is longer than this. */
const LATE_SECONDS = 150;
/** Bytes of a step in memory, roughly; 200 more for each GPU. */
const STEP_BYTES = 120;
const GPU_BYTES = 200;

/** Use of the machine in the last 24 hours, in steps that widen with age. */
export class SystemHistory {
  readonly #levels: StepLevels<SystemStep>;

  /** @param intervalSeconds Planned time between two measurements. */
  constructor(intervalSeconds: number) {
    this.#levels = new StepLevels(
      intervalSeconds,
      (capacity) => new ListRing(capacity),
      merged,
      Math.max(LATE_SECONDS, intervalSeconds * 2),
    );
  }

  /** Adds a measurement. @param at Milliseconds since the epoch. */
  push(resources: Resources, at: number): void {
    this.#levels.push(at, (seconds) => stepOf(resources, at, seconds));
  }

  /** The steps that ended within the window, oldest first, without overlap. @param now Milliseconds since the epoch. */
  points(windowSeconds: number, now: number): SystemStatsPoint[] {
    return this.#levels.steps(windowSeconds, now).map(pointOf);
  }

  /** The steps to keep over a restart. */
  kept(): KeptSteps<SystemStep> {
    return this.#levels.kept();
  }

  /** Restores kept steps. Call it before the first measurement. */
  restore(kept: KeptSteps<SystemStep>): void {
    this.#levels.restore(kept);
  }
}

/** A ring of steps as a list: there is one machine only, so that its size does not matter. */
class ListRing implements Ring<SystemStep> {
  #steps: SystemStep[] = [];
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get length(): number {
    return this.#steps.length;
  }

  get bytes(): number {
    return this.#steps.reduce((sum, { gpus }) => sum + STEP_BYTES + gpus.length * GPU_BYTES, 0);
  }

  at(index: number): SystemStep | null {
    return this.#steps.at(index) ?? null;
  }

  endAt(index: number): number | null {
    return this.#steps.at(index)?.end ?? null;
  }

  push(step: SystemStep): number | null {
    this.#steps.push(step);
    return this.#steps.length > this.#capacity ? (this.#steps.shift()?.end ?? null) : null;
  }

  replaceNewest(step: SystemStep): void {
    if (this.#steps.pop() !== undefined) this.#steps.push(step);
  }

  dropNewest(): void {
    this.#steps.pop();
  }
}

function stepOf(resources: Resources, end: number, seconds: number): SystemStep {
  const { cpu_usage: cpu, memory_usage: memory, disk_usage: disk, gpus } = resources;
  const mean = (value: number | null): Mean => ({ value: value ?? 0, seconds: value === null ? 0 : seconds });
  return {
    end,
    seconds,
    cpu,
    memory,
    disk,
    gpus: gpus.map(({ index, vendor, memory_usage: used, utilization, temperature, power }) => ({
      index,
      vendor,
      memory: mean(used),
      utilization: mean(utilization),
      temperature: mean(temperature),
      power: mean(power),
    })),
  };
}

function merged(one: SystemStep, next: SystemStep): SystemStep {
  const share = next.seconds / (one.seconds + next.seconds);
  const between = (from: number, to: number): number => from + (to - from) * share;
  return {
    end: next.end,
    seconds: one.seconds + next.seconds,
    cpu: between(one.cpu, next.cpu),
    memory: between(one.memory, next.memory),
    disk: between(one.disk, next.disk),
    gpus: [
      ...next.gpus.map((gpu) =>
        mergedGpu(
          one.gpus.find((other) => isSameGpu(gpu, other)),
          gpu,
        ),
      ),
      ...one.gpus.filter((gpu) => !next.gpus.some((other) => isSameGpu(gpu, other))),
    ],
  };
}

function isSameGpu(one: GpuStep, other: GpuStep): boolean {
  return one.index === other.index && one.vendor === other.vendor;
}

function mergedGpu(one: GpuStep | undefined, next: GpuStep): GpuStep {
  if (one === undefined) return next;
  return {
    ...next,
    memory: mergedMean(one.memory, next.memory),
    utilization: mergedMean(one.utilization, next.utilization),
    temperature: mergedMean(one.temperature, next.temperature),
    power: mergedMean(one.power, next.power),
  };
}

function mergedMean(one: Mean, next: Mean): Mean {
  const seconds = one.seconds + next.seconds;
  const share = seconds === 0 ? 0 : next.seconds / seconds;
  return { value: one.value + (next.value - one.value) * share, seconds };
}

function pointOf({ end, seconds, cpu, memory, disk, gpus }: SystemStep): SystemStatsPoint {
  const tenths = ({ value, seconds: reported }: Mean): number | null =>
    reported === 0 ? null : Math.round(value * 10) / 10;
  return {
    timestamp: new Date(end).toISOString(),
    seconds: Math.round(seconds * 1_000) / 1_000,
    cpu_usage: Math.round(cpu * 10) / 10,
    memory_usage: Math.round(memory),
    disk_usage: Math.round(disk * 10) / 10,
    gpus: gpus.map((gpu) => ({
      index: gpu.index,
      vendor: gpu.vendor,
      memory_usage: gpu.memory.seconds === 0 ? null : Math.round(gpu.memory.value),
      utilization: tenths(gpu.utilization),
      temperature: tenths(gpu.temperature),
      power: tenths(gpu.power),
    })),
  };
}

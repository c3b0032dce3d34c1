import { codeOf } from '@llamactl/contract/reason';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { pause, type Clock } from '../instances/ports/time.ts';
import type { DiskSpace } from './disk-space.ts';
import { memoryState, swapTotal, type MemoryState, type ReadText } from './memory.ts';

/** Resources of the machine and their usage. */
export interface HostResources {
  /** Percent of all cores, 0–100. */
  cpuUsage: number;
  memory: MemoryState;
  /** Space of the data directory's filesystem. */
  disk: DiskSpace;
}

/** Reads this machine's resources. Callers share a reading for a second, so many cost as much as one. */
export interface Host {
  resources(): Promise<HostResources>;
  memory(): MemoryState;
  /** Bytes of swap; `null`: unknown. */
  swap(): number | null;
}

export interface HostDependencies {
  clock: Pick<Clock, 'elapsed' | 'after'>;
  /** Space of the data directory's filesystem. */
  diskSpace: () => Promise<DiskSpace>;
  /** Reads a file of the system; replaced in tests. */
  read?: ReadText;
}

const FRESH_MS = 1_000;
/** CPU usage is the mean since the previous reading. If that one is older than this, two new readings are made. */
const OLDEST_PREDECESSOR_MS = 60_000;
/** Shortest time between the two readings: 20 ticks of each core. */
const SHORTEST_MEASUREMENT_MS = 200;

/** CPU time of all cores since the boot; any unit. */
interface ProcessorTimes {
  busy: number;
  total: number;
}

export function createHost({ clock, diskSpace, read = readSystemFile }: HostDependencies): Host {
  let before = { times: processorTimes(read), at: clock.elapsed() };
  let last: { resources: HostResources; at: number } | null = null;
  let pending: Promise<HostResources> | null = null;

  const isRecent = (at: number, milliseconds: number): boolean => clock.elapsed() - at < milliseconds;
  const note = (times: ProcessorTimes): void => {
    before = { times, at: clock.elapsed() };
  };
  const cpuUsage = async (): Promise<number> => {
    if (!isRecent(before.at, OLDEST_PREDECESSOR_MS)) note(processorTimes(read));
    if (isRecent(before.at, SHORTEST_MEASUREMENT_MS)) await pause(clock, SHORTEST_MEASUREMENT_MS);
    const times = processorTimes(read);
    const usage = usageBetween(before.times, times);
    note(times);
    return usage ?? last?.resources.cpuUsage ?? 0;
  };
  const memory = (): MemoryState => memoryState(read) ?? { total: os.totalmem(), usage: os.totalmem() - os.freemem() };
  const measure = async (): Promise<HostResources> => {
    const [cpu, disk] = await Promise.all([cpuUsage(), diskSpace()]);
    const resources = { cpuUsage: cpu, memory: memory(), disk };
    last = { resources, at: clock.elapsed() };
    return resources;
  };

  return {
    memory,
    swap: () => swapTotal(read),
    resources: async () => {
      if (last !== null && isRecent(last.at, FRESH_MS)) return last.resources;
      pending ??= measure().finally(() => {
        pending = null;
      });
      return pending;
    },
  };
}

function processorTimes(read: ReadText): ProcessorTimes {
  const times = parseProcessorTimes(read('/proc/stat') ?? '');
  if (times !== null) return times;
  let busy = 0;
  let idle = 0;
  for (const { times: core } of os.cpus()) {
    busy += core.user + core.nice + core.sys + core.irq;
    idle += core.idle;
  }
  return { busy, total: busy + idle };
}

/** Reads a file of the kernel: takes microseconds and never waits for a disk. */
function readSystemFile(file: string): string | null {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    if (codeOf(error) !== null) return null;
    throw error;
  }
}

/**
 * Parses the first line of /proc/stat. Waiting for a disk counts as idle, stolen time as busy; user time already
 * includes guests. `null`: the text has no such line.
 */
export function parseProcessorTimes(text: string): ProcessorTimes | null {
  const fields = /^cpu +([\d ]+)$/m.exec(text)?.[1]?.split(' ').map(Number);
  if (fields === undefined || fields.length < 4) return null;
  const [user = 0, nice = 0, system = 0, idle = 0, waiting = 0, interrupts = 0, softInterrupts = 0, stolen = 0] =
    fields;
  const busy = user + nice + system + interrupts + softInterrupts + stolen;
  return { busy, total: busy + idle + waiting };
}

/** Percent of all cores between two readings, 0–100 with one decimal; `null`: no time passed between them. */
export function usageBetween(before: ProcessorTimes, after: ProcessorTimes): number | null {
  const total = after.total - before.total;
  if (total <= 0) return null;
  // the kernel's counter of time spent waiting for disks may decrease by a tick
  const busy = Math.min(total, Math.max(0, after.busy - before.busy));
  return Math.round((busy / total) * 1_000) / 10;
}

import type { GpuUse } from '@llamactl/contract/stats';
import type { Gpu } from '@llamactl/contract/system';
import { AMD_SMI } from './amd-smi.ts';
import { NVIDIA_SMI } from './nvidia-smi.ts';
import type { GpuReading } from './reading.ts';
import { ROCM_SMI } from './rocm-smi.ts';
import { createGpuSource, type GpuSourceDependencies } from './source.ts';

/** The GPUs of this machine, as their vendors' tools report. Runs nothing if no such tool is installed. */
export interface Gpus {
  /** Resolves with an empty list if no tool reports GPUs. Waits at most 1.5 s for a tool; never rejects. */
  list(): Promise<Gpu[]>;
  /** Like {@link list}, but as of now, not of a few seconds ago. Each call may run a tool. */
  listNow(): Promise<Gpu[]>;
  /**
   * Bytes that these processes have on all GPUs together, as of a few seconds ago; `null`: no tool reports them. Does
   * not wait: uses the last reading, and starts a new one if one is due.
   */
  memoryOf(pids: readonly number[]): number | null;
  /** The GPUs on which these processes have memory, as far as the tools say; as of a few seconds ago. */
  usesOf(pids: readonly number[]): GpuUse[];
}

export type GpuDependencies = GpuSourceDependencies;

export function createGpus(dependencies: GpuDependencies): Gpus {
  const sources = [[NVIDIA_SMI], [AMD_SMI, ROCM_SMI]].map((tools) => createGpuSource(tools, dependencies));
  const gpusOf = async (readings: readonly Promise<GpuReading | null>[]): Promise<Gpu[]> =>
    (await Promise.all(readings)).flatMap((reading) => reading?.gpus ?? []);
  return {
    list: () => gpusOf(sources.map((source) => source.current())),
    listNow: () => gpusOf(sources.map((source) => source.fresh())),
    memoryOf: (pids) => {
      const readings = sources.map((source) => source.latest()).filter((reading) => reading !== null);
      return readings.some(({ gpus }) => gpus.length > 0) ? sumOf(pids, readings) : null;
    },
    usesOf: (pids) => sources.flatMap((source) => usesIn(source.latest(), pids)),
  };
}

/** Sums the memory of processes. A process that no tool lists uses no GPU. */
function sumOf(pids: readonly number[], readings: readonly GpuReading[]): number | null {
  let sum = 0;
  for (const pid of pids) {
    for (const { memoryByPid } of readings) {
      const bytes = memoryByPid.get(pid);
      if (bytes === null) return null;
      sum += bytes ?? 0;
    }
  }
  return sum;
}

function usesIn(reading: GpuReading | null, pids: readonly number[]): GpuUse[] {
  const gpuOf = (index: number): Pick<GpuUse, 'vendor' | 'uuid'> => {
    const { vendor, uuid } = reading?.gpus.find((gpu) => gpu.index === index) ?? {};
    return { ...(vendor === undefined ? {} : { vendor }), ...(uuid === undefined ? {} : { uuid }) };
  };
  const sums = new Map<number, number>();
  for (const pid of pids) {
    for (const [index, bytes] of reading?.memoryByGpu.get(pid) ?? []) sums.set(index, (sums.get(index) ?? 0) + bytes);
  }
  return [...sums]
    .map(([index, memory]) => ({ index, ...gpuOf(index), memory }))
    .toSorted((one, other) => one.index - other.index);
}

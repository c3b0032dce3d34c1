import type { Gpu } from '@llamactl/contract/system';
import { AMD_SMI } from './amd-smi.ts';
import { NVIDIA_SMI } from './nvidia-smi.ts';
import type { GpuReading } from './reading.ts';
import { ROCM_SMI } from './rocm-smi.ts';
import { createGpuSource, type GpuSourceDependencies } from './source.ts';

/** The GPUs of this machine, as their vendors' tools tell. Without such a tool nothing is ever run. */
export interface Gpus {
  /** Empty where no tool tells of any. Waits for a tool for a second or two at most; never rejects. */
  list(): Promise<Gpu[]>;
  /**
   * Bytes that these processes have on all GPUs together, as of a few seconds ago; `null`: no tool tells. At once: who asks
   * gets the last reading and sets the next one in motion.
   */
  memoryOf(pids: readonly number[]): number | null;
}

export type GpuDependencies = GpuSourceDependencies;

export function createGpus(dependencies: GpuDependencies): Gpus {
  const sources = [[NVIDIA_SMI], [AMD_SMI, ROCM_SMI]].map((tools) => createGpuSource(tools, dependencies));
  return {
    list: async () => {
      const readings = await Promise.all(sources.map((source) => source.current()));
      return readings.flatMap((reading) => reading?.gpus ?? []);
    },
    memoryOf: (pids) => {
      const readings = sources.map((source) => source.latest()).filter((reading) => reading !== null);
      return readings.some(({ gpus }) => gpus.length > 0) ? sumOf(pids, readings) : null;
    },
  };
}

/** A process that no tool lists uses no GPU. */
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

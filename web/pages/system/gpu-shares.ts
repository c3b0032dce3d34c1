import type { Gpu, GpuUse } from '@llamactl/client';
import type { Row } from '../../lib/live/row-store.ts';

/** The memory of a GPU that one instance holds. */
export interface GpuHolder {
  name: string;
  /** Bytes. */
  memory: number;
}

/** The memory of a GPU, divided. In bytes. */
export interface GpuShares {
  /** The largest first. */
  holders: readonly GpuHolder[];
  /** Held by no instance: other programs, and the driver. */
  other: number;
  free: number;
  total: number;
}

/**
 * Divides the memory of a GPU between the instances that use it and the rest.
 *
 * @returns `null`: the tool reports no memory of this GPU.
 */
export function gpuShares(gpu: Gpu, rows: readonly Pick<Row, 'name' | 'stats'>[]): GpuShares | null {
  const { memory_total: total, memory_usage: used } = gpu;
  if (total === null || used === null) return null;
  const holders = rows
    .flatMap(({ name, stats }) => {
      const memory = stats?.gpus.find((use) => isOn(use, gpu))?.memory ?? 0;
      return memory > 0 ? [{ name, memory }] : [];
    })
    .toSorted((one, other) => other.memory - one.memory);
  const held = holders.reduce((sum, { memory }) => sum + memory, 0);
  // Instances and GPU are measured at different moments, so an instance may hold more than is used.
  return { holders, other: Math.max(0, used - held), free: Math.max(0, total - Math.max(used, held)), total };
}

/** Whether a use is on a GPU: by its UUID if the tool reports it, else by vendor and number. */
function isOn(use: GpuUse, gpu: Gpu): boolean {
  if (use.uuid !== undefined && gpu.uuid !== undefined) return use.uuid === gpu.uuid;
  return use.index === gpu.index && (use.vendor ?? gpu.vendor) === gpu.vendor;
}

/**
 * Numbers the instances so that two on one GPU have different numbers, and an instance has one number on all GPUs.
 *
 * @returns The numbers, from 0, by the names of the instances: as few as possible.
 */
export function gpuNumbers(
  gpus: readonly Gpu[],
  rows: readonly Pick<Row, 'name' | 'stats'>[],
): ReadonlyMap<string, number> {
  const groups = gpus.map((gpu) =>
    rows.filter(({ stats }) => stats?.gpus.some((use) => isOn(use, gpu)) === true).map(({ name }) => name),
  );
  const numbers = new Map<string, number>();
  for (const { name } of rows) {
    const beside = groups.filter((group) => group.includes(name)).flat();
    const taken = new Set(beside.map((other) => numbers.get(other)));
    let number = 0;
    while (taken.has(number)) number += 1;
    numbers.set(name, number);
  }
  return numbers;
}

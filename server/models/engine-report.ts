import type { MemoryProjection } from '../instances/ports/memory-projection.ts';
import { type Need, RAM, withoutProgram } from './memory-estimate.ts';

/** Bytes that the processes of a run use; `gpus`: on all GPUs together, `null`: no tool reports it. */
export interface Use {
  ram: number;
  gpus: number | null;
}

/** Names of llama.cpp's devices, with the vendors whose tools number them alike. */
const NUMBERED = [
  { name: /^CUDA(?<number>\d+)$/, vendor: 'nvidia' },
  { name: /^ROCm(?<number>\d+)$/, vendor: 'amd' },
];

/**
 * The needs that an engine reported, by the names of devices in estimates. `null`: it names a device that may be one of
 * several, so its report is of no use.
 *
 * @param gpus Names of the GPUs that the engine sees, in its order.
 * @param least Needs that count at least, for files that the report leaves out.
 */
export function deviceNeeds(
  { devices }: MemoryProjection,
  gpus: readonly string[],
  least: readonly Need[],
): Need[] | null {
  const needs = new Map(least.map((need) => [need.device, need]));
  for (const { device: name, weights, cache, compute } of devices) {
    const device = name === RAM ? RAM : gpuNamed(name, gpus);
    if (device === null) return null;
    const known = needs.get(device);
    needs.set(device, {
      device,
      weights: Math.max(weights, known?.weights ?? 0),
      cache: Math.max(cache, known?.cache ?? 0),
      compute: Math.max(compute, known?.compute ?? 0),
      ...(known?.surplus === undefined ? {} : { surplus: known.surplus }),
      isReported: true,
    });
  }
  return [...needs.values()];
}

/** The needs, at least as large as what a run used. The use of several GPUs together says nothing about each. */
export function raisedTo(needs: readonly Need[], { ram, gpus }: Use): Need[] {
  const onGpus = needs.filter(({ device }) => device !== RAM);
  // Files whose weights were copied to GPUs may still be mapped, and then count as used by the process.
  const copied = onGpus.reduce((sum, { weights }) => sum + weights, 0);
  return needs.map((need) => {
    const isRam = need.device === RAM;
    const used = isRam ? ram - copied : onGpus.length === 1 ? (gpus ?? 0) : 0;
    const { device, weights, cache, compute, surplus = 0 } = need;
    const missing = withoutProgram(device, used) - (weights + cache + compute);
    if (missing <= (isRam ? surplus : 0)) return need;
    return isRam ? { ...need, surplus: missing } : { ...need, compute: compute + missing };
  });
}

/** The GPU that an engine calls by a name such as `CUDA1`; `null`: unknown. @param gpus Those that it sees, in its order */
export function gpuNamed(name: string, gpus: readonly string[]): string | null {
  for (const { name: pattern, vendor } of NUMBERED) {
    const number = pattern.exec(name)?.groups?.['number'];
    const own = gpus.filter((gpu) => gpu.startsWith(`${vendor}:`));
    const device = number === undefined ? undefined : own[Number(number)];
    if (device !== undefined) return device;
  }
  const [only, ...others] = gpus;
  return others.length === 0 ? (only ?? null) : null;
}

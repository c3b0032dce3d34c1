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
 * @param gpus Names of the GPUs of the machine.
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
      isReported: true,
    });
  }
  return [...needs.values()];
}

/** The needs, at least as large as what a run used. The use of several GPUs together says nothing about each. */
export function raisedTo(needs: readonly Need[], { ram, gpus }: Use): Need[] {
  const onGpus = needs.filter(({ device }) => device !== RAM);
  return needs.map((need) => {
    const used = need.device === RAM ? ram : onGpus.length === 1 ? (gpus ?? 0) : 0;
    const { device, weights, cache, compute } = need;
    const missing = Math.max(0, withoutProgram(device, used) - (weights + cache + compute));
    return { ...need, compute: compute + missing };
  });
}

function gpuNamed(name: string, gpus: readonly string[]): string | null {
  for (const { name: pattern, vendor } of NUMBERED) {
    const number = pattern.exec(name)?.groups?.['number'];
    const device = `${vendor}:${number}`;
    if (number !== undefined && gpus.includes(device)) return device;
  }
  const [only, ...others] = gpus;
  return others.length === 0 ? (only ?? null) : null;
}

import { RAM } from './memory-estimate.ts';
import { gpuNamed } from './engine-report.ts';

/** The variables and the option by which an engine chooses its GPUs. */
export interface GpuChoice {
  /** All variables of the engine. */
  environment: Readonly<Record<string, string>>;
  /** Names of devices as the engine counts them; `null`: all that it sees. */
  devices: readonly string[] | null;
}

/** Variables that hide GPUs of a vendor, by its name in devices. Those of AMD act one after the other. */
const HIDING: Readonly<Record<string, readonly string[]>> = {
  nvidia: ['CUDA_VISIBLE_DEVICES'],
  amd: ['HIP_VISIBLE_DEVICES', 'ROCR_VISIBLE_DEVICES', 'GPU_DEVICE_ORDINAL'],
};
/** Variables whose numbers are not those of the vendors' tools. */
const OTHER_NUMBERS = ['GGML_VK_VISIBLE_DEVICES', 'ONEAPI_DEVICE_SELECTOR', 'ZE_AFFINITY_MASK'];

/**
 * Names of the GPUs that an engine sees, and of those that it uses, in its order; `null`: unknown, because a variable or an
 * option names a GPU otherwise than by its number.
 *
 * @param gpus Names of all GPUs of the machine.
 */
export function gpusSeen(
  gpus: readonly string[],
  { environment, devices }: GpuChoice,
): { seen: string[]; used: string[] } | null {
  const isKnown = (name: string): boolean => environment[name] === undefined;
  if (gpus.length > 0 && !OTHER_NUMBERS.every(isKnown)) return null;
  const seen: string[] = [];
  for (const vendor of new Set(gpus.map((gpu) => gpu.replace(/:\d+$/, '')))) {
    const own = gpus.filter((gpu) => gpu.startsWith(`${vendor}:`));
    const lists = (HIDING[vendor] ?? []).flatMap((name) => environment[name] ?? []);
    const [list] = lists;
    if (lists.length > 1) return null;
    const chosen = list === undefined ? own : numbered(vendor, list, own);
    if (chosen === null) return null;
    seen.push(...chosen);
  }
  if (devices === null) return { seen, used: seen };
  const used = devices.filter((name) => name !== 'none').map((name) => gpuNamed(name, seen));
  const known = used.filter((gpu) => gpu !== null);
  return known.length < used.length ? null : { seen, used: known };
}

/** The rooms of RAM and of these GPUs, in the order of the names. */
export function roomsOn<Room extends { device: string }>(rooms: readonly Room[], gpus: readonly string[]): Room[] {
  return [RAM, ...gpus].flatMap((name) => rooms.find(({ device }) => device === name) ?? []);
}

/** The GPUs of a list such as `2,0`. A driver reads it up to the first number that it does not have. */
function numbered(vendor: string, list: string, gpus: readonly string[]): string[] | null {
  const words = list.split(',').map((word) => word.trim());
  if (!words.every((word) => /^(?:-?\d+)?$/.test(word))) return null;
  const names = words.map((word) => `${vendor}:${word}`);
  const end = names.findIndex((name) => !gpus.includes(name));
  return end === -1 ? names : names.slice(0, end);
}

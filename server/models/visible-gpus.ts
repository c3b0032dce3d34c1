import type { DeviceRoom } from '../instances/ports/machine-memory.ts';
import { RAM } from './memory-estimate.ts';
import { gpuNamed } from './engine-report.ts';

/** The variables and the option by which an engine chooses its GPUs. */
export interface GpuChoice {
  /** All variables of the engine. */
  environment: Readonly<Record<string, string>>;
  /** Names of devices as the engine counts them; `null`: all that it sees. */
  devices: readonly string[] | null;
}

/** A GPU of the machine. */
export type KnownGpu = Pick<DeviceRoom, 'device' | 'ids'>;

/** Variables that hide GPUs of a vendor, by its name in devices. Those of AMD act one after the other. */
export const HIDING: Readonly<Record<string, readonly string[]>> = {
  nvidia: ['CUDA_VISIBLE_DEVICES'],
  amd: ['HIP_VISIBLE_DEVICES', 'ROCR_VISIBLE_DEVICES', 'GPU_DEVICE_ORDINAL'],
};
/** The value of `CUDA_DEVICE_ORDER` that engines inherit. */
export const SLOT_ORDER = 'PCI_BUS_ID';
/** Variables whose numbers are not those of the vendors' tools. */
const OTHER_NUMBERS = ['GGML_VK_VISIBLE_DEVICES', 'ONEAPI_DEVICE_SELECTOR', 'ZE_AFFINITY_MASK'];

/**
 * Names of the GPUs that an engine sees, and of those that it uses, in its order; `null`: unknown, because a variable or an
 * option names a GPU otherwise than by its number or UUID.
 *
 * @param gpus All GPUs of the machine.
 */
export function gpusSeen(
  gpus: readonly KnownGpu[],
  { environment, devices }: GpuChoice,
): { seen: string[]; used: string[] } | null {
  const isKnown = (name: string): boolean => environment[name] === undefined;
  if (gpus.length > 0 && !OTHER_NUMBERS.every(isKnown)) return null;
  if (!isOrderKnown(gpus, environment)) return null;
  const seen: string[] = [];
  for (const vendor of new Set(gpus.map(({ device }) => device.replace(/:\d+$/, '')))) {
    const own = gpus.filter(({ device }) => device.startsWith(`${vendor}:`));
    const lists = (HIDING[vendor] ?? []).flatMap((name) => environment[name] ?? []);
    const [list] = lists;
    if (lists.length > 1) return null;
    const chosen = list === undefined ? own.map(({ device }) => device) : listedGpus(vendor, list, own);
    if (chosen === null) return null;
    seen.push(...chosen);
  }
  if (devices === null) return { seen, used: seen };
  const used = devices.filter((name) => name !== 'none').map((name) => gpuNamed(name, seen));
  const known = used.filter((gpu) => gpu !== null);
  return known.length < used.length ? null : { seen, used: known };
}

/** Whether CUDA numbers GPUs as NVIDIA's tool does: in the order of their slots. Its own order is by speed. */
function isOrderKnown(gpus: readonly KnownGpu[], environment: GpuChoice['environment']): boolean {
  const { CUDA_DEVICE_ORDER: order = SLOT_ORDER, CUDA_VISIBLE_DEVICES: list = '' } = environment;
  const isNumbered = !/^(?:GPU|MIG)-[^,]+(?:,(?:GPU|MIG)-[^,]+)*$/i.test(list);
  return order === SLOT_ORDER || !isNumbered || gpus.filter(({ device }) => device.startsWith('nvidia:')).length < 2;
}

/** The rooms of RAM and of these GPUs, in the order of the names. */
export function roomsOn<Room extends { device: string }>(rooms: readonly Room[], gpus: readonly string[]): Room[] {
  return [RAM, ...gpus].flatMap((name) => rooms.find(({ device }) => device === name) ?? []);
}

/**
 * The GPUs of a list such as `2,0` or `GPU-8932f937,GPU-0c2e`. A driver reads it up to the first GPU that it does not have.
 * `null`: the list has other names, or the UUIDs of the GPUs are unknown.
 */
function listedGpus(vendor: string, list: string, gpus: readonly KnownGpu[]): string[] | null {
  const names: string[] = [];
  for (const word of list.split(',').map((each) => each.trim())) {
    const isNumber = /^(?:-?\d+)?$/.test(word);
    const named = isNumber ? gpus.filter(({ device }) => device === `${vendor}:${word}`) : gpusWithId(word, gpus);
    if (named === null) return null;
    const [gpu] = named;
    if (gpu === undefined) return names;
    names.push(gpu.device);
  }
  return names;
}

/** The GPU with a UUID, if there is one; `null`: unknown. @param word A UUID, which may be cut off after some digits */
function gpusWithId(word: string, gpus: readonly KnownGpu[]): readonly KnownGpu[] | null {
  // Older drivers put numbers behind the UUID of the GPU: `MIG-GPU-8932f937/1/0`.
  const old = /^MIG-(GPU-[^/]+)\/\d+\/\d+$/.exec(word)?.[1];
  const id = (old ?? word).toLowerCase();
  if (!/^(?:gpu|mig)-./.test(id) || gpus.some(({ ids = [] }) => ids.length === 0)) return null;
  const found = gpus.filter(({ ids = [] }) => ids.some((own) => own.toLowerCase().startsWith(id)));
  // MIG devices come and go while the server runs.
  return found.length > 1 || (found.length === 0 && id.startsWith('mig-')) ? null : found;
}

import type { MemoryOptions } from '../instances/ports/memory-options.ts';
import { HIDING, type KnownGpu } from './visible-gpus.ts';

/** A GPU that an engine may get alone. */
export interface SingleGpu {
  device: string;
  /** Variables that hide all other GPUs from the engine. */
  variables: Readonly<Record<string, string>>;
}

/**
 * The GPUs of which an engine may get one alone: several of NVIDIA with UUIDs. Empty if the launch says itself which GPUs it uses.
 * GPUs of AMD have no names here that are sure to mean the same GPU for the engine. A GPU in MIG mode cannot be named as a whole.
 *
 * @param gpus All GPUs that the engine sees.
 * @param environment Variables of the instance and of its engine's configuration.
 */
export function singleGpus(
  gpus: readonly KnownGpu[],
  environment: Readonly<Record<string, string>>,
  { gpuLayers, picksGpus }: Pick<MemoryOptions, 'gpuLayers' | 'picksGpus'>,
): SingleGpu[] {
  const isHidden = Object.values(HIDING).some((names) => names.some((name) => environment[name] !== undefined));
  if (gpus.length < 2 || gpuLayers === 0 || picksGpus || isHidden) return [];
  const singles = gpus.map(({ device, ids = [] }) => {
    const [uuid, ...slices] = ids;
    const isNamed = device.startsWith('nvidia:') && uuid?.startsWith('GPU-') === true && slices.length === 0;
    return isNamed ? { device, variables: { CUDA_VISIBLE_DEVICES: uuid } } : null;
  });
  const named = singles.filter((single) => single !== null);
  return named.length < gpus.length ? [] : named;
}

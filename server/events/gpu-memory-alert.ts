import type { Gpu } from '@llamactl/contract/system';
import type { AlertSink } from '../instances/ports.ts';

export interface GpuMemoryAlertDependencies {
  alerts: AlertSink;
  /** Never rejects; empty where no tool tells. */
  gpus: () => Promise<readonly Gpu[]>;
}

/** Code of the alert. */
export const GPU_MEMORY_LOW = 'gpu_memory_low';

const GIBIBYTE = 1_073_741_824;

/**
 * An alert for each instance whose engine could not get the GPU memory it needs: of its own, so that it tells nobody of
 * the others. A GPU that is merely full is none: that is what models do to it.
 */
export class GpuMemoryAlert {
  readonly #with: GpuMemoryAlertDependencies;
  readonly #short = new Set<string>();

  constructor(dependencies: GpuMemoryAlertDependencies) {
    this.#with = dependencies;
  }

  /** An engine of this instance ended for want of GPU memory. */
  async note(name: string): Promise<void> {
    if (this.#short.has(name)) return;
    this.#short.add(name);
    const gpus = await this.#with.gpus();
    if (!this.#short.has(name)) return;
    const message = messageOf(name, gpus);
    this.#with.alerts.raise({ level: 'warning', code: GPU_MEMORY_LOW, message, instance: name });
  }

  /** It runs, was stopped or changed, or is gone. */
  forget(name: string): void {
    this.#short.delete(name);
    this.#with.alerts.clear(GPU_MEMORY_LOW, name);
  }
}

function messageOf(instance: string, gpus: readonly Gpu[]): string {
  const free = gpus.flatMap(({ index, name, memory_total: total, memory_usage: usage }) =>
    total === null || usage === null
      ? []
      : [` GPU ${index} (${name}) has ${gibibytes(Math.max(0, total - usage))} of ${gibibytes(total)} GiB free.`],
  );
  return `There is too little GPU memory for ${instance}.${free.join('')} Stop an instance that uses it, or set fewer gpu_layers, a smaller ctx_size or a smaller model.`;
}

function gibibytes(bytes: number): string {
  return (bytes / GIBIBYTE).toFixed(1);
}

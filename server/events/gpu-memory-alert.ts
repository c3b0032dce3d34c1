import type { Gpu } from '@llamactl/contract/system';
import { memoryText } from '../../format/figures.ts';
import type { AlertSink } from '../instances/ports/alert-sink.ts';

export interface GpuMemoryAlertDependencies {
  alerts: AlertSink;
  /** Never rejects. Resolves with an empty list if no tool reports GPUs. */
  gpus: () => Promise<readonly Gpu[]>;
}

/** Code of the alert. */
export const GPU_MEMORY_LOW = 'gpu_memory_low';

/**
 * Raises one alert for each instance whose engine could not get the GPU memory it needs. The alerts are separate, so
 * that no caller learns of other instances. A GPU that is merely full raises no alert: models normally fill it.
 */
export class GpuMemoryAlert {
  readonly #dependencies: GpuMemoryAlertDependencies;
  readonly #short = new Set<string>();

  constructor(dependencies: GpuMemoryAlertDependencies) {
    this.#dependencies = dependencies;
  }

  /** Raises the alert, because an engine of this instance ended when GPU memory ran out. */
  async note(name: string): Promise<void> {
    if (this.#short.has(name)) return;
    this.#short.add(name);
    const gpus = await this.#dependencies.gpus();
    if (!this.#short.has(name)) return;
    const message = messageOf(name, gpus);
    this.#dependencies.alerts.raise({ level: 'warning', code: GPU_MEMORY_LOW, message, instance: name });
  }

  /** Clears the alert, because the instance runs, was stopped or changed, or is deleted. */
  forget(name: string): void {
    this.#short.delete(name);
    this.#dependencies.alerts.clear(GPU_MEMORY_LOW, name);
  }
}

function messageOf(instance: string, gpus: readonly Gpu[]): string {
  const free = gpus.flatMap(({ index, name, memory_total: total, memory_usage: usage }) =>
    total === null || usage === null
      ? []
      : [` GPU ${index} (${name}) has ${memoryText(Math.max(0, total - usage))} of ${memoryText(total)} free.`],
  );
  return `There is too little GPU memory for ${instance}.${free.join('')} Stop an instance that uses it, or set fewer gpu_layers, a smaller ctx_size or a smaller model.`;
}

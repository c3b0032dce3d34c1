import type { EngineDevices } from './engine-devices.ts';
import type { FindProgram } from './engine-ports.ts';
import type { Launcher } from './flag-catalogue.ts';

export interface CudaProgramsOptions {
  devices: EngineDevices;
  /** Grows when a program has changed. */
  learnings: () => number;
  findProgram: FindProgram;
  /** As PATH. */
  searchPath: string;
}

/** Knows which programs compute on NVIDIA's GPUs by CUDA. Those of Vulkan see all GPUs, whatever `CUDA_VISIBLE_DEVICES` says. */
export class CudaPrograms {
  readonly #options: CudaProgramsOptions;
  readonly #known = new Map<string, { learnings: number; has: boolean }>();

  constructor(options: CudaProgramsOptions) {
    this.#options = options;
  }

  /** Never rejects. Runs the program the first time. */
  async has({ command, args }: Launcher): Promise<boolean> {
    const key = JSON.stringify([command, ...args]);
    const learnings = this.#options.learnings();
    const before = this.#known.get(key);
    if (before?.learnings === learnings) return before.has;
    const gpus = await this.#gpus({ command, args });
    // A failure may pass.
    if (gpus === null) return false;
    const has = gpus.length > 0 && gpus.every((name) => /^CUDA\d+$/.test(name));
    this.#known.set(key, { learnings, has });
    return has;
  }

  /** Names of the devices with memory of their own, unlike that of BLAS; `null`: unknown. */
  async #gpus({ command, args }: Launcher): Promise<string[] | null> {
    const { devices, findProgram, searchPath } = this.#options;
    try {
      const found = await devices.of({ command: await findProgram(command, searchPath), args });
      return found?.flatMap(({ name, memory_total: total }) => (total === null ? [] : [name])) ?? null;
    } catch {
      // The start itself says that the program is missing.
      return null;
    }
  }
}

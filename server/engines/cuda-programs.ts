import { atMost, type Clock } from '../instances/ports/time.ts';
import type { EngineDevices } from './engine-devices.ts';
import type { FindProgram } from './engine-ports.ts';
import type { Launcher } from './flag-catalogue.ts';

export interface CudaProgramsOptions {
  clock: Pick<Clock, 'after'>;
  devices: EngineDevices;
  /** Grows when a program has changed. */
  learnings: () => number;
  findProgram: FindProgram;
  /** As PATH. */
  searchPath: string;
}

/**
 * Longest wait of a start for the list of a program, which takes seconds if the driver is not loaded. A start whose figures
 * take too long in all is not limited by memory.
 */
const LONGEST_WAIT_MS = 3_000;

/** Knows which programs compute on NVIDIA's GPUs by CUDA. Those of Vulkan see all GPUs, whatever `CUDA_VISIBLE_DEVICES` says. */
export class CudaPrograms {
  readonly #options: CudaProgramsOptions;
  readonly #known = new Map<string, { learnings: number; count: number }>();

  constructor(options: CudaProgramsOptions) {
    this.#options = options;
  }

  /** Number of GPUs that a program sees; 0: not by CUDA alone, or not known yet. Never rejects. Runs the program the first time. */
  async gpus({ command, args }: Launcher): Promise<number> {
    const key = JSON.stringify([command, ...args]);
    const learnings = this.#options.learnings();
    const before = this.#known.get(key);
    if (before?.learnings === learnings) return before.count;
    let count = 0;
    const listed = this.#list({ command, args }).then((names) => {
      // A failure may pass.
      if (names === null) return;
      count = names.every((name) => /^CUDA\d+$/.test(name)) ? names.length : 0;
      this.#known.set(key, { learnings, count });
    });
    await atMost(this.#options.clock, LONGEST_WAIT_MS, listed);
    return count;
  }

  /** Names of the devices with memory of their own, unlike that of BLAS; `null`: unknown. Never rejects. */
  async #list({ command, args }: Launcher): Promise<string[] | null> {
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

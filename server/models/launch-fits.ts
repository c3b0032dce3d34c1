import { stat } from 'node:fs/promises';
import type { FindProgram } from '../engines/engine-ports.ts';
import type { MemoryOptions } from '../instances/ports/memory-options.ts';
import type { LaunchPlan } from '../instances/ports/runs.ts';
import { LaunchFit } from './launch-fit.ts';
import { figureKey, type LaunchFigures } from './launch-figures.ts';
import type { Processor, SettledOptions } from './memory-estimate.ts';
import type { ModelMemories } from './model-memory.ts';

export interface LaunchFitsDependencies {
  memories: Pick<ModelMemories, 'of'>;
  processor: () => Promise<Processor>;
  figures: Pick<LaunchFigures, 'of'>;
  findProgram: FindProgram;
  /** As PATH. */
  searchPath: string;
}

/** The fit of a launch, and the key of its figures. */
export interface PlannedFit {
  fit: LaunchFit;
  /** The key of its figures with these options; `null`: they are not remembered. */
  keyOf: (options: SettledOptions, gpus: readonly string[]) => string | null;
}

/** Makes the fit of launches: computed from their files, or remembered from an earlier launch. */
export class LaunchFits {
  readonly #dependencies: LaunchFitsDependencies;
  #processor: Promise<Processor> | null = null;

  constructor(dependencies: LaunchFitsDependencies) {
    this.#dependencies = dependencies;
  }

  /** @throws {GgufFault} why a file cannot be loaded; or the error of the system */
  async of(plan: LaunchPlan, options: MemoryOptions & { model: string }): Promise<PlannedFit> {
    const { memories, processor, figures } = this.#dependencies;
    const [model, identity, kind] = await Promise.all([
      memories.of(options.model, options.companions),
      this.#identity(plan, options),
      (this.#processor ??= processor()),
    ]);
    const keyOf: PlannedFit['keyOf'] = (settled, gpus) => {
      // Without shares, the free memory of that moment decides what each of several GPUs gets.
      const isShared = gpus.length > 1 && settled.shares === null && settled.split !== 'one';
      return identity === null || isShared ? null : figureKey(identity, settled, gpus);
    };
    const fit = new LaunchFit(model, kind, (settled, gpus) => {
      const key = keyOf(settled, gpus);
      return key === null ? null : figures.of(key);
    });
    return { fit, keyOf };
  }

  /** The versions of the program and of the files, and the variables; `null`: the program is unknown, as in a container. */
  async #identity({ command, environment, container }: LaunchPlan, options: MemoryOptions): Promise<unknown> {
    if (container !== undefined) return null;
    const { findProgram, searchPath } = this.#dependencies;
    try {
      const program = await findProgram(command, environment['PATH'] ?? searchPath);
      const files = [program, options.model, ...options.companions.map((companion) => companion.path)];
      const versions = await Promise.all(files.filter((file) => file !== null).map(versionOf));
      return [versions, Object.entries(environment).toSorted(([one], [other]) => (one < other ? -1 : 1))];
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return null;
    }
  }
}

async function versionOf(file: string): Promise<readonly unknown[]> {
  const { ino, size, mtimeMs } = await stat(file);
  return [file, ino, size, mtimeMs];
}

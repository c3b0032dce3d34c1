import type { Gpu } from '@llamactl/contract/system';
import { customEngine } from '../engines/custom.ts';
import { llamaCpp } from '../engines/llama-cpp.ts';
import { parsePasted } from '../engines/pasted/pasted-text.ts';
import type { Engines } from '../instances/ports/engine-adapter.ts';
import type { LaunchFigures } from '../models/launch-figures.ts';
import { LaunchFits } from '../models/launch-fits.ts';
import { type Holder, MemoryEstimator } from '../models/memory-estimator.ts';
import { ModelMemories } from '../models/model-memory.ts';

const MEBIBYTE = 1_048_576;

/** The adapter of llama-server without a program, so that it knows no flags, and that of custom engines. */
export function llamaEngines(): Engines {
  const findProgram = async (command: string): Promise<string> => command;
  const adapter = llamaCpp({
    readText: async () => null,
    devices: { of: async () => null },
    config: { command: 'llama-server', args: [], environment: {} },
    catalogues: {
      known: () => null,
      isLearnt: () => false,
      loads: () => 0,
      learn: async () => undefined,
      version: () => null,
      load: async () => ({ catalogue: null, warning: 'there is no llama-server' }),
    },
    findProgram,
    searchPath: '',
    contextFolder: null,
    allowPrivileged: false,
  });
  const adapters = new Map([
    ['llama_cpp', adapter],
    ['custom', customEngine({ name: 'custom', config: null, findProgram, searchPath: '', allowPrivileged: false })],
  ]);
  return {
    find: (name) => adapters.get(name) ?? null,
    names: () => [...adapters.keys()],
    parse: async (text) => parsePasted(text, null),
  };
}

/** A machine of a test; its memory in MiB. */
export interface SmallMachine {
  total: number;
  available: number;
  gpus?: readonly { total: number; free: number }[];
  holders?: () => readonly Holder[];
}

/** Fits of a processor that keeps the order of weights. */
export function plainFits(figures: Pick<LaunchFigures, 'of'> = { of: () => null }): LaunchFits {
  const findProgram = async (): Promise<string> => import.meta.filename;
  return new LaunchFits({
    memories: new ModelMemories(),
    processor: async () => 'other',
    figures,
    findProgram,
    searchPath: '',
  });
}

/** Estimates memory on a machine that a test makes up. Its processor keeps the order of weights. */
export function estimatorOn({ total, available, gpus = [], holders = () => [] }: SmallMachine): MemoryEstimator {
  return new MemoryEstimator({
    engines: llamaEngines(),
    fits: plainFits(),
    terms: null,
    ram: () => ({ total: total * MEBIBYTE, usage: (total - available) * MEBIBYTE }),
    gpus: async () =>
      gpus.map((gpu, index): Gpu => ({
        index,
        vendor: 'nvidia',
        name: 'GPU',
        memory_total: gpu.total * MEBIBYTE,
        memory_usage: (gpu.total - gpu.free) * MEBIBYTE,
        utilization: null,
        temperature: null,
        power: null,
      })),
    holders,
  });
}

/** Answers every estimate alike, whatever the model. */
export const fixedEstimator: Pick<MemoryEstimator, 'estimate' | 'files' | 'withOptions'> = {
  files: () => [],
  withOptions: (settings) => settings,
  estimate: async () => ({
    fits: true,
    per_device: [{ device: 'ram', total: 3, free: 2, need: 1, weights: 1, cache: 0, compute: 0 }],
    mustStop: [],
    suggestions: [],
    context: 4_096,
    gpu_layers: 0,
    source: 'estimated',
  }),
};

import { customEngine } from '../engines/custom.ts';
import { llamaCpp } from '../engines/llama-cpp.ts';
import { parsePasted } from '../engines/pasted/pasted-text.ts';
import type { Engines } from '../instances/ports/engine-adapter.ts';
import type { DeviceMemory } from '../instances/ports/machine-memory.ts';
import type { LaunchPlan } from '../instances/ports/runs.ts';
import { MemorySurvey } from '../instances/slots/memory-survey.ts';
import type { LaunchFigures } from '../models/launch-figures.ts';
import { LaunchFits } from '../models/launch-fits.ts';
import { EstimatedNeeds } from '../models/launch-needs.ts';
import { MemoryEstimator } from '../models/memory-estimator.ts';
import { ModelMemories } from '../models/model-memory.ts';

const MEBIBYTE = 1_048_576;

/**
 * The adapter of llama-server without a program, so that it knows no flags, and that of custom engines.
 *
 * @param devices Names of the devices that the program lists; `null`: it lists none
 */
export function llamaEngines(devices: readonly string[] | null = null): Engines {
  const findProgram = async (command: string): Promise<string> => command;
  const adapter = llamaCpp({
    readText: async () => null,
    clock: { after: () => () => undefined },
    devices: {
      of: async () =>
        devices?.map((name) => ({ name, description: name, memory_total: MEBIBYTE, memory_free: MEBIBYTE })) ?? null,
    },
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
    parse: async (text) => parsePasted(text, { catalogue: null, allowPrivileged: false }),
  };
}

/** A run that a test makes up. */
export interface FakeRun {
  id: string;
  engine: string;
  plan: LaunchPlan;
  /** Default: it is idle. */
  leases?: number;
  /** Smaller is earlier. Default: 0. */
  lastUsed?: number;
}

/** A machine of a test; its memory in MiB. */
export interface SmallMachine {
  total: number;
  available: number;
  gpus?: readonly { total: number; free: number; ids?: readonly string[] }[];
  runs?: () => readonly FakeRun[];
  /** A start gives an engine one of the GPUs. Default: it does not. */
  placesEngines?: boolean;
  /** Variables that engines inherit. Default: none. */
  inherited?: Readonly<Record<string, string>>;
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

/** The memory of such a machine. */
export function memoryOf({ total, available, gpus = [] }: SmallMachine): DeviceMemory[] {
  const of = (device: string, all: number, free: number): DeviceMemory => ({
    device,
    total: all * MEBIBYTE,
    used: (all - free) * MEBIBYTE,
    swap: null,
  });
  return [
    of('ram', total, available),
    ...gpus.map((gpu, index) => ({
      ...of(`nvidia:${index}`, gpu.total, gpu.free),
      ...(gpu.ids === undefined ? {} : { ids: gpu.ids }),
    })),
  ];
}

/** Estimates memory on a machine that a test makes up. Its processor keeps the order of weights. Memory limits no start. */
export function estimatorOn(machine: SmallMachine): MemoryEstimator {
  const { runs = () => [], inherited = {}, placesEngines = false } = machine;
  const figures = { of: () => null, note: async () => undefined };
  const engines = llamaEngines(['CUDA0', 'CUDA1']);
  const needs = new EstimatedNeeds({ engines, fits: plainFits(), figures, inherited, placesEngines });
  const runOf = (id: string): FakeRun | undefined => runs().find((run) => run.id === id);
  const outlook = new MemorySurvey({
    clock: { elapsed: () => 1_000 },
    admission: null,
    meter: { read: async () => memoryOf(machine) },
    needs,
    use: (id) => ({ phase: 'running', leases: runOf(id)?.leases ?? 0, lastUsed: runOf(id)?.lastUsed ?? 0 }),
    isPinned: () => false,
    runs,
  });
  return new MemoryEstimator({ engines, needs, outlook });
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

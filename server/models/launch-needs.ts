import { codeOf } from '@llamactl/contract/reason';
import type { Engines } from '../instances/ports/engine-adapter.ts';
import type { DeviceNeed, DeviceRoom, LaunchNeed, LaunchNeeds } from '../instances/ports/machine-memory.ts';
import type { MemoryOptions } from '../instances/ports/memory-options.ts';
import type { LaunchPlan } from '../instances/ports/runs.ts';
import { GgufFault } from './gguf-header.ts';
import { LaunchFit } from './launch-fit.ts';
import { generousOptions, type ModelMemory, type Need, type Processor, RAM, withMargin } from './memory-estimate.ts';
import type { ModelMemories } from './model-memory.ts';

export interface LaunchNeedsDependencies {
  engines: Engines;
  memories: Pick<ModelMemories, 'of'>;
  processor: () => Promise<Processor>;
}

/** The needs of launches, computed from their model files and options. */
export class EstimatedNeeds implements LaunchNeeds {
  readonly #dependencies: LaunchNeedsDependencies;
  #processor: Promise<Processor> | null = null;

  constructor(dependencies: LaunchNeedsDependencies) {
    this.#dependencies = dependencies;
  }

  async of(
    { engine, plan }: { engine: string; plan: LaunchPlan },
    now: readonly DeviceRoom[],
    alone: readonly DeviceRoom[],
  ): Promise<LaunchNeed | null> {
    const { engines, memories, processor } = this.#dependencies;
    const options = engines.find(engine)?.memory(plan) ?? null;
    if (options === null || options.model === null) return null;
    const model = await readable(memories.of(options.model, options.companions));
    if (model === null) return null;
    return needOf({ model, options, processor: await (this.#processor ??= processor()) }, now, alone);
  }
}

/** `null`: a file cannot be read or is no model. The start itself says so. */
async function readable(reading: Promise<ModelMemory>): Promise<ModelMemory | null> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof GgufFault || codeOf(error) !== null) return null;
    throw error;
  }
}

interface Subject {
  model: ModelMemory;
  options: MemoryOptions;
  processor: Processor;
}

/**
 * The engine makes smaller what is not given. So the need is all that it would like, if that fits beside the runs of now; else
 * what it would take if it ran alone.
 */
function needOf(
  { model, options, processor }: Subject,
  now: readonly DeviceRoom[],
  alone: readonly DeviceRoom[],
): LaunchNeed {
  const fit = new LaunchFit(model, processor);
  const wish = {
    ...generousOptions(options, model.facts),
    gpuLayers: now.length > 1 ? (options.gpuLayers ?? Infinity) : 0,
  };
  const rooms = fit.fits(wish, now) ? now : alone;
  const settled = fit.settled(options, rooms);
  return {
    devices: fit.needs(settled, rooms).map((need) => deviceNeed(need, options.isMapped)),
    source: 'estimated',
    suggestions: fit.suggestions(settled, alone).map(({ label }) => label),
  };
}

function deviceNeed(need: Need, isMapped: boolean): DeviceNeed {
  const { device, weights, cache, compute } = need;
  const droppable = device === RAM && isMapped ? weights : 0;
  return {
    device,
    whole: withMargin(need),
    resident: withMargin({ ...need, weights: weights - droppable }),
    least: Math.ceil(weights - droppable + cache + compute),
  };
}

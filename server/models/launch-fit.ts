import type { LaunchSuggestion, NeedSource } from '../instances/ports/machine-memory.ts';
import type { CacheType, MemoryOptions } from '../instances/ports/memory-options.ts';
import {
  bareNeeds,
  generousOptions,
  type ModelMemory,
  type Need,
  type Processor,
  RAM,
  type SettledOptions,
  withMargin,
} from './memory-estimate.ts';

/** Memory that a start may take on one device; bytes. */
export interface Room {
  device: string;
  total: number;
  free: number;
}

/** Needs that are known better than by computation. */
export interface KnownNeeds {
  source: NeedSource;
  needs: readonly Need[];
}

/** Looks up the needs of a launch with these options on these GPUs; `null`: only computation helps. */
export type Recall = (options: SettledOptions, gpus: readonly string[]) => KnownNeeds | null;

/** Steps of a suggested context, in tokens. */
const CONTEXT_STEP = 256;
/** The smallest context that is suggested, and to which llama-server reduces one by itself. */
const LEAST_SUGGESTED = 1_024;
const LEAST_CHOSEN = 4_096;
/** Types of a smaller cache, which need flash attention, from the largest. */
const SMALLER_TYPES: readonly CacheType[] = ['q8_0', 'q4_0'];

/** Answers whether a model fits with options. All its methods try the same estimate. Pure. */
export class LaunchFit {
  readonly #model: ModelMemory;
  readonly #processor: Processor;
  readonly #recall: Recall;

  constructor(model: ModelMemory, processor: Processor, recall: Recall = () => null) {
    this.#model = model;
    this.#processor = processor;
    this.#recall = recall;
  }

  /** Tokens. */
  get trainedContext(): number {
    return this.#model.facts.context;
  }

  /** The bare need on each device, RAM first. */
  needs(options: SettledOptions, rooms: readonly Room[]): readonly Need[] {
    return this.#recall(options, gpusOf(rooms))?.needs ?? this.#computed(options, rooms);
  }

  /** Where {@link needs} are from. */
  source(options: SettledOptions, rooms: readonly Room[]): NeedSource {
    return this.#recall(options, gpusOf(rooms))?.source ?? 'estimated';
  }

  #computed(options: SettledOptions, rooms: readonly Room[]): Need[] {
    const gpus = rooms.filter(({ device }) => device !== RAM).map(({ device, free }) => ({ name: device, free }));
    return bareNeeds(this.#model, options, { gpus, processor: this.#processor });
  }

  fits(options: SettledOptions, rooms: readonly Room[]): boolean {
    const free = new Map(rooms.map((room) => [room.device, room.free]));
    return this.needs(options, rooms).every((need) => withMargin(need) <= (free.get(need.device) ?? 0));
  }

  /**
   * The options with which the engine would start: what is not given it makes smaller until it fits, first the context, then
   * the layers on GPUs.
   */
  settled(options: MemoryOptions, rooms: readonly Room[]): SettledOptions {
    const hasGpu = rooms.length > 1;
    const wanted = this.wanted(options, rooms);
    if (this.fits(wanted, rooms)) return wanted;
    const least = Math.min(LEAST_CHOSEN, wanted.context);
    const withContext = (context: number): SettledOptions => ({ ...wanted, context });
    if (options.shrinks) {
      const context = this.#largestContext(withContext, rooms, { least, most: wanted.context });
      if (context !== null) return withContext(context);
    }
    const shrunk = options.shrinks ? withContext(least) : wanted;
    if (options.gpuLayers !== null || !hasGpu) return shrunk;
    const withLayers = (gpuLayers: number): SettledOptions => ({ ...shrunk, gpuLayers });
    const fewer = largest(0, wanted.gpuLayers, (count) => this.#fitsGpus(withLayers(count), rooms));
    return withLayers(fewer ?? 0);
  }

  /** The options with which the engine would start if it had enough memory. */
  wanted(options: MemoryOptions, rooms: readonly Room[]): SettledOptions {
    const wish = generousOptions(options, this.#model.facts);
    const layers = this.#model.facts.layers.length + 1;
    return { ...wish, gpuLayers: rooms.length > 1 ? Math.min(wish.gpuLayers, layers) : 0 };
  }

  /**
   * The smallest options that the engine chooses by itself, with all layers that it would like on GPUs; `null`: it chooses nothing
   * smaller. Without layers on GPUs it does not: it takes all RAM for free.
   */
  smallest(options: MemoryOptions, rooms: readonly Room[]): SettledOptions | null {
    const wanted = this.wanted(options, rooms);
    const isSmaller = options.shrinks && options.cacheOnGpu && wanted.gpuLayers > 0 && wanted.context > LEAST_CHOSEN;
    return isSmaller ? { ...wanted, context: LEAST_CHOSEN } : null;
  }

  /** Options with which the model fits, if it does not fit with `options`. */
  suggestions(options: SettledOptions, rooms: readonly Room[]): LaunchSuggestion[] {
    if (this.fits(options, rooms)) return [];
    return [
      ...this.#smallerContext(options, rooms),
      ...this.#smallerCache(options, rooms),
      ...this.#fewerLayers(options, rooms),
      ...this.#expertsInRam(options, rooms),
    ];
  }

  #smallerContext(options: SettledOptions, rooms: readonly Room[]): LaunchSuggestion[] {
    const context = this.#suggestedContext(options, rooms);
    return context === null ? [] : [{ label: contextLabel(context), options: { ctx_size: context } }];
  }

  /** A cache of smaller types. If only the smallest fits, also a larger one with less context. */
  #smallerCache(options: SettledOptions, rooms: readonly Room[]): LaunchSuggestion[] {
    if (!options.flashAttention) return [];
    const without = this.#suggestedContext(options, rooms) ?? 0;
    const found: LaunchSuggestion[] = [];
    for (const type of SMALLER_TYPES.slice(SMALLER_TYPES.findIndex((each) => each === options.keys) + 1)) {
      const smaller = { ...options, keys: type, values: type };
      const flags = { cache_type_k: type, cache_type_v: type };
      const label = `a cache of type ${type}`;
      if (this.fits(smaller, rooms)) return [...found, { label, options: flags }];
      const context = this.#suggestedContext(smaller, rooms) ?? 0;
      if (found.length === 0 && context > without)
        found.push({ label: `${contextLabel(context)} and ${label}`, options: { ctx_size: context, ...flags } });
    }
    return found;
  }

  #fewerLayers(options: SettledOptions, rooms: readonly Room[]): LaunchSuggestion[] {
    const layers = this.#model.facts.layers.length + 1;
    const most = Math.min(options.gpuLayers, layers) - 1;
    const count = largest(0, most, (gpuLayers) => this.fits({ ...options, gpuLayers }, rooms));
    return count === null ? [] : [{ label: `${count} of ${layers} layers on GPUs`, options: { n_gpu_layers: count } }];
  }

  /** The experts of as few layers as possible. */
  #expertsInRam(options: SettledOptions, rooms: readonly Room[]): LaunchSuggestion[] {
    const { layers } = this.#model.facts;
    if (options.gpuLayers === 0 || layers.every(({ experts }) => experts === 0)) return [];
    const kept = largest(0, layers.length, (onGpus) => {
      const cpuExperts = layers.length - onGpus;
      return cpuExperts > options.cpuExperts && this.fits({ ...options, cpuExperts }, rooms);
    });
    if (kept === null) return [];
    const count = layers.length - kept;
    return [{ label: `the experts of ${count} of ${layers.length} layers in RAM`, options: { n_cpu_moe: count } }];
  }

  #suggestedContext(options: SettledOptions, rooms: readonly Room[]): number | null {
    const withContext = (context: number): SettledOptions => ({ ...options, context });
    // Beyond the trained context answers get worse, so a larger one is no help.
    const trained = this.trainedContext * (options.isUnified ? 1 : options.sequences);
    const most = Math.min(options.context - CONTEXT_STEP, trained);
    return this.#largestContext(withContext, rooms, { least: LEAST_SUGGESTED, most });
  }

  /** The largest context in whole steps that fits; `null`: not even the least one does. */
  #largestContext(
    withContext: (context: number) => SettledOptions,
    rooms: readonly Room[],
    { least, most }: { least: number; most: number },
  ): number | null {
    const steps = largest(Math.ceil(least / CONTEXT_STEP), Math.floor(most / CONTEXT_STEP), (count) =>
      this.fits(withContext(count * CONTEXT_STEP), rooms),
    );
    return steps === null ? null : steps * CONTEXT_STEP;
  }

  #fitsGpus(options: SettledOptions, rooms: readonly Room[]): boolean {
    const free = new Map(rooms.map((room) => [room.device, room.free]));
    return this.needs(options, rooms).every(
      (need) => need.device === RAM || withMargin(need) <= (free.get(need.device) ?? 0),
    );
  }
}

function gpusOf(rooms: readonly Room[]): string[] {
  return rooms.filter(({ device }) => device !== RAM).map(({ device }) => device);
}

function contextLabel(tokens: number): string {
  return `a context of ${tokens} tokens`;
}

/** The largest whole number from `least` to `most` that passes, if each one below a passing one passes; `null`: none. */
function largest(least: number, most: number, passes: (count: number) => boolean): number | null {
  if (most < least || !passes(least)) return null;
  let [good, bad] = [least, most + 1];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (passes(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

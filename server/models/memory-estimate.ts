import type { CacheType, MemoryCompanion, MemoryOptions } from '../instances/ports/memory-options.ts';
import { type MemoryFacts, type MemoryLayer, Q8_0 } from './memory-facts.ts';

/**
 * The memory that llama.cpp needs for a model with options, computed from the facts of the files. Weights and caches follow
 * from its source; the parts that it computes with were fitted to build 11669, whose projections `memory-estimate.test.ts` has.
 */

/** Name of the memory of the machine. */
export const RAM = 'ram';

/** A model with the other files that are loaded with it. */
export interface ModelMemory {
  facts: MemoryFacts;
  companions: readonly CompanionMemory[];
}

/** A companion: `facts` of a draft, which is a model too; `bytes` of the weights of all others. */
export interface CompanionMemory extends Pick<MemoryCompanion, 'kind' | 'onGpu'> {
  bytes: number;
  facts: MemoryFacts | null;
}

/** How an engine uses a machine. */
export interface MemoryPlaces {
  /** GPUs in the order in which the engine counts them. `free`: bytes. */
  gpus: readonly { name: string; free: number }[];
  processor: Processor;
}

/** Processors for which llama.cpp copies weights in another order. */
export type Processor = 'amx' | 'arm' | 'other';

/** Bytes on one device. */
export interface Need {
  device: string;
  weights: number;
  cache: number;
  compute: number;
  /** RAM that a run used beyond the rest, such as a cache of prompts. It starts without that; absent: none. */
  surplus?: number | undefined;
  /** The engine itself has reported it; absent: computed. */
  isReported?: true | undefined;
}

/** Options with a known context and number of layers. */
export type SettledOptions = MemoryOptions & { context: number; gpuLayers: number };

const CACHE_BYTES: Readonly<Record<CacheType, number>> = {
  f32: 4,
  f16: 2,
  bf16: 2,
  q8_0: 34 / 32,
  q5_1: 24 / 32,
  q5_0: 22 / 32,
  q4_1: 20 / 32,
  q4_0: 18 / 32,
  iq4_nl: 18 / 32,
};
/** Caches have a multiple of so many tokens. */
const CELLS = 256;
/** Bytes of a 32-bit number, of which llama.cpp computes. */
const NUMBER = 4;

/** ggml's types of matrices that are reordered on each kind of processor. A reordered table of tokens is a second copy. */
const REORDERED: Readonly<Record<Processor, ReadonlySet<number>>> = {
  // Q4_0, Q4_1, Q8_0, Q4_K, Q5_K, Q6_K, IQ4_XS
  amx: new Set([2, 3, Q8_0, 12, 13, 14, 23]),
  // Q4_0, Q8_0, Q2_K, Q4_K, Q5_K, Q6_K, IQ4_NL, MXFP4
  arm: new Set([2, Q8_0, 10, 12, 13, 14, 20, 39]),
  // Q4_0, Q2_K, Q4_K, IQ4_NL, MXFP4
  other: new Set([2, 10, 12, 20, 39]),
};
/** AMX adds a sum of 4 bytes to each block of Q8_0, which has 34. */
const AMX_GROWTH = 4 / 34;

/** Margins for what the engine does not project, in bytes: its program and vocabulary; the driver's part on a GPU. */
const RAM_MARGIN = 100_000_000;
const GPU_MARGIN = 500_000_000;
const MARGIN = 1.1;
/** The engine's figures are rounded, and leave out a few buffers. */
const REPORTED_MARGIN = 1.02;

/**
 * The bare need of a model on each device that it uses; the memory of the machine is always the first. It has no margin, and
 * equals what the engine projects.
 */
export function bareNeeds(model: ModelMemory, options: SettledOptions, places: MemoryPlaces): Need[] {
  const needs = new Map<string, Need>([[RAM, nothingOn(RAM)]]);
  const on = (device: string): Need => {
    const need = needs.get(device) ?? nothingOn(device);
    needs.set(device, need);
    return need;
  };
  addModel(model.facts, options, places, on);
  for (const { kind, facts, bytes, onGpu } of model.companions) {
    const gpu = onGpu && options.gpuLayers > 0 ? places.gpus[options.mainGpu] : undefined;
    if (kind !== 'draft' || facts === null) on(gpu?.name ?? RAM).weights += bytes;
    else addModel(facts, { ...options, gpuLayers: gpu === undefined ? 0 : Infinity, cpuExperts: 0 }, places, on);
  }
  return [...needs.values()];
}

/** The options of an engine that has enough memory for all it would like: the trained context, and all layers on GPUs. */
export function generousOptions(options: MemoryOptions, { context }: MemoryFacts): SettledOptions {
  return { ...options, context: options.context ?? context, gpuLayers: options.gpuLayers ?? Infinity };
}

/** The bytes to keep free for a need: never less than the engine takes. */
export function withMargin({ device, weights, cache, compute, surplus = 0, isReported }: Need): number {
  const margin = device === RAM ? RAM_MARGIN : GPU_MARGIN;
  return Math.ceil((weights + cache + compute + surplus) * (isReported === true ? REPORTED_MARGIN : MARGIN) + margin);
}

/** The part of used bytes that is not the engine's program or the driver. */
export function withoutProgram(device: string, used: number): number {
  return Math.max(0, used - (device === RAM ? RAM_MARGIN : GPU_MARGIN));
}

function nothingOn(device: string): Need {
  return { device, weights: 0, cache: 0, compute: 0 };
}

function addModel(
  facts: MemoryFacts,
  options: SettledOptions,
  places: MemoryPlaces,
  on: (device: string) => Need,
): void {
  const { layers } = facts;
  const homes = homesOf(layers.length, options, places);
  const outputHome = homes[layers.length] ?? RAM;
  const growth = options.reorders && places.processor === 'amx' ? AMX_GROWTH : 0;
  on(RAM).weights += facts.input;
  on(outputHome).weights += facts.output + (outputHome === RAM ? facts.outputReordered * growth : 0);
  if (facts.tied !== null) on(outputHome).weights += secondCopy(facts.tied, outputHome, options, places.processor);
  const cells = cellsOf(facts, options);
  for (const [index, layer] of layers.entries()) {
    const home = homes[index] ?? RAM;
    on(home).weights += layer.weights + (home === RAM ? layer.reordered * growth : 0);
    on(index < options.cpuExperts ? RAM : home).weights += layer.experts;
    on(options.cacheOnGpu ? home : RAM).cache += cacheOf(layer, cells, options);
  }
  const compute = computeOf(facts, cells, options);
  const used = new Set(homes);
  for (const home of used) on(home).compute += compute;
  if (!used.has(RAM))
    on(RAM).compute += options.batch * (2 * NUMBER * facts.embedding + 2 * (cells.all + cells.window));
}

/** The device of each layer and, as the last one, of the output. */
function homesOf(depth: number, options: SettledOptions, { gpus }: MemoryPlaces): string[] {
  const usable = options.split === 'one' ? gpus.slice(options.mainGpu, options.mainGpu + 1) : gpus;
  const moved = usable.length === 0 ? 0 : Math.min(options.gpuLayers, depth + 1);
  const shares = usable.map(({ free }, index) =>
    Math.max(0, options.shares === null ? free : (options.shares[index] ?? 0)),
  );
  const sum = shares.reduce((total, share) => total + share, 0);
  return Array.from({ length: depth + 1 }, (_, index) => {
    const rank = index - (depth + 1 - moved);
    if (rank < 0) return RAM;
    let reached = 0;
    const place = shares.findIndex((share) => (reached += share) > (rank / moved) * sum);
    return usable[Math.max(0, place)]?.name ?? RAM;
  });
}

/** Bytes of the second copy of the table of tokens that serves as output; 0: the engine uses the first one. */
function secondCopy(
  { bytes, type }: { bytes: number; type: number },
  home: string,
  { reorders }: SettledOptions,
  processor: Processor,
): number {
  if (home !== RAM) return bytes;
  if (!reorders || !REORDERED[processor].has(type)) return 0;
  return processor === 'amx' && type === Q8_0 ? bytes * (1 + AMX_GROWTH) : bytes;
}

/** Tokens in the cache of one stream: of layers that see all, and of those with a window. */
interface Cells {
  streams: number;
  all: number;
  window: number;
}

function cellsOf({ window }: MemoryFacts, { context, sequences, isUnified, batch, fullWindow }: SettledOptions): Cells {
  const streams = isUnified ? 1 : sequences;
  const all = padded(Math.ceil(context / streams));
  const seen = padded(window * (isUnified ? sequences : 1) + Math.min(batch, context));
  return { streams, all, window: fullWindow || window === 0 ? all : Math.min(all, seen) };
}

function padded(tokens: number): number {
  return Math.ceil(tokens / CELLS) * CELLS;
}

function cacheOf(layer: MemoryLayer, { streams, all, window }: Cells, options: SettledOptions): number {
  const { keys, values, sequences } = options;
  const ofToken = layer.keys * CACHE_BYTES[keys] + layer.values * CACHE_BYTES[values] + layer.index * CACHE_BYTES.f16;
  return streams * (layer.slides ? window : all) * ofToken + layer.state * sequences;
}

/** Bytes for the results of one batch in one layer, which all layers share. */
function computeOf(facts: MemoryFacts, cells: Cells, options: SettledOptions): number {
  const { embedding, feedForward, inner, heads, vocabulary, layers, indexer } = facts;
  const batch = Math.min(options.batch, options.context);
  const isFlash = options.flashAttention && facts.hasFlash;
  const cached = layers.filter(({ keys }) => keys > 0);
  // Without a cache, the tokens of a batch see each other.
  const all = cached.length === 0 ? batch : cached.some(({ slides }) => !slides) ? cells.all : 0;
  const window = cached.some(({ slides }) => slides) ? cells.window : 0;
  const values = Math.max(
    (isFlash ? 3 : 2) * feedForward + 5 * embedding,
    inner === 0 ? 0 : 10 * inner + 2 * embedding,
    options.outputsAll ? vocabulary + 6 * embedding : 0,
  );
  const scores = isFlash
    ? 2 * (all + window)
    : NUMBER * Math.max(all, window) * (heads + 1) * (facts.isLatent ? 2 : 1) + 2 * window;
  return batch * (NUMBER * values + scores + indexBytes(indexer, cells));
}

/** Bytes for each token of a batch. */
function indexBytes(indexer: MemoryFacts['indexer'], { all }: Cells): number {
  if (indexer === null) return 0;
  return indexer.pools ? 48 * all + 14 * NUMBER * indexer.values : 20 * all;
}

/** Types of the numbers in an engine's cache of keys and values. */
export const CACHE_TYPES = ['f32', 'f16', 'bf16', 'q8_0', 'q5_1', 'q5_0', 'q4_1', 'q4_0', 'iq4_nl'] as const;
export type CacheType = (typeof CACHE_TYPES)[number];

/** The options of a launch that decide how much memory the engine needs. */
export interface MemoryOptions {
  /** The model file, absolute; `null`: the launch has none. */
  model: string | null;
  /** Tokens of all sequences together; `null`: not given, so the engine takes the trained context, or less if that does not fit. */
  context: number | null;
  /** Sequences at a time. */
  sequences: number;
  /** All sequences share one cache. */
  isUnified: boolean;
  /** Most tokens that are computed at a time. */
  batch: number;
  keys: CacheType;
  values: CacheType;
  flashAttention: boolean;
  /** Layers with a window keep the whole context. */
  fullWindow: boolean;
  /** Each token of a batch gets a row of output. */
  outputsAll: boolean;
  /** `null`: not given, so the engine takes as many as fit. The output counts as one more layer. */
  gpuLayers: number | null;
  /** Layers, from the first, whose experts stay in the memory of the machine. */
  cpuExperts: number;
  /** Caches of layers on a GPU are there too. */
  cacheOnGpu: boolean;
  /** The engine may reorder weights for the processor. */
  reorders: boolean;
  /** Weights outside of GPUs are mapped files: the system may drop them and read them again. */
  isMapped: boolean;
  /** The engine reduces a context that was not given until it fits. */
  shrinks: boolean;
  /** The engine reports its memory before it reads weights. */
  reports: boolean;
  /** `one`: only {@link mainGpu}. */
  split: 'layers' | 'one';
  mainGpu: number;
  /** Names of the devices as the engine counts them, such as `CUDA0`; `null`: all that it sees. */
  devices: readonly string[] | null;
  /** The options say which GPUs the engine uses, or what each of them gets. */
  picksGpus: boolean;
  /** Shares of the GPUs; `null`: by their free memory. */
  shares: readonly number[] | null;
  /** Other files that the engine loads. Absolute paths. */
  companions: readonly MemoryCompanion[];
}

/** A file that an engine loads besides the model. */
export interface MemoryCompanion {
  kind: 'projector' | 'draft' | 'adapter';
  path: string;
  /** Tried on a GPU first. */
  onGpu: boolean;
}

import { z } from 'zod';
import type { GgufHeader, GgufTensor } from './gguf-header.ts';

const count = z.number().nonnegative();

const LayerSchema = z.object({
  /** Bytes of its weights without {@link experts}. */
  weights: count,
  /** Bytes of the weights of experts, which `--n-cpu-moe` keeps off GPUs. */
  experts: count,
  /** Bytes of {@link weights} that grow when a processor with AMX reorders them. */
  reordered: count,
  /** Values in the cache for each token: of keys and of values. */
  keys: count,
  values: count,
  /** Values in the cache for each token that always have 16 bits. */
  index: count,
  /** Whether it sees only the last tokens. */
  slides: z.boolean(),
  /** Bytes of its state for each sequence, which does not grow with the context. */
  state: count,
});
export type MemoryLayer = z.infer<typeof LayerSchema>;

/** The facts of a model's files that decide how much memory it needs. */
export const MemoryFactsSchema = z.object({
  architecture: z.string(),
  /** Trained context in tokens. */
  context: count,
  /** Bytes of the weights that stay in the memory of the machine, such as the table of tokens. */
  input: count,
  /** Bytes of the weights after the last layer, without the table of tokens that serves as output too. */
  output: count,
  /** As in a layer. */
  outputReordered: count,
  /** The table of tokens where it serves as output too; `null`: the output has weights of its own. */
  tied: z.object({ bytes: count, type: count }).nullable(),
  layers: z.array(LayerSchema),
  /** Tokens that a sliding layer sees. */
  window: count,
  embedding: count,
  /** Values between the two matrices of a layer; of a mixture of experts, those of the experts that one token uses. */
  feedForward: count,
  heads: count,
  vocabulary: count,
  /** Values of the state of a recurrent layer that are computed for each token. */
  inner: count,
  /** Whether keys and values share one latent vector. */
  isLatent: z.boolean(),
  /** Whether the engine has flash attention for this architecture. */
  hasFlash: z.boolean(),
  /** A second, small attention that selects tokens; `null`: none. */
  indexer: z.object({ values: count, pools: z.boolean() }).nullable(),
});
export type MemoryFacts = z.infer<typeof MemoryFactsSchema>;

/** Layers of the deepest model. Hostile files claim more. */
const MOST_LAYERS = 1_024;
/** Architectures that compute whole texts at a time, so they keep nothing for the next token. */
const CACHELESS =
  /^(?:dream|llada|llada-moe|rnd1|bert|modern-bert|neo-bert|eurobert|nomic-bert|nomic-bert-moe|jina-bert-v2|jina-bert-v3)$/;
/** Architectures whose attention is not computed as flash attention, whatever the options say. */
const FLASHLESS: ReadonlySet<string> = new Set(['grok']);
/** Every nth layer sees all tokens, in files that only have the length of the window. llama.cpp has the same table. */
const FULL_EVERY: ReadonlyMap<string, number> = new Map([
  ['gemma2', 2],
  ['gpt-oss', 2],
  ['cohere2', 4],
  ['llama4', 4],
  ['gemma3n', 5],
  ['gemma3', 6],
]);
/** Tensors before the first layer: the engine reads single rows of them, so it never offloads them. */
const INPUT = /^(?:token_embd|position_embd|token_types|per_layer_token_embd)/;
const TOKENS = 'token_embd.weight';
const OUTPUT = 'output.weight';
const IN_LAYER = /^(?:enc\.|dec\.)?blk\.(\d+)\.(.*)$/;
const EXPERTS = /_(?:ch)?exps\b/;
/** ggml's number of Q8_0. */
export const Q8_0 = 8;

interface Tensors {
  weights: number;
  experts: number;
  reordered: number;
  /** The file has its weights. A model may use those of another layer. */
  hasMatrix: boolean;
  /** It has a matrix for keys, of their own or together with queries and values. */
  hasKeys: boolean;
  hasJointKeys: boolean;
  /** It is recurrent. */
  hasState: boolean;
}

const NO_TENSORS: Tensors = {
  weights: 0,
  experts: 0,
  reordered: 0,
  hasMatrix: false,
  hasKeys: false,
  hasJointKeys: false,
  hasState: false,
};

/** Collects the tensors of all parts of a model. */
export class MemoryTensors {
  readonly layers: Tensors[] = [];
  input = 0;
  output = 0;
  outputReordered = 0;
  tokens = { bytes: 0, type: 0, count: 0 };
  hasOutput = false;

  readonly add = (tensor: GgufTensor): void => {
    const { name, bytes, type, dimensions } = tensor;
    const [, index, rest = ''] = IN_LAYER.exec(name) ?? [];
    if (index !== undefined && Number(index) < MOST_LAYERS) return this.#addToLayer(Number(index), rest, tensor);
    if (name === TOKENS) this.tokens = { bytes, type, count: dimensions[1] ?? 0 };
    if (name === OUTPUT) this.hasOutput = true;
    if (INPUT.test(name)) this.input += bytes;
    else {
      this.output += bytes;
      this.outputReordered += reorderedOf(tensor);
    }
  };

  #addToLayer(index: number, rest: string, tensor: GgufTensor): void {
    while (this.layers.length <= index) this.layers.push({ ...NO_TENSORS });
    const layer = this.layers[index];
    if (layer === undefined) return;
    if (EXPERTS.test(rest)) layer.experts += tensor.bytes;
    else {
      layer.weights += tensor.bytes;
      layer.reordered += reorderedOf(tensor);
    }
    layer.hasMatrix ||= tensor.dimensions.length > 1;
    layer.hasKeys ||= /^attn_(?:k|k_b|kv|kv_b|kv_a_mqa)\.weight$/.test(rest);
    layer.hasJointKeys ||= /^attn_qkv\.weight$/.test(rest);
    layer.hasState ||= /^(?:ssm_|shortconv|time_mix)/.test(rest);
  }
}

/** A matrix in Q8_0 grows by 4 bytes for each 32 values on a processor with AMX, if it has whole tiles of 32 rows. */
function reorderedOf({ type, dimensions: [columns = 1, rows = 1], bytes }: GgufTensor): number {
  return type === Q8_0 && columns % 32 === 0 && rows % 32 === 0 ? bytes : 0;
}

/** The facts of a model, from the header of its first part and the tensors of all parts. */
export function memoryFacts({ metadata, lists }: GgufHeader, tensors: MemoryTensors): MemoryFacts {
  const architecture = String(metadata.get('general.architecture') ?? '');
  const keys = new Keys(architecture, metadata, lists);
  const embedding = keys.number('embedding_length');
  // A model may run through its layers several times, with a cache for each time.
  const depth = Math.max(tensors.layers.length, Math.min(MOST_LAYERS, keys.number('block_count')));
  const stored = tensors.layers.filter(({ hasMatrix }) => hasMatrix);
  const largest = (key: string): number =>
    Math.max(0, ...Array.from({ length: depth }, (_, index) => keys.at(key, index)));
  const heads = largest('attention.head_count');
  const cache = new CacheShape(keys, architecture, depth, heads === 0 ? 0 : Math.floor(embedding / heads));
  const indexValues = keys.number('attention.indexer.head_count') * keys.number('attention.indexer.key_length');
  return {
    architecture,
    context: keys.number('context_length'),
    input: tensors.input,
    output: tensors.output,
    outputReordered: tensors.outputReordered,
    tied: tensors.hasOutput ? null : { bytes: tensors.tokens.bytes, type: tensors.tokens.type },
    layers: Array.from({ length: depth }, (_, index) => {
      const layer = tensors.layers[index] ?? NO_TENSORS;
      const { weights, experts, reordered } = layer;
      const shape = layer.hasMatrix ? layer : (stored[index % stored.length] ?? NO_TENSORS);
      return { weights, experts, reordered, ...cache.of(shape, index) };
    }),
    window: keys.number('attention.sliding_window'),
    embedding,
    feedForward: Math.max(
      largest('feed_forward_length'),
      keys.number('expert_used_count') * (keys.number('expert_feed_forward_length') || largest('feed_forward_length')),
    ),
    heads,
    vocabulary: tensors.tokens.count,
    inner: tensors.layers.some(({ hasState }) => hasState) ? keys.number('ssm.inner_size') : 0,
    isLatent: cache.isLatent,
    hasFlash: !FLASHLESS.has(architecture),
    // One that selects blocks of tokens computes little.
    indexer:
      indexValues === 0 || keys.number('attention.indexer.block_size') > 0
        ? null
        : { values: indexValues, pools: keys.number('attention.indexer.kpool') > 0 },
  };
}

/** Reads the values of an architecture. Missing ones are 0. */
class Keys {
  readonly #prefix: string;
  readonly #metadata: GgufHeader['metadata'];
  readonly #lists: GgufHeader['lists'];

  constructor(architecture: string, metadata: GgufHeader['metadata'], lists: GgufHeader['lists']) {
    this.#prefix = `${architecture}.`;
    this.#metadata = metadata;
    this.#lists = lists;
  }

  number(key: string): number {
    return sane(this.#metadata.get(this.#prefix + key));
  }

  list(key: string): readonly number[] | null {
    return this.#lists.get(this.#prefix + key) ?? null;
  }

  /** The value for one layer: of a list, or the same for all. */
  at(key: string, layer: number): number {
    const list = this.list(key);
    return list === null ? this.number(key) : sane(list[layer] ?? list.at(-1));
  }
}

/** A file may contain any number; a count is none of them below 0 or above 2^53. */
function sane(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

type Cache = Pick<MemoryLayer, 'keys' | 'values' | 'index' | 'slides' | 'state'>;

/** The size of the cache of each layer. */
class CacheShape {
  readonly #keys: Keys;
  readonly #architecture: string;
  readonly #depth: number;
  readonly #headSize: number;
  /** Whether keys and values share one latent vector, which the cache has once. */
  readonly isLatent: boolean;
  /** Layers with a window have smaller caches of several kinds, which this counts as full ones. */
  readonly #isCompressed: boolean;

  constructor(keys: Keys, architecture: string, depth: number, headSize: number) {
    this.#keys = keys;
    this.#architecture = architecture;
    this.#depth = depth;
    this.#headSize = headSize;
    this.isLatent = keys.number('attention.key_length_mla') > 0;
    this.#isCompressed = keys.list('attention.compress_ratios')?.some((ratio) => ratio > 0) ?? false;
  }

  of(layer: Tensors, index: number): Cache {
    const slides = this.#slides(index);
    const state = layer.hasState ? this.#state(index) : 0;
    if (!this.#hasCache(layer, index)) return { keys: 0, values: 0, index: 0, slides, state };
    const heads = this.#keys.at('attention.head_count_kv', index) || this.#sharedHeads(index);
    return {
      keys: heads * this.#length('key', slides),
      values: this.isLatent ? 0 : heads * this.#length('value', slides),
      index: this.#index(index),
      slides,
      state,
    };
  }

  /** Without a number of heads for keys, each query has its own; a 0 in a list means that the layer has none. */
  #sharedHeads(index: number): number {
    return this.#keys.list('attention.head_count_kv') === null ? this.#keys.at('attention.head_count', index) : 0;
  }

  #length(kind: 'key' | 'value', slides: boolean): number {
    const ofWindow = slides ? this.#keys.number(`attention.${kind}_length_swa`) : 0;
    return ofWindow || this.#keys.number(`attention.${kind}_length`) || this.#headSize;
  }

  #index(index: number): number {
    const keys = this.#keys;
    if (keys.list('attention.indexer.types')?.[index] === 0) return 0;
    // A pooled one also has the pools.
    return keys.number('attention.indexer.key_length') * (keys.number('attention.indexer.kpool') > 0 ? 3 : 1);
  }

  #hasCache(layer: Tensors, index: number): boolean {
    const keys = this.#keys;
    if (CACHELESS.test(this.#architecture)) return false;
    // Layers that guess the next token are not used.
    if (index >= this.#depth - keys.number('nextn_predict_layers')) return false;
    if (keys.list('attention.recurrent_layers')?.[index] === 1) return false;
    const interval = keys.number('full_attention_interval');
    if (layer.hasState && interval > 0 && (index + 1) % interval !== 0) return false;
    return layer.hasKeys || (layer.hasJointKeys && !layer.hasState);
  }

  #slides(index: number): boolean {
    const keys = this.#keys;
    if (keys.number('attention.sliding_window') === 0 || this.#isCompressed) return false;
    const pattern = keys.list('attention.sliding_window_pattern');
    if (pattern !== null) return pattern[index] === 1;
    const every = keys.number('attention.sliding_window_pattern') || FULL_EVERY.get(this.#architecture);
    // Unknown: it sees all tokens, which needs more.
    return every !== undefined && index % every < every - 1;
  }

  /** Bytes for each sequence, in 32-bit numbers. */
  #state(index: number): number {
    const keys = this.#keys;
    const embedding = keys.number('embedding_length');
    const before = Math.max(0, keys.number('ssm.conv_kernel') - 1);
    const head = keys.number('wkv.head_size');
    const shift = keys.number('shortconv.l_cache');
    const delta = keys.number('kda.head_dim');
    const heads = keys.at('attention.head_count', index);
    const [inner, size] = [keys.number('ssm.inner_size'), keys.number('ssm.state_size')];
    if (head > 0) return 4 * embedding * (Math.max(1, keys.number('token_shift_count')) + head);
    if (shift > 0) return 4 * embedding * (shift - 1);
    if (delta > 0) return 4 * heads * delta * (3 * before + delta);
    return 4 * (before * (inner + 2 * keys.number('ssm.group_count') * size) + inner * size);
  }
}

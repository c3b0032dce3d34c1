import { describe, expect, it } from 'vitest';
import { type MemoryFacts, memoryFacts, type MemoryLayer, MemoryTensors } from './memory-facts.ts';

interface Model {
  architecture?: string;
  /** Names of tensors of 64 rows and columns. */
  tensors: readonly string[];
  values?: Readonly<Record<string, number>>;
  lists?: Readonly<Record<string, readonly number[]>>;
  type?: number;
}

const BASE = { embedding_length: 64, 'attention.head_count': 4, 'attention.head_count_kv': 2 };
/** Bytes of each tensor. */
const BYTES = 4_352;

function factsOf({ architecture = 'llama', tensors, values = {}, lists = {}, type = 8 }: Model): MemoryFacts {
  const all = new MemoryTensors();
  for (const name of tensors) all.add({ name, type, dimensions: [64, 64], bytes: BYTES });
  const named = <Value>(entries: Readonly<Record<string, Value>>): [string, Value][] =>
    Object.entries(entries).map(([key, value]) => [`${architecture}.${key}`, value]);
  const metadata = new Map<string, string | number>([
    ['general.architecture', architecture],
    ...named({ ...BASE, ...values }),
  ]);
  return memoryFacts({ version: 3, metadata, lists: new Map(named(lists)), tensors: 0, parameters: 0 }, all);
}

function attention(layers: number): string[] {
  return Array.from({ length: layers }, (_, index) => `blk.${index}.attn_k.weight`);
}

function each<Key extends keyof MemoryLayer>(key: Key, { layers }: MemoryFacts): MemoryLayer[Key][] {
  return layers.map((layer) => layer[key]);
}

describe('the weights of a model', () => {
  it('are counted by their place', () => {
    const tensors = ['token_embd.weight', 'output.weight', 'output_norm.weight', 'blk.0.attn_k.weight'];
    const facts = factsOf({ tensors: [...tensors, 'blk.0.ffn_up_exps.weight', 'blk.1.ffn_up.weight'] });
    expect(facts).toMatchObject({ input: BYTES, output: 2 * BYTES, outputReordered: 2 * BYTES, tied: null });
    expect([each('weights', facts), each('experts', facts)]).toEqual([
      [BYTES, BYTES],
      [BYTES, 0],
    ]);
    expect(each('reordered', facts)).toEqual([BYTES, BYTES]);
    expect(each('reordered', factsOf({ tensors: attention(1), type: 2 }))).toEqual([0]);
  });

  it('serve twice where no output is stored', () => {
    expect(factsOf({ tensors: ['token_embd.weight'] }).tied).toEqual({ bytes: BYTES, type: 8 });
  });

  it('of a hostile layer number take no memory', () => {
    expect(factsOf({ tensors: ['blk.99999999.attn_k.weight'] }).layers).toEqual([]);
    expect(factsOf({ tensors: [], values: { block_count: 2 ** 52 } }).layers.length).toBe(1_024);
  });
});

describe('the cache of a layer', () => {
  it('has the heads of its layer, with the size of a head or the given lengths', () => {
    expect(each('keys', factsOf({ tensors: attention(2) }))).toEqual([32, 32]);
    const lists = { 'attention.head_count_kv': [1, 0, 4] };
    const values = { 'attention.key_length': 8, 'attention.value_length': 6 };
    const facts = factsOf({ tensors: attention(3), lists, values });
    expect([each('keys', facts), each('values', facts)]).toEqual([
      [8, 0, 32],
      [6, 0, 24],
    ]);
  });

  it('has one vector for keys and values, if the model has latent ones', () => {
    const values = { 'attention.key_length': 576, 'attention.value_length': 512, 'attention.key_length_mla': 192 };
    const facts = factsOf({ tensors: ['blk.0.attn_kv_a_mqa.weight'], values });
    expect(facts.layers[0]).toMatchObject({ keys: 1_152, values: 0 });
    expect(facts.isLatent).toBe(true);
  });

  it.each<[string, MemoryFacts, boolean[]]>([
    [
      'a list',
      factsOf({
        tensors: attention(3),
        values: { 'attention.sliding_window': 32 },
        lists: { 'attention.sliding_window_pattern': [1, 0, 1] },
      }),
      [true, false, true],
    ],
    [
      'a number',
      factsOf({
        tensors: attention(4),
        values: { 'attention.sliding_window': 32, 'attention.sliding_window_pattern': 3 },
      }),
      [true, true, false, true],
    ],
    [
      'the architecture',
      factsOf({ architecture: 'gemma2', tensors: attention(3), values: { 'attention.sliding_window': 32 } }),
      [true, false, true],
    ],
    [
      'nothing, so it needs most',
      factsOf({ tensors: attention(2), values: { 'attention.sliding_window': 32 } }),
      [false, false],
    ],
  ])('has only a window by %s', (_by, facts, expected) => {
    expect(each('slides', facts)).toEqual(expected);
  });

  it('is none in recurrent layers, which have a state', () => {
    const tensors = ['blk.0.attn_qkv.weight', 'blk.0.ssm_out.weight', 'blk.1.attn_k.weight'];
    const values = { 'ssm.conv_kernel': 4, 'ssm.inner_size': 128, 'ssm.state_size': 16, 'ssm.group_count': 1 };
    const facts = factsOf({ tensors, values });
    expect([each('keys', facts), each('state', facts)]).toEqual([
      [0, 32],
      [4 * (3 * (128 + 32) + 128 * 16), 0],
    ]);
    const both = ['blk.0.attn_k.weight', 'blk.0.ssm_out.weight', 'blk.1.attn_k.weight', 'blk.1.ssm_out.weight'];
    expect(each('keys', factsOf({ tensors: both, values }))).toEqual([32, 32]);
    expect(each('keys', factsOf({ tensors: both, values: { full_attention_interval: 2 } }))).toEqual([0, 32]);
    expect(each('keys', factsOf({ tensors: both, lists: { 'attention.recurrent_layers': [1, 0] } }))).toEqual([0, 32]);
  });

  it('is none in layers that guess the next token, and in models without one', () => {
    expect(each('keys', factsOf({ tensors: attention(2), values: { nextn_predict_layers: 1 } }))).toEqual([32, 0]);
    expect(each('keys', factsOf({ architecture: 'llada', tensors: attention(1) }))).toEqual([0]);
  });

  it('is there for each time that a model runs through its layers', () => {
    expect(each('keys', factsOf({ tensors: attention(1), values: { block_count: 3 } }))).toEqual([32, 32, 32]);
  });

  it('takes no nonsense for a number', () => {
    const values = {
      'attention.key_length': Number.NaN,
      'attention.value_length': -1,
      'attention.sliding_window': 1e300,
    };
    expect(factsOf({ tensors: attention(1), values }).layers[0]).toMatchObject({ keys: 32, values: 32, slides: false });
  });
});

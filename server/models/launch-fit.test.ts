import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { llamaCppMemory } from '../engines/llama-cpp-memory.ts';
import type { MemoryOptions } from '../instances/ports/memory-options.ts';
import { RAM, type SettledOptions } from './memory-estimate.ts';
import type { MemoryFacts } from './memory-facts.ts';
import { LaunchFit, type Room } from './launch-fit.ts';

const GIBIBYTE = 1_024 ** 3;

/** 8 layers of 1 GiB, a cache of 64 KiB a token (2 GiB at the trained context), and small things. */
const LAYER = {
  weights: GIBIBYTE,
  experts: 0,
  reordered: 0,
  keys: 2_048,
  values: 2_048,
  index: 0,
  slides: false,
  state: 0,
};
const FACTS: MemoryFacts = {
  architecture: 'llama',
  context: 32_768,
  input: 0,
  output: 0,
  outputReordered: 0,
  tied: null,
  layers: Array.from({ length: 8 }, () => LAYER),
  window: 0,
  embedding: 1_024,
  feedForward: 4_096,
  heads: 16,
  vocabulary: 32_000,
  inner: 0,
  isLatent: false,
  hasFlash: true,
  indexer: null,
};

function fitOf(facts = FACTS): LaunchFit {
  return new LaunchFit({ facts, companions: [] }, 'other');
}

function room(...gibibytes: number[]): Room[] {
  return gibibytes.map((free, index) => ({
    device: index === 0 ? RAM : `nvidia:${index - 1}`,
    total: free * GIBIBYTE,
    free: free * GIBIBYTE,
  }));
}

function optionsOf(words: string): MemoryOptions {
  return llamaCppMemory({ argv: words.split(' '), environment: {} });
}

function settled(words: string, rooms: Room[], fit = fitOf()): SettledOptions {
  return fit.settled(optionsOf(words), rooms);
}

describe('options that the engine chooses', () => {
  it('are the trained context and all layers, if they fit', () => {
    expect(settled('--port 1', room(64))).toMatchObject({ context: 32_768, gpuLayers: 0 });
    expect(settled('--port 1', room(64, 24))).toMatchObject({ context: 32_768, gpuLayers: 9 });
  });

  it('are a smaller context, which just fits', () => {
    const rooms = room(64, 11);
    const { context, gpuLayers } = settled('--port 1', rooms);
    expect([context < 32_768, context > 4_096, gpuLayers]).toEqual([true, true, 9]);
    expect(fitOf().fits({ ...settled('--port 1', rooms), context: context + 256 }, rooms)).toBe(false);
  });

  it('are the least context and fewer layers, if no context fits', () => {
    const { context, gpuLayers } = settled('--port 1', room(64, 6));
    expect([context, gpuLayers]).toEqual([4_096, 5]);
  });

  it('are at least a context of 4096 tokens with all layers on GPUs', () => {
    const smallest = (words: string, rooms: Room[]): SettledOptions | null => fitOf().smallest(optionsOf(words), rooms);
    expect(smallest('--port 1', room(64, 6))).toMatchObject({ context: 4_096, gpuLayers: 9 });
    for (const given of ['-c 8192', '-c 0', '--fit off', '-ngl 0', '--no-kv-offload'])
      expect(smallest(given, room(64, 6))).toBe(null);
    expect(smallest('--port 1', room(64))).toBe(null);
  });

  it('are never those that the user gave', () => {
    expect(settled('-c 32768', room(4))).toMatchObject({ context: 32_768 });
    expect(settled('-c 32768', room(64, 6))).toMatchObject({ context: 32_768, gpuLayers: 4 });
    expect(settled('-ngl 9 -c 32768', room(64, 6))).toMatchObject({ context: 32_768, gpuLayers: 9 });
    expect(settled('-c 0', room(4))).toMatchObject({ context: 32_768 });
  });
});

describe('suggestions', () => {
  const suggest = (words: string, rooms: Room[], fit = fitOf()): Record<string, unknown>[] =>
    fit.suggestions(settled(words, rooms, fit), rooms).map(({ options }) => options);

  it('are none for a model that fits', () => {
    expect(suggest('-c 32768', room(64))).toEqual([]);
  });

  it('are a smaller context and a smaller cache', () => {
    const [smaller, ...caches] = suggest('-c 131072', room(14));
    expect(smaller).toEqual({ ctx_size: expect.any(Number) as number });
    expect(caches).toEqual([{ cache_type_k: 'q8_0', cache_type_v: 'q8_0' }]);
    expect(suggest('-c 131072 -ctk q8_0 -ctv q8_0', room(13)).slice(1)).toEqual([
      { cache_type_k: 'q4_0', cache_type_v: 'q4_0' },
    ]);
  });

  it('are a context with a smaller cache, if the cache alone is not enough', () => {
    const [{ ctx_size: context } = {}, both] = suggest('-c 32768', room(9.4));
    expect(suggest('-c 32768', room(9.8)).map((options) => Object.keys(options).length)).toEqual([1, 3, 2]);
    expect(both).toMatchObject({ cache_type_k: 'q8_0', cache_type_v: 'q8_0' });
    expect(Number(both?.['ctx_size'])).toBeGreaterThan(Number(context));
  });

  it('are at most the trained context of each sequence, because answers get worse beyond it', () => {
    expect(suggest('-c 262144', room(20))[0]).toEqual({ ctx_size: 32_768 });
    expect(suggest('-c 262144 -np 2', room(20))[0]).toEqual({ ctx_size: 65_536 });
  });

  it('have no smaller cache without flash attention, which it needs', () => {
    expect(suggest('-c 65536 -fa off', room(14)).map((options) => Object.keys(options))).toEqual([['ctx_size']]);
  });

  it('are fewer layers on GPUs', () => {
    expect(suggest('-ngl 9 -c 4096', room(64, 6))).toEqual([{ n_gpu_layers: 5 }]);
  });

  it('are experts in RAM, of as few layers as possible', () => {
    const facts = { ...FACTS, layers: FACTS.layers.map((layer) => ({ ...layer, weights: 0, experts: GIBIBYTE })) };
    expect(suggest('-ngl 9 -c 4096', room(64, 6), fitOf(facts))).toContainEqual({ n_cpu_moe: 4 });
  });

  it('are none if even the smallest does not fit', () => {
    expect(suggest('-c 8192', room(4))).toEqual([]);
  });

  it('all fit', () => {
    const words = fc.constantFrom('-c 131072', '-c 65536 -ngl 9', '-c 65536 -ngl 3', '-c 262144 -ctk q8_0 -ctv q8_0');
    const rooms = fc.tuple(fc.nat({ max: 64 }), fc.nat({ max: 32 }), fc.nat({ max: 32 }));
    fc.assert(
      fc.property(words, rooms, (given, sizes) => {
        const fit = fitOf();
        const free = room(...sizes);
        for (const { options } of fit.suggestions(settled(given, free), free)) {
          const more = Object.entries(options).flatMap(([key, value]) => [`--${key}`, String(value)]);
          expect(fit.fits(settled([given, ...more].join(' '), free), free)).toBe(true);
        }
      }),
    );
  });
});

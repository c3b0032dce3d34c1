import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { engineProjection } from '../../scripts/engine-projection.ts';
import { estimationModels } from '../../scripts/estimation-models.ts';
import { estimationOptions } from '../../scripts/estimation-options.ts';
import { testModel } from '../../scripts/test-assets.ts';
import { isLong } from '../../scripts/test-tier.ts';
import { llamaCppMemory } from '../engines/llama-cpp-memory.ts';
import { bareNeeds, generousOptions, type Need, type Processor, RAM, withMargin } from './memory-estimate.ts';
import { type MemoryFacts, MemoryFactsSchema } from './memory-facts.ts';
import { ModelMemories } from './model-memory.ts';
import { readProcessor } from './processor.ts';

const MEBIBYTE = 1_048_576;
const GIBIBYTE = 1_024 * MEBIBYTE;

/** The engine's figures are rounded down, each of weights, cache and computation in up to two rows. */
const ROUNDING = 6 * MEBIBYTE;
/** Two real models. All others are tiny ones of one architecture each, and the demo model. */
const REAL = /^(?:SmolLM2|gemma-3)/;

const RecordSchema = z.object({
  model: z.string(),
  processor: z.enum(['amx', 'arm', 'other']),
  facts: MemoryFactsSchema,
  projections: z.array(
    z.object({ options: z.array(z.string()), weights: z.number(), cache: z.number(), compute: z.number() }),
  ),
});

/** Figures of build 11669, which `scripts/record-projections.ts` recorded. */
const RECORDED = readFileSync(path.join(import.meta.dirname, 'recorded-projections.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => RecordSchema.parse(JSON.parse(line)));

function estimated(facts: MemoryFacts, options: readonly string[], processor: Processor): Need {
  const settled = generousOptions(llamaCppMemory({ argv: options, environment: {} }), facts);
  const [ram] = bareNeeds({ facts, companions: [] }, settled, { gpus: [], processor });
  if (ram === undefined) throw new Error('no need of RAM');
  return ram;
}

function sumOf({ weights, cache, compute }: Omit<Need, 'device'>): number {
  return weights + cache + compute;
}

/** How far the bare estimate is from the engine's total, as a part of that. */
function errorOf(need: Need, truth: Omit<Need, 'device'>): number {
  return sumOf(need) / sumOf(truth) - 1;
}

describe('the bare estimate', () => {
  it.each(RECORDED.filter(({ model }) => REAL.test(model)))(
    'is within two percent of what the engine reports for $model, with each option',
    ({ facts, processor, projections }) => {
      expect(projections.length).toBeGreaterThan(15);
      for (const { options, ...truth } of projections) {
        expect(Math.abs(errorOf(estimated(facts, options, processor), truth)), options.join(' ')).toBeLessThan(0.02);
      }
    },
  );

  it('has the exact cache of nearly all architectures', () => {
    const all = RECORDED.flatMap(({ facts, processor, projections }) =>
      projections.map(({ options, cache }) => estimated(facts, options, processor).cache - cache),
    );
    const exact = all.filter((difference) => difference >= 0 && difference < MEBIBYTE);
    expect(exact.length / all.length).toBeGreaterThan(0.98);
    // The others are too large.
    expect(Math.min(...all)).toBeGreaterThanOrEqual(-MEBIBYTE);
  });
});

describe('the estimate with its margin', () => {
  it('is never less than what the engine takes, for any architecture and option', () => {
    expect(RECORDED.length).toBeGreaterThan(125);
    for (const { model, facts, processor, projections } of RECORDED) {
      for (const { options, ...truth } of projections) {
        const need = estimated(facts, options, processor);
        expect(withMargin(need), `${model} ${options.join(' ')}`).toBeGreaterThan(sumOf(truth) + ROUNDING);
      }
    }
  });
});

/** 4 layers of 1 GiB with a cache of 1 KiB a token, and an output of 2 GiB. */
const LAYER = {
  weights: GIBIBYTE,
  experts: 0,
  reordered: 0,
  keys: 256,
  values: 256,
  index: 0,
  slides: false,
  state: 0,
};
const FACTS: MemoryFacts = {
  architecture: 'llama',
  context: 32_768,
  input: GIBIBYTE,
  output: 2 * GIBIBYTE,
  outputReordered: 0,
  tied: null,
  layers: [LAYER, LAYER, LAYER, LAYER],
  window: 0,
  embedding: 4_096,
  feedForward: 14_336,
  heads: 32,
  vocabulary: 128_000,
  inner: 0,
  isLatent: false,
  hasFlash: true,
  indexer: null,
};

function onGpus(words: string, facts = FACTS, free = [24, 24]): Record<string, number> {
  const settled = generousOptions(llamaCppMemory({ argv: words.split(' '), environment: {} }), facts);
  const gpus = free.map((gibibytes, index) => ({ name: `nvidia:${index}`, free: gibibytes * GIBIBYTE }));
  const needs = bareNeeds({ facts, companions: [] }, settled, { gpus, processor: 'other' });
  return Object.fromEntries(needs.map(({ device, weights }) => [device, weights / GIBIBYTE]));
}

describe('the weights on GPUs', () => {
  it.each([
    ['-ngl 99', { ram: 1, 'nvidia:0': 3, 'nvidia:1': 3 }],
    ['-ngl 99 -ts 4,1', { ram: 1, 'nvidia:0': 4, 'nvidia:1': 2 }],
    ['-ngl 99 -sm none', { ram: 1, 'nvidia:0': 6 }],
    ['-ngl 99 -sm none -mg 1', { ram: 1, 'nvidia:1': 6 }],
    ['-ngl 3 -sm none', { ram: 3, 'nvidia:0': 4 }],
    ['-ngl 1 -sm none', { ram: 5, 'nvidia:0': 2 }],
    ['-ngl 0', { ram: 7 }],
    ['-ngl 99 -dev none', { ram: 7 }],
  ])('with %s are %j, in GiB', (words, expected) => {
    expect(onGpus(words)).toEqual(expected);
  });

  it('are split by free memory', () => {
    expect(onGpus('-ngl 99', FACTS, [24, 6])).toEqual({ ram: 1, 'nvidia:0': 4, 'nvidia:1': 2 });
  });

  it('have a copy of a table of tokens that serves as output', () => {
    const tied = { ...FACTS, output: 0, tied: { bytes: GIBIBYTE, type: 14 } };
    expect(onGpus('-ngl 99 -sm none', tied)).toEqual({ ram: 1, 'nvidia:0': 5 });
    expect(onGpus('-ngl 0', tied)).toEqual({ ram: 5 });
  });

  it('leave the experts of the first layers in RAM', () => {
    const experts = { ...FACTS, layers: FACTS.layers.map((layer) => ({ ...layer, experts: GIBIBYTE })) };
    expect(onGpus('-ngl 99 -sm none --n-cpu-moe 3', experts)).toEqual({ ram: 4, 'nvidia:0': 7 });
    expect(onGpus('-ngl 99 -sm none --cpu-moe', experts)).toEqual({ ram: 5, 'nvidia:0': 6 });
  });
});

describe('companions', () => {
  it('are on the GPU, unless the options keep them in RAM', () => {
    const weights = (words: string): Record<string, number> => {
      const options = llamaCppMemory({ argv: words.split(' '), environment: {} });
      const companions = options.companions.map(({ kind, onGpu }) => ({
        kind,
        onGpu,
        bytes: GIBIBYTE,
        facts: kind === 'draft' ? { ...FACTS, output: 0 } : null,
      }));
      const gpus = [{ name: 'nvidia:0', free: 24 * GIBIBYTE }];
      const needs = bareNeeds({ facts: FACTS, companions }, generousOptions(options, FACTS), {
        gpus,
        processor: 'other',
      });
      return Object.fromEntries(needs.map((need) => [need.device, need.weights / GIBIBYTE]));
    };
    expect(weights('--mmproj /p.gguf')).toEqual({ ram: 1, 'nvidia:0': 7 });
    expect(weights('--mmproj /p.gguf --no-mmproj-offload')).toEqual({ ram: 2, 'nvidia:0': 6 });
    expect(weights('--model-draft /d.gguf')).toEqual({ ram: 2, 'nvidia:0': 10 });
    expect(weights('--model-draft /d.gguf -ngld 0')).toEqual({ ram: 6, 'nvidia:0': 6 });
  });
});

describe('the real engine', () => {
  const memories = new ModelMemories();
  /** The largest error of each model, for people who read the output of the long tier. */
  const errors: string[] = [];
  afterAll(() => {
    if (isLong) process.stdout.write(`Bare errors of the estimate:\n${errors.join('\n')}\n`);
  });

  async function compare(model: string): Promise<void> {
    const name = path.basename(model);
    const { facts } = await memories.of(model, []);
    const processor = await readProcessor();
    const found: number[] = [];
    for (const options of estimationOptions(model, facts)) {
      const [truth] = (await engineProjection(model, options))?.devices ?? [];
      // Three tiny models cannot be loaded, and the demo model has no small caches.
      if (truth === undefined) continue;
      expect(truth.device).toBe(RAM);
      const need = estimated(facts, options, processor);
      expect(withMargin(need), `${name} ${options.join(' ')}`).toBeGreaterThan(sumOf(truth) + ROUNDING);
      found.push(errorOf(need, truth));
      if (REAL.test(name)) expect(Math.abs(errorOf(need, truth)), options.join(' ')).toBeLessThan(0.02);
    }
    const percents = found.map((error) => `${(error * 100).toFixed(1)} %`);
    errors.push(`${name}: ${percents.join(', ') || 'cannot be loaded'}`);
    if (processor === RECORDED[0]?.processor) {
      const recorded = RECORDED.find((each) => each.model === name);
      if (recorded !== undefined) expect(facts).toEqual(recorded.facts);
    }
  }

  it('takes no more for the demo model than the estimate', async () => {
    await compare(await testModel());
  });

  it.runIf(isLong)('takes no more for two real models and every architecture than the estimate', async (context) => {
    const models = await estimationModels();
    if (models.length === 0) context.skip('there are no models; run node scripts/estimation-models.ts');
    for (const model of models) await compare(model);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InstanceRecord, Settings } from '../instances/ports/instance-record.ts';
import type { DeviceMemory } from '../instances/ports/machine-memory.ts';
import { NO_TRACE } from '../instances/ports/trace.ts';
import { MemoryAdmission } from '../instances/slots/memory-admission.ts';
import { MemorySurvey } from '../instances/slots/memory-survey.ts';
import type { MemoryTerms } from '../instances/slots/memory-terms.ts';
import { type Holder, planSlots } from '../instances/slots/slot-plan.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { llamaEngines } from '../testing/small-machine.ts';
import { LaunchFit } from './launch-fit.ts';
import { EstimatedNeeds } from './launch-needs.ts';
import { type InternalEstimate, MemoryEstimator } from './memory-estimator.ts';
import type { MemoryFacts } from './memory-facts.ts';

/** Estimates beside the decisions of the scheduler, on random machines with random fleets. */

const MIB = 1_048_576;
const GIB = 1_024 * MIB;

/** A model with some layers, by its file `/LAYERS.gguf`. Its cache has 64 KiB a token for each 8 layers. */
function factsOf(file: string): MemoryFacts {
  const layer = {
    weights: 400 * MIB,
    experts: 0,
    reordered: 0,
    keys: 2_048,
    values: 2_048,
    index: 0,
    slides: false,
    state: 0,
  };
  return {
    architecture: 'llama',
    context: 65_536,
    input: 0,
    output: 100 * MIB,
    outputReordered: 0,
    tied: null,
    layers: Array.from({ length: Number(/\d+/.exec(file)?.[0]) }, () => layer),
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
}

interface FakeInstance {
  id: string;
  settings: Settings;
  leases: number;
  isPinned: boolean;
  lastUsed: number;
}

function recordOf({ id, settings }: FakeInstance): InstanceRecord {
  return { id, name: id, settings, port: 1, portAssigned: true, createdAt: '', updatedAt: '', version: 1 };
}

interface FakeFleet {
  /** With the use of other programs alone. */
  machine: readonly DeviceMemory[];
  terms: MemoryTerms;
  runs: readonly FakeInstance[];
  wanted: FakeInstance;
}

const gpuWord = fc.constantFrom('0', '1', '1,0', '', 'GPU-bb', 'GPU-aa,GPU-bb', 'GPU-cc', 'elsewhere');

const arbitrarySettings: fc.Arbitrary<Settings> = fc
  .record({
    layers: fc.integer({ min: 2, max: 40 }),
    context: fc.option(fc.constantFrom(2_048, 16_384, 65_536)),
    gpuLayers: fc.option(fc.constantFrom(0, 5, 99)),
    visible: fc.option(gpuWord),
    device: fc.option(fc.constantFrom('CUDA0', 'CUDA1', 'none'), { freq: 4 }),
    mapped: fc.boolean(),
  })
  .map(({ layers, context, gpuLayers, visible, device, mapped }) => ({
    engine: 'llama_cpp',
    model_path: `/${layers}.gguf`,
    options: {
      ...(context === null ? {} : { ctx_size: context }),
      ...(gpuLayers === null ? {} : { n_gpu_layers: gpuLayers }),
      ...(device === null ? {} : { device }),
      ...(mapped ? {} : { load_mode: 'none' }),
    },
    environment: visible === null ? {} : { CUDA_VISIBLE_DEVICES: visible },
    extra_args: [],
    aliases: [],
    unlisted: false,
    auto_start: false,
  }));

function arbitraryInstance(id: fc.Arbitrary<string>): fc.Arbitrary<FakeInstance> {
  return fc.record({
    id,
    settings: arbitrarySettings,
    leases: fc.constantFrom(0, 0, 0, 1),
    isPinned: fc.constantFrom(false, false, true),
    lastUsed: fc.integer({ min: 0, max: 1_000 }),
  });
}

const sizes = fc.integer({ min: 2, max: 48 });
const arbitraryFleet: fc.Arbitrary<FakeFleet> = fc
  .record({
    ram: sizes,
    gpus: fc.array(sizes, { maxLength: 2 }),
    foreign: fc.integer({ min: 0, max: 3 }),
    limit: fc.option(fc.constantFrom('ram', 'nvidia:0'), { freq: 4 }),
    overcommit: fc.constantFrom(1, 1, 1.5),
    runs: fc.uniqueArray(arbitraryInstance(fc.constantFrom('a', 'b', 'c', 'd')), {
      selector: ({ id }) => id,
      maxLength: 4,
    }),
    wanted: arbitraryInstance(fc.constantFrom('a', 'new')),
  })
  .map(({ ram, gpus, foreign, limit, overcommit, runs, wanted }) => ({
    machine: [
      { device: 'ram', total: ram * GIB, used: foreign * GIB, swap: 0 },
      ...gpus.map((size, index) => ({
        device: `nvidia:${index}`,
        ids: [['GPU-aa', 'GPU-bb'][index] ?? ''],
        total: size * GIB,
        used: (foreign * GIB) / 4,
        swap: null,
      })),
    ],
    terms: { reserve: GIB, limits: new Map(limit === null ? [] : [[limit, 6 * GIB]]), overcommit },
    runs,
    wanted,
  }));

interface Outcome {
  estimate: InternalEstimate;
  /** The scheduler gives the start its slot now. */
  isGranted: boolean;
  /** The idle instances that it stops for the start. */
  evicted: readonly string[];
  /** It gives the slot when they have stopped. */
  isEnough: boolean;
  /** Bytes that the start demands, by resource. */
  demand: ReadonlyMap<string, number>;
}

/** Estimates a start, and lets the scheduler decide on it. */
async function outcomeOf({ machine, terms, runs, wanted }: FakeFleet): Promise<Outcome> {
  const engines = llamaEngines(['CUDA0', 'CUDA1']);
  const needs = new EstimatedNeeds({
    engines,
    fits: {
      of: async (_plan, options) => ({
        fit: new LaunchFit({ facts: factsOf(options.model), companions: [] }, 'other'),
        keyOf: () => null,
      }),
    },
    figures: { of: () => null, note: async () => undefined },
    inherited: {},
    placesEngines: true,
  });
  const running = new Map<string, FakeInstance>();
  const resident = new Map<string, number>();
  const meter = {
    read: async () => machine.map((each) => ({ ...each, used: (each.used ?? 0) + (resident.get(each.device) ?? 0) })),
  };
  const clock = new FakeClock();
  const isPinned = (id: string): boolean => running.get(id)?.isPinned === true;
  const admission = new MemoryAdmission({
    clock,
    meter,
    needs,
    engines,
    trace: NO_TRACE,
    terms,
    isReady: () => true,
    isFixed: isPinned,
    onFault: (error) => {
      throw error;
    },
  });
  for (const run of runs) {
    running.set(run.id, run);
    await admission.learn(recordOf(run));
    admission.place(run.id, 0);
    admission.hold(run.id);
    for (const { device, resident: bytes } of admission.heldBy(run.id)?.devices ?? [])
      resident.set(device, (resident.get(device) ?? 0) + bytes);
    await clock.advance(2_000);
  }
  const use = (id: string): Pick<Holder, 'phase' | 'leases' | 'lastUsed'> => ({
    phase: 'running',
    leases: running.get(id)?.leases ?? 0,
    lastUsed: running.get(id)?.lastUsed ?? 0,
  });
  const outlook = new MemorySurvey({ clock, admission, meter, needs, use, isPinned, runs: () => [] });
  const estimator = new MemoryEstimator({ engines, needs, outlook });
  const estimate = await estimator.estimate({ settings: wanted.settings, instance: wanted.id, devices: null });

  // A restart begins when the own run is gone.
  if (running.delete(wanted.id)) {
    for (const { device, resident: bytes } of admission.heldBy(wanted.id)?.devices ?? [])
      resident.set(device, (resident.get(device) ?? 0) - bytes);
    admission.end(wanted.id);
    await clock.advance(10_000);
  }
  await admission.learn(recordOf(wanted));
  const holders = [...running.keys()].map((instance): Holder => ({
    ...use(instance),
    instance,
    group: null,
    isPinned: isPinned(instance),
    isClosed: false,
    demand: admission.holding(instance),
  }));
  const places = admission.demands(wanted.id);
  let demand: ReadonlyMap<string, number> = places[0] ?? new Map();
  const waiter = {
    instance: wanted.id,
    group: null,
    isPinned: false,
    demand,
    places,
    since: clock.elapsed(),
    mayEvict: true,
  };
  const limits = { capacity: admission.amounts, exclusiveGroups: new Set<string>() };
  const plan = planSlots(limits, holders, [waiter], clock.elapsed(), {
    judged: (placed) => {
      demand = placed.demand;
    },
    weighed: () => undefined,
  });
  const without = holders.filter(({ instance }) => !plan.evict.has(instance));
  const { grant } = planSlots(limits, without, [waiter], clock.elapsed());
  return {
    estimate,
    isGranted: plan.grant.length > 0,
    evicted: [...plan.evict.keys()],
    isEnough: grant.length > 0,
    demand,
  };
}

/** Takes some seconds. */
const RUNS = 500;

describe('an estimate on a random machine with a random fleet', () => {
  it('says what the scheduler does with a start', async () => {
    const seen = { fits: 0, stops: 0, waits: 0, alone: 0 };
    await fc.assert(
      fc.asyncProperty(arbitraryFleet, async (fleet) => {
        const { estimate, isGranted, evicted, isEnough, demand } = await outcomeOf(fleet);
        const { fits, mustStop, per_device: devices, warnings = [] } = estimate;
        // Then memory limits no start.
        if (warnings.some((sentence) => sentence.includes('does not know which GPUs'))) return;
        if (fits) {
          seen.fits += 1;
          expect([isGranted, mustStop]).toEqual([true, []]);
          return;
        }
        // A start that needs more than there is demands all of it, and is tried alone.
        const isWhole = devices.every(({ device, need }) => need === (demand.get(`memory ${device}`) ?? 0));
        expect(isGranted && isWhole).toBe(false);
        expect(mustStop).toEqual(isWhole && isEnough ? evicted : []);
        if (!isWhole) seen.alone += 1;
        else if (mustStop.length > 0) seen.stops += 1;
        else seen.waits += 1;
      }),
      { numRuns: RUNS },
    );
    // The fleets are of all kinds.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(RUNS / 50);
  });
});

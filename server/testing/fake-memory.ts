import type {
  DeviceMemory,
  DeviceRoom,
  LaunchNeed,
  LaunchNeeds,
  MemoryMeter,
  NeedSource,
  RunNeed,
} from '../instances/ports/machine-memory.ts';
import type { FittedProjection } from '../instances/ports/memory-projection.ts';
import type { LaunchPlan } from '../instances/ports/runs.ts';
import type { FakeWorld } from './fake-world.ts';

/** The memory of a {@link FakeWorld}: living processes use what their model needs. */
export class FakeMemory implements MemoryMeter, LaunchNeeds {
  /** Bytes of each device, by its name. */
  readonly totals: Map<string, number>;
  /** Bytes that other programs use, by device. */
  readonly foreign = new Map<string, number>();
  /** Bytes that processes use at least, also when they have ended, by device. */
  readonly kept = new Map<string, number>();
  /** Bytes that a model needs on each device, by its file. A model without an entry has an unknown need. */
  readonly models = new Map<string, Readonly<Record<string, number>>>();
  /** Models whose weights the system may drop, so that only a tenth of their need must be there. */
  readonly mapped = new Set<string>();
  /** Models whose engines make themselves smaller until a reserve stays free. */
  readonly filling = new Set<string>();
  /** Bytes that engines need at least which choose their own context, on each device, by the file of the model. */
  readonly smallest = new Map<string, Readonly<Record<string, number>>>();
  /** Bytes that a model needs on one GPU, or on all GPUs together, by its file. It may be on any of them; its variable `GPU` names one. */
  readonly placed = new Map<string, number>();
  /** Whether engines report their memory before they take it. */
  reports = false;
  /** Where the needs are from. */
  source: NeedSource = 'projected';
  suggestions: LaunchNeed['suggestions'] = [];
  /** The use of ended runs, in the order of their ends. */
  readonly noted: { ram: number; gpus: number | null }[] = [];
  readonly #world: FakeWorld;

  constructor(world: FakeWorld, totals: Readonly<Record<string, number>>) {
    this.#world = world;
    this.totals = new Map(Object.entries(totals));
  }

  async read(): Promise<readonly DeviceMemory[]> {
    return [...this.totals].map(([device, total]) => ({ device, total, used: this.usedOf(device), swap: 0 }));
  }

  async of(
    { plan }: { plan: LaunchPlan },
    _now: readonly DeviceRoom[],
    _alone: readonly DeviceRoom[],
  ): Promise<LaunchNeed | null> {
    const model = modelOf(plan);
    const onGpus = this.placed.get(model);
    if (onGpus !== undefined) return this.#placedNeed(onGpus, plan);
    const needs = this.models.get(model);
    if (needs === undefined) return null;
    const part = this.mapped.has(model) ? 0.1 : 1;
    const ofDevices = (bytes: Readonly<Record<string, number>>): RunNeed => ({
      devices: Object.entries(bytes).map(([device, whole]) => ({
        device,
        whole,
        resident: whole * part,
        least: whole * part,
      })),
      source: this.source,
    });
    const smallest = this.smallest.get(model);
    return {
      ...ofDevices(smallest ?? needs),
      ...(smallest === undefined ? {} : { upTo: ofDevices(needs) }),
      ...(this.filling.has(model) ? { fills: true } : {}),
      ...(this.reports ? { reports: true } : {}),
      suggestions: this.suggestions,
    };
  }

  async projected(_launch: { plan: LaunchPlan }, { devices }: FittedProjection): Promise<LaunchNeed> {
    return {
      devices: devices.map(({ device, weights, cache, compute }) => {
        const whole = weights + cache + compute;
        return { device, whole, resident: whole, least: whole };
      }),
      source: 'projected',
      suggestions: this.suggestions,
    };
  }

  async used(_launch: { plan: LaunchPlan }, use: { ram: number; gpus: number | null }): Promise<void> {
    this.noted.push(use);
  }

  #placedNeed(bytes: number, { environment }: LaunchPlan): LaunchNeed {
    const { source, suggestions } = this;
    const { GPU: chosen } = environment;
    const gpus = [...this.totals.keys()].filter((device) => device !== 'ram');
    const needOn = (devices: readonly string[]): LaunchNeed => {
      const whole = bytes / devices.length;
      return {
        devices: devices.map((device) => ({ device, whole, resident: whole, least: whole })),
        source,
        ...(this.reports ? { reports: true } : {}),
        suggestions,
      };
    };
    if (chosen !== undefined) return needOn([chosen]);
    const single = gpus.filter((gpu) => bytes <= (this.totals.get(gpu) ?? 0));
    const places = single.map((gpu) => ({ gpu, variables: { GPU: gpu }, need: needOn([gpu]) }));
    return { ...needOn(gpus), places: [...places, { gpu: null, variables: {}, need: needOn(gpus) }] };
  }

  #placedOn(device: string, { argv, environment, gpuVariables }: LaunchPlan): number {
    const bytes = this.placed.get(modelOf({ argv })) ?? 0;
    const chosen = gpuVariables?.['GPU'] ?? environment['GPU'];
    if (chosen !== undefined) return chosen === device ? bytes : 0;
    return device === 'ram' ? 0 : bytes / (this.totals.size - 1);
  }

  /** Bytes of a device that are in use. */
  usedOf(device: string): number {
    const alive = this.#world.alive().reduce((sum, { plan }) => {
      if (this.placed.has(modelOf(plan))) return sum + this.#placedOn(device, plan);
      const part = this.mapped.has(modelOf(plan)) ? 0.1 : 1;
      const needs = this.smallest.get(modelOf(plan)) ?? this.models.get(modelOf(plan));
      return sum + part * (needs?.[device] ?? 0);
    }, 0);
    return (this.foreign.get(device) ?? 0) + Math.max(alive, this.kept.get(device) ?? 0);
  }
}

function modelOf({ argv }: Pick<LaunchPlan, 'argv'>): string {
  return argv.find((word) => word.endsWith('.gguf')) ?? '';
}

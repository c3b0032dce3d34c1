import { codeOf } from '@llamactl/contract/reason';
import type { Engines } from '../instances/ports/engine-adapter.ts';
import type { DeviceNeed, DeviceRoom, LaunchNeed, LaunchNeeds, RunNeed } from '../instances/ports/machine-memory.ts';
import type { MemoryOptions } from '../instances/ports/memory-options.ts';
import type { FittedProjection } from '../instances/ports/memory-projection.ts';
import type { LaunchPlan } from '../instances/ports/runs.ts';
import { deviceNeeds, raisedTo, type Use } from './engine-report.ts';
import { GgufFault } from './gguf-header.ts';
import { figureKey, type LaunchFigures } from './launch-figures.ts';
import type { LaunchFit } from './launch-fit.ts';
import type { LaunchFits, PlannedFit } from './launch-fits.ts';
import { type Need, RAM, type SettledOptions, withMargin } from './memory-estimate.ts';
import { gpusSeen, roomsOn } from './visible-gpus.ts';

export interface LaunchNeedsDependencies {
  engines: Engines;
  fits: Pick<LaunchFits, 'of'>;
  figures: Pick<LaunchFigures, 'of' | 'note'>;
  /** Variables that engines inherit. */
  inherited: Readonly<Record<string, string>>;
}

/** Devices of engines whose memory is RAM: the processor, and GPUs of Apple. */
const OF_RAM = /^(?:ram|MTL\d*|Metal\d*)$/;

interface PlannedLaunch {
  engine: string;
  plan: LaunchPlan;
}

/** A launch with its files, its options and its GPUs. */
interface KnownLaunch {
  planned: PlannedFit;
  options: MemoryOptions;
  gpus: { seen: string[]; used: string[] };
}

/** The needs of launches: remembered from earlier ones, or computed from their model files and options. */
export class EstimatedNeeds implements LaunchNeeds {
  readonly #dependencies: LaunchNeedsDependencies;

  constructor(dependencies: LaunchNeedsDependencies) {
    this.#dependencies = dependencies;
  }

  async of(
    launch: PlannedLaunch,
    now: readonly DeviceRoom[],
    alone: readonly DeviceRoom[],
  ): Promise<LaunchNeed | null> {
    const known = await this.#fitOf(launch, alone);
    if (known === null) return null;
    const { planned, options, gpus } = known;
    if (options.gpuLayers !== 0 && gpus.seen.length === 0 && this.#usesOthers(launch)) return null;
    return needOf(planned.fit, options, roomsOn(now, gpus.used), roomsOn(alone, gpus.used));
  }

  async projected(
    launch: PlannedLaunch,
    reported: FittedProjection,
    whole: readonly DeviceRoom[],
  ): Promise<LaunchNeed | null> {
    const known = await this.#fitOf(launch, whole);
    if (known === null) return null;
    const { planned, options, gpus } = known;
    const isElsewhere = gpus.seen.length === 0 && reported.devices.some(({ device }) => !OF_RAM.test(device));
    if (isElsewhere) {
      await this.#dependencies.figures.note(keyOfOthers(launch), { source: 'projected', needs: [] });
      return { devices: [], source: 'projected', suggestions: [] };
    }
    const alone = roomsOn(whole, gpus.used);
    const wanted = planned.fit.wanted(options, alone);
    // The engine's report forgets some of the files that it loads besides the model.
    const companions = options.companions.length === 0 ? [] : planned.fit.needs(wanted, alone);
    const key = reported.isReduced ? null : planned.keyOf(wanted, gpus.used);
    const before = key === null ? null : this.#dependencies.figures.of(key);
    // The use of a whole run is never forgotten.
    const measured = before?.source === 'measured' ? before.needs : [];
    const needs = deviceNeeds(reported, gpus.seen, [...companions, ...measured]);
    if (needs === null) return null;
    const source = measured.length === 0 ? 'projected' : 'measured';
    if (key !== null) await this.#dependencies.figures.note(key, { source, needs });
    return {
      devices: needs.map((need) => deviceNeed(need, options.isMapped)),
      source,
      ...(reported.isReduced ? { fills: true } : {}),
      suggestions: planned.fit.suggestions(wanted, alone),
    };
  }

  async used(launch: PlannedLaunch, use: Use, whole: readonly DeviceRoom[]): Promise<void> {
    const known = await this.#fitOf(launch, whole);
    if (known === null) return;
    const { planned, options, gpus } = known;
    const alone = roomsOn(whole, gpus.used);
    const wanted = planned.fit.wanted(options, alone);
    const key = planned.keyOf(wanted, gpus.used);
    if (key === null) return;
    // The engine may have made smaller what was not given; then only its own report says with what it ran.
    const isGiven = !options.shrinks && (gpus.used.length === 0 || options.gpuLayers !== null);
    const before = this.#dependencies.figures.of(key)?.needs ?? (isGiven ? planned.fit.needs(wanted, alone) : null);
    if (before === null) return;
    await this.#dependencies.figures.note(key, { source: 'measured', needs: raisedTo(before, use) });
  }

  /** Whether the program has reported a GPU that no tool measures. Its models are not in RAM, where an estimate has them. */
  #usesOthers(launch: PlannedLaunch): boolean {
    return this.#dependencies.figures.of(keyOfOthers(launch)) !== null;
  }

  /** `null`: the need of this engine or its GPUs are unknown, or a file cannot be read or is no model. The start itself says so. */
  async #fitOf({ engine, plan }: PlannedLaunch, rooms: readonly DeviceRoom[]): Promise<KnownLaunch | null> {
    const { engines, fits, inherited } = this.#dependencies;
    const options = engines.find(engine)?.memory(plan) ?? null;
    if (options === null || options.model === null) return null;
    // A container gets the variables of its own command.
    const environment = plan.container === undefined ? { ...inherited, ...plan.environment } : plan.environment;
    const gpus = gpusSeen(gpusOf(rooms), { environment, devices: options.devices });
    if (gpus === null) return null;
    try {
      return { planned: await fits.of(plan, { ...options, model: options.model }), options, gpus };
    } catch (error) {
      if (error instanceof GgufFault || codeOf(error) !== null) return null;
      throw error;
    }
  }
}

/**
 * An engine that chooses its context needs only the smallest one, and takes a larger one if that is free: no other instance ends
 * for a larger context. `null`: the context is given, or not even the smallest one fits.
 */
function shrinkingNeed(
  fit: LaunchFit,
  options: MemoryOptions,
  now: readonly DeviceRoom[],
  alone: readonly DeviceRoom[],
): LaunchNeed | null {
  const smallest = fit.smallest(options, now);
  const isLimited = now.some(({ device, isLimited: limited }) => limited === true && device !== RAM);
  if (smallest === null || isLimited || !fit.fits(smallest, alone)) return null;
  // The free memory decides what each of several GPUs gets.
  const rooms = fit.fits(smallest, now) ? now : alone;
  const wanted = fit.wanted(options, rooms);
  const runNeed = (settled: SettledOptions): RunNeed => ({
    devices: fit.needs(settled, rooms).map((need) => deviceNeed(need, options.isMapped)),
    source: fit.source(settled, rooms),
  });
  return { ...runNeed(smallest), upTo: runNeed(wanted), suggestions: [] };
}

/**
 * The engine makes smaller what is not given. So the need is all that it would like, if that fits beside the runs of now; else
 * what it would take if it ran alone.
 */
function needOf(
  fit: LaunchFit,
  options: MemoryOptions,
  now: readonly DeviceRoom[],
  alone: readonly DeviceRoom[],
): LaunchNeed {
  const shrinking = shrinkingNeed(fit, options, now, alone);
  if (shrinking !== null) return shrinking;
  const rooms = fit.fits(fit.wanted(options, now), now) ? now : alone;
  const settled: SettledOptions = fit.settled(options, rooms);
  const wanted = fit.wanted(options, rooms);
  const fills = settled.context < wanted.context || settled.gpuLayers < wanted.gpuLayers;
  return {
    devices: fit.needs(settled, rooms).map((need) => deviceNeed(need, options.isMapped)),
    source: fit.source(settled, rooms),
    ...(fills ? { fills } : {}),
    suggestions: fit.suggestions(settled, alone),
  };
}

/** Key of the figure that says that a program uses GPUs which no tool measures. */
function keyOfOthers({ engine, plan: { command } }: PlannedLaunch): string {
  return figureKey('GPUs without a tool', engine, command);
}

function gpusOf(rooms: readonly DeviceRoom[]): string[] {
  return rooms.map(({ device }) => device).filter((device) => device !== RAM);
}

function deviceNeed(need: Need, isMapped: boolean): DeviceNeed {
  const { device, weights, cache, compute, surplus } = need;
  const droppable = device === RAM && isMapped ? weights : 0;
  return {
    device,
    whole: withMargin(need),
    ...(surplus === undefined ? {} : { surplus: withMargin(need) - withMargin({ ...need, surplus: 0 }) }),
    resident: withMargin({ ...need, weights: weights - droppable }),
    least: Math.ceil(weights - droppable + cache + compute),
  };
}

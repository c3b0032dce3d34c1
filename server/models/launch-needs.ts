import { codeOf } from '@llamactl/contract/reason';
import type { Engines } from '../instances/ports/engine-adapter.ts';
import type { DeviceRoom, LaunchNeed, LaunchNeeds, LaunchPlace } from '../instances/ports/machine-memory.ts';
import type { MemoryOptions } from '../instances/ports/memory-options.ts';
import type { FittedProjection } from '../instances/ports/memory-projection.ts';
import type { LaunchPlan } from '../instances/ports/runs.ts';
import { deviceNeeds, raisedTo, type Use } from './engine-report.ts';
import { GgufFault } from './gguf-header.ts';
import { chooseLaunch, deviceNeed, type LaunchChoice, needOf } from './launch-choice.ts';
import { figureKey, type LaunchFigures } from './launch-figures.ts';
import type { LaunchFit } from './launch-fit.ts';
import type { LaunchFits, PlannedFit } from './launch-fits.ts';
import { RAM } from './memory-estimate.ts';
import { type SingleGpu, singleGpus } from './single-gpus.ts';
import { gpusSeen, roomsOn } from './visible-gpus.ts';

export interface LaunchNeedsDependencies {
  engines: Engines;
  fits: Pick<LaunchFits, 'of'>;
  figures: Pick<LaunchFigures, 'of' | 'note'>;
  /** Variables that engines inherit. */
  inherited: Readonly<Record<string, string>>;
  /** Whether a start gives an engine one of several GPUs. Default: it does not. */
  placesEngines?: boolean;
}

/** Devices of engines whose memory is RAM: the processor, and GPUs of Apple. */
const OF_RAM = /^(?:ram|MTL\d*|Metal\d*)$/;

interface PlannedLaunch {
  engine: string;
  plan: LaunchPlan;
}

/** A launch with its files, its options and its GPUs; `null`: unknown. */
interface ReadLaunch {
  planned: PlannedFit;
  options: MemoryOptions;
  gpus: { seen: string[]; used: string[] } | null;
}
type KnownLaunch = ReadLaunch & { gpus: NonNullable<ReadLaunch['gpus']> };

/** A launch on one GPU, on which it fits alone with all that it would like. */
interface SinglePlace extends SingleGpu {
  considered: Omit<ConsideredLaunch, 'hasKnownGpus'>;
}

/** A launch that may never be made, and what it would need. */
export interface ConsideredLaunch {
  fit: LaunchFit;
  choice: LaunchChoice;
  need: LaunchNeed;
  /** The room beside all other runs, on RAM and the GPUs that the engine uses. */
  now: readonly DeviceRoom[];
  /** The need is that of a start. Otherwise the start is not limited, because its GPUs are unknown. */
  hasKnownGpus: boolean;
}

export interface ConsideredPlaces {
  /** On single GPUs, the best first. */
  singles: readonly ConsideredLaunch[];
  /** On all GPUs that the engine sees. */
  whole: ConsideredLaunch;
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
    if (known === null || this.#usesOthers(launch, known)) return null;
    const { need } = consideredOf(known, now, alone);
    const singles = await this.#singles(launch, known, now, alone);
    if (singles.length === 0) return need;
    const places = singles.map(({ device, variables, considered }) => ({
      gpu: device,
      variables,
      need: considered.need,
    }));
    return { ...need, places: [...places, { gpu: null, variables: {}, need }] satisfies LaunchPlace[] };
  }

  /**
   * Like {@link of}, with everything that the need follows from, for each place of the launch. If its GPUs are unknown, those of the
   * machine count. `null`: the need of this engine is unknown.
   *
   * @param allowed Names of the devices that it may use; `null`: all that it sees.
   * @throws {GgufFault} why a file cannot be loaded; or the error of the system
   */
  async consider(
    launch: PlannedLaunch,
    now: readonly DeviceRoom[],
    alone: readonly DeviceRoom[],
    allowed: readonly string[] | null,
  ): Promise<ConsideredPlaces | null> {
    const known = await this.#read(launch, alone);
    if (known === null) return null;
    const all = gpusOf(alone).map(({ device }) => device);
    const { seen, used } = known.gpus ?? { seen: all, used: all };
    const gpus = { seen, used: allowed === null ? used : used.filter((device) => allowed.includes(device)) };
    const isKnown = known.gpus !== null && !this.#usesOthers(launch, { ...known, gpus });
    const singles = isKnown ? await this.#singles(launch, { ...known, gpus }, now, alone) : [];
    return {
      singles: singles.map(({ considered }) => ({ ...considered, hasKnownGpus: true })),
      whole: { ...consideredOf({ ...known, gpus }, now, alone), hasKnownGpus: isKnown },
    };
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

  /** The single GPUs that a start may give to the engine, the one with most free memory first. */
  async #singles(
    launch: PlannedLaunch,
    { options, gpus }: KnownLaunch,
    now: readonly DeviceRoom[],
    alone: readonly DeviceRoom[],
  ): Promise<SinglePlace[]> {
    const { engines, placesEngines = false } = this.#dependencies;
    const { engine, plan } = launch;
    if (!placesEngines || plan.container !== undefined || plan.gpuVariables !== undefined) return [];
    const candidates = singleGpus(roomsOn(alone, gpus.used).slice(1), plan.environment, options);
    if (candidates.length === 0) return [];
    // A program that sees fewer GPUs is a script that chooses them itself.
    if ((await engines.find(engine)?.cudaGpus?.(plan)) !== gpus.seen.length) return [];
    const free = new Map(now.map((room) => [room.device, room.free]));
    const found: SinglePlace[] = [];
    for (const single of candidates.toSorted(
      (one, other) => (free.get(other.device) ?? 0) - (free.get(one.device) ?? 0),
    )) {
      const known = await this.#fitOf({ engine, plan: { ...plan, gpuVariables: single.variables } }, alone);
      if (known === null) continue;
      const { fit } = known.planned;
      const rooms = roomsOn(alone, known.gpus.used);
      if (fit.fits(fit.wanted(options, rooms), rooms))
        found.push({ ...single, considered: consideredOf(known, now, alone) });
    }
    return found;
  }

  /** Whether the program has reported a GPU that no tool measures. Its models are not in RAM, where an estimate has them. */
  #usesOthers(launch: PlannedLaunch, { options, gpus }: KnownLaunch): boolean {
    const mayUse = options.gpuLayers !== 0 && gpus.seen.length === 0;
    return mayUse && this.#dependencies.figures.of(keyOfOthers(launch)) !== null;
  }

  /** `null`: the need of this engine or its GPUs are unknown, or a file cannot be read or is no model. The start itself says so. */
  async #fitOf(launch: PlannedLaunch, rooms: readonly DeviceRoom[]): Promise<KnownLaunch | null> {
    try {
      const known = await this.#read(launch, rooms);
      return known === null || known.gpus === null ? null : { ...known, gpus: known.gpus };
    } catch (error) {
      if (error instanceof GgufFault || codeOf(error) !== null) return null;
      throw error;
    }
  }

  /** `null`: the need of this engine is unknown. @throws {GgufFault} why a file cannot be loaded; or the error of the system */
  async #read({ engine, plan }: PlannedLaunch, rooms: readonly DeviceRoom[]): Promise<ReadLaunch | null> {
    const { engines, fits, inherited } = this.#dependencies;
    const options = engines.find(engine)?.memory(plan) ?? null;
    if (options === null || options.model === null) return null;
    // A container gets the variables of its own command.
    const environment =
      plan.container === undefined ? { ...inherited, ...plan.environment, ...plan.gpuVariables } : plan.environment;
    const gpus = gpusSeen(gpusOf(rooms), { environment, devices: options.devices });
    return { planned: await fits.of(plan, { ...options, model: options.model }), options, gpus };
  }
}

/** Key of the figure that says that a program uses GPUs which no tool measures. */
function keyOfOthers({ engine, plan: { command } }: PlannedLaunch): string {
  return figureKey('GPUs without a tool', engine, command);
}

function consideredOf(
  { planned: { fit }, options, gpus }: KnownLaunch,
  now: readonly DeviceRoom[],
  alone: readonly DeviceRoom[],
): Omit<ConsideredLaunch, 'hasKnownGpus'> {
  const [ours, all] = [roomsOn(now, gpus.used), roomsOn(alone, gpus.used)];
  const choice = chooseLaunch(fit, options, ours, all);
  return { fit, choice, need: needOf(fit, choice, options, all), now: ours };
}

function gpusOf(rooms: readonly DeviceRoom[]): DeviceRoom[] {
  return rooms.filter(({ device }) => device !== RAM);
}

import path from 'node:path';
import { ApiError } from '@llamactl/contract/errors';
import type { DeviceEstimate, Estimate } from '@llamactl/contract/estimate';
import { errorWords } from '@llamactl/contract/reason';
import type { Engines } from '../instances/ports/engine-adapter.ts';
import type { MemoryOptions } from '../instances/ports/memory-options.ts';
import type { MemoryOutlook, MemoryPicture } from '../instances/ports/memory-outlook.ts';
import type { LaunchPlan } from '../instances/ports/runs.ts';
import { contextWarning } from '../instances/settings/context-warning.ts';
import { partOf } from './file-facts.ts';
import { GgufFault } from './gguf-header.ts';
import { startedNow } from './launch-choice.ts';
import { type DraftSettings, draftPlan, type OptionChanges, withOptions } from './launch-draft.ts';
import type { Room } from './launch-fit.ts';
import type { ConsideredPlaces, EstimatedNeeds } from './launch-needs.ts';
import { type Need, withMargin } from './memory-estimate.ts';

const UNKNOWN_GPUS =
  'llamactl does not know which GPUs the engine uses, so this is for all GPUs of the machine, and memory limits no start of it.';

export interface EstimatorDependencies {
  engines: Engines;
  needs: Pick<EstimatedNeeds, 'consider'>;
  outlook: MemoryOutlook;
}

/** A launch whose memory is estimated. */
export interface EstimatedLaunch {
  settings: DraftSettings;
  /** The id of its instance, whose own run does not stand in its way; `null`: of no instance. */
  instance: string | null;
  /** Names of the devices that may be used; `null`: all. */
  devices: readonly string[] | null;
}

/** An estimate that names instances by their ids. */
export type InternalEstimate = Omit<Estimate, 'must_stop'> & { mustStop: string[] };

/** Estimates the memory of launches on this machine. Starts nothing. */
export class MemoryEstimator {
  readonly #dependencies: EstimatorDependencies;

  constructor(dependencies: EstimatorDependencies) {
    this.#dependencies = dependencies;
  }

  /** The settings with other options, which replace their twins. @throws {ApiError} there is no such engine */
  withOptions(settings: DraftSettings, changes: OptionChanges): DraftSettings {
    return withOptions(settings, changes, this.#dependencies.engines);
  }

  /** The files that a launch would load, as far as they decide about its memory. An option may name another model. */
  files(settings: DraftSettings): string[] {
    const options = this.#options(settings.engine, draftPlan(settings, this.#dependencies.engines));
    if (options === null) return [];
    const companions = options.companions.map((companion) => companion.path);
    return options.model === null ? companions : [options.model, ...companions];
  }

  /**
   * @throws {ApiError} `VALIDATION_ERROR`: the need of this engine is unknown, or there is no such engine or device;
   *   `MODEL_NOT_FOUND`: a file cannot be read
   */
  async estimate(launch: EstimatedLaunch): Promise<InternalEstimate> {
    const { settings } = launch;
    const plan = draftPlan(settings, this.#dependencies.engines);
    const options = this.#options(settings.engine, plan);
    if (options === null) throw unknownEngine(settings.engine);
    if (!hasModel(options)) throw new ApiError('MODEL_NOT_FOUND', 'The instance has no model file.');
    const picture = await this.#dependencies.outlook.look(launch.instance);
    checkDevices(launch.devices, picture.alone);
    const { singles, whole } = await this.#consider(
      { engine: settings.engine, plan },
      options,
      picture,
      launch.devices,
    );
    const places = [...singles, whole];
    const free = places.find(({ need: { devices } }) =>
      devices.every((each) => each.whole <= picture.free(each.device)),
    );
    const isFree = free !== undefined;
    const eviction = isFree ? null : picture.eviction(places.map((place) => place.need));
    const { fit, choice, now, hasKnownGpus } = free ?? places[eviction?.place ?? 0] ?? whole;
    const rooms = now.map((room) => ({ ...room, free: picture.free(room.device) }));
    const { settled, rooms: homes } = isFree ? startedNow(fit, options, choice, now) : choice;
    const warnings = [
      contextWarning(settings, { context: fit.trainedContext }),
      hasKnownGpus ? null : UNKNOWN_GPUS,
    ].filter((warning) => warning !== null);
    return {
      fits: isFree,
      per_device: perDevice(fit.needs(settled, homes), rooms),
      mustStop: eviction?.mustStop ?? [],
      suggestions: isFree
        ? []
        : fit.suggestions(settled, rooms).map(({ label, options: other }) => ({ label, options: { ...other } })),
      context: settled.context,
      gpu_layers: settled.gpuLayers,
      ...(warnings.length > 0 && { warnings }),
      source: fit.source(settled, homes),
    };
  }

  /** The options of a launch that decide about its memory; `null`: the need of this engine is unknown. */
  #options(engine: string, plan: LaunchPlan): MemoryOptions | null {
    return this.#dependencies.engines.find(engine)?.memory(plan) ?? null;
  }

  async #consider(
    launch: { engine: string; plan: LaunchPlan },
    options: MemoryOptions & { model: string },
    { now, alone }: MemoryPicture,
    devices: readonly string[] | null,
  ): Promise<ConsideredPlaces> {
    try {
      const considered = await this.#dependencies.needs.consider(launch, now, alone, devices);
      if (considered !== null) return considered;
    } catch (error) {
      const isFault = error instanceof GgufFault;
      const isOneFile = options.companions.length === 0 && partOf(options.model).total === null;
      const others = options.companions.map((each) => path.basename(each.path));
      const subject = [path.basename(options.model), ...others].join(', with ');
      throw new ApiError(
        'MODEL_NOT_FOUND',
        `The memory of ${subject} is unknown: ${isOneFile ? 'it' : 'a file'} ${isFault ? error.message : `cannot be read: ${errorWords(error)}`}.`,
      );
    }
    throw unknownEngine(launch.engine);
  }
}

function hasModel(options: MemoryOptions): options is MemoryOptions & { model: string } {
  return options.model !== null;
}

function unknownEngine(engine: string): ApiError {
  return new ApiError('VALIDATION_ERROR', `llamactl cannot estimate the memory of the engine ${engine}.`);
}

/** @throws {ApiError} the machine has no such device */
function checkDevices(devices: readonly string[] | null, rooms: readonly Room[]): void {
  const known = rooms.map(({ device }) => device);
  const unknown = devices?.find((device) => !known.includes(device));
  if (unknown === undefined) return;
  const message = `has no ${JSON.stringify(unknown)}; this machine has ${known.join(', ')}`;
  throw new ApiError('VALIDATION_ERROR', `devices ${message}.`, { problems: [{ path: 'devices', message }] });
}

function perDevice(needs: readonly Need[], rooms: readonly Room[]): DeviceEstimate[] {
  return rooms.map(({ device, total, free }) => {
    const need = needs.find((each) => each.device === device);
    const { weights, cache, compute } = need ?? { weights: 0, cache: 0, compute: 0 };
    return {
      device,
      total,
      free,
      need: need === undefined ? 0 : withMargin(need),
      weights: Math.round(weights),
      cache: Math.round(cache),
      compute: Math.round(compute),
    };
  });
}

import path from 'node:path';
import { ApiError } from '@llamactl/contract/errors';
import type { DeviceEstimate, Estimate } from '@llamactl/contract/estimate';
import { codeOf, errorWords } from '@llamactl/contract/reason';
import type { Gpu } from '@llamactl/contract/system';
import type { Engines } from '../instances/ports/engine-adapter.ts';
import type { MemoryOptions } from '../instances/ports/memory-options.ts';
import type { LaunchPlan } from '../instances/ports/runs.ts';
import { contextWarning } from '../instances/settings/context-warning.ts';
import { type DraftSettings, draftPlan, type OptionChanges, withOptions } from './launch-draft.ts';
import { GgufFault } from './gguf-header.ts';
import { type Need, RAM, withMargin } from './memory-estimate.ts';
import { type LaunchFit, mustEnd } from './launch-fit.ts';
import type { LaunchFits } from './launch-fits.ts';
import { type HeldMemory, type MachineMemory, type Room, type RoomTerms, roomsOf } from './memory-room.ts';

/** A run that holds memory. */
export interface Holder {
  /** Of its instance. */
  id: string;
  engine: string;
  plan: LaunchPlan;
  /** It could be stopped for another one. */
  isIdle: boolean;
  /** When it was last used; smaller is earlier. */
  lastUsed: number;
}

export interface EstimatorDependencies {
  engines: Engines;
  fits: Pick<LaunchFits, 'of'>;
  /** The memory of the machine, or of the container; bytes. */
  ram: () => { total: number; usage: number };
  gpus: () => Promise<readonly Gpu[]>;
  /** The part of the memory that the configuration leaves for instances; `null`: all. */
  terms: RoomTerms | null;
  /** All runs that hold memory now. */
  holders: () => readonly Holder[];
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
    if (options === null) {
      throw new ApiError('VALIDATION_ERROR', `llamactl cannot estimate the memory of the engine ${settings.engine}.`);
    }
    if (options.model === null) throw new ApiError('MODEL_NOT_FOUND', 'The instance has no model file.');
    const [fit, machine] = await Promise.all([
      this.#read(plan, { ...options, model: options.model }),
      this.#machine(launch.devices),
    ]);
    const holders = this.#dependencies.holders();
    const held = await Promise.all(holders.map((holder) => this.#held(holder, machine)));
    const own = new Set(launch.instance === null ? [] : [launch.instance]);
    const roomsWithout = (ended: Iterable<string>): Room[] =>
      roomsOf(machine, held, new Set([...own, ...ended]), this.#dependencies.terms);
    const rooms = roomsWithout([]);
    const settled = fit.settled(options, rooms);
    const idle = holders
      .filter(({ id, isIdle }) => isIdle && !own.has(id))
      .toSorted((one, other) => one.lastUsed - other.lastUsed)
      .map(({ id }) => id);
    const warning = contextWarning(settings, { context: fit.trainedContext });
    return {
      fits: fit.fits(settled, rooms),
      per_device: perDevice(fit.needs(settled, rooms), rooms),
      mustStop: mustEnd(idle, (ended) => fit.fits(settled, roomsWithout(ended))),
      suggestions: fit
        .suggestions(settled, rooms)
        .map(({ label, options: other }) => ({ label, options: { ...other } })),
      context: settled.context,
      gpu_layers: settled.gpuLayers,
      ...(warning !== null && { warnings: [warning] }),
      source: fit.source(settled, rooms),
    };
  }

  /** The options of a launch that decide about its memory; `null`: the need of this engine is unknown. */
  #options(engine: string, plan: LaunchPlan): MemoryOptions | null {
    return this.#dependencies.engines.find(engine)?.memory(plan) ?? null;
  }

  async #read(plan: LaunchPlan, options: MemoryOptions & { model: string }): Promise<LaunchFit> {
    try {
      return (await this.#dependencies.fits.of(plan, options)).fit;
    } catch (error) {
      const isFault = error instanceof GgufFault;
      const others = options.companions.map((each) => path.basename(each.path));
      const subject = [path.basename(options.model), ...others].join(', with ');
      throw new ApiError(
        'MODEL_NOT_FOUND',
        `The memory of ${subject} is unknown: a file ${isFault ? error.message : `cannot be read: ${errorWords(error)}`}.`,
      );
    }
  }

  async #machine(devices: readonly string[] | null): Promise<MachineMemory> {
    const { ram, gpus } = this.#dependencies;
    const { total, usage } = ram();
    const all = (await gpus()).flatMap(({ vendor, index, memory_total: size, memory_usage: used }) =>
      // Without memory of its own, its memory is that of the machine.
      size === null || used === null
        ? []
        : [{ device: `${vendor}:${index}`, total: size, free: Math.max(0, size - used) }],
    );
    const known = [RAM, ...all.map(({ device }) => device)];
    const unknown = devices?.find((device) => !known.includes(device));
    if (unknown !== undefined) {
      const message = `has no ${JSON.stringify(unknown)}; this machine has ${known.join(', ')}`;
      throw new ApiError('VALIDATION_ERROR', `devices ${message}.`, { problems: [{ path: 'devices', message }] });
    }
    const used = devices === null ? all : all.filter(({ device }) => devices.includes(device));
    return { ram: { total, available: Math.max(0, total - usage) }, gpus: used };
  }

  /** The memory of a run. It is unknown for another engine, or if the file is gone. */
  async #held({ id, engine, plan }: Holder, machine: MachineMemory): Promise<HeldMemory> {
    const options = this.#options(engine, plan);
    if (options === null || options.model === null) return { id, needs: [] };
    try {
      const { fit } = await this.#dependencies.fits.of(plan, { ...options, model: options.model });
      const whole = [
        { device: RAM, ...machine.ram, free: machine.ram.total },
        ...machine.gpus.map((gpu) => ({ ...gpu, free: gpu.total })),
      ];
      return { id, needs: fit.needs(fit.settled(options, whole), whole) };
    } catch (error) {
      if (error instanceof GgufFault || codeOf(error) !== null) return { id, needs: [] };
      throw error;
    }
  }
}

function perDevice(needs: readonly Need[], rooms: readonly Room[]): DeviceEstimate[] {
  return rooms.map((room) => {
    const need = needs.find(({ device }) => device === room.device);
    const { weights, cache, compute } = need ?? { weights: 0, cache: 0, compute: 0 };
    return {
      ...room,
      need: need === undefined ? 0 : withMargin(need),
      weights: Math.round(weights),
      cache: Math.round(cache),
      compute: Math.round(compute),
    };
  });
}

import type { DeviceNeed, DeviceRoom, LaunchNeed, RunNeed } from '../instances/ports/machine-memory.ts';
import type { MemoryOptions } from '../instances/ports/memory-options.ts';
import type { LaunchFit } from './launch-fit.ts';
import { type Need, RAM, type SettledOptions, withMargin } from './memory-estimate.ts';

/** How a launch starts on a machine. Starts and estimates use the same. */
export interface LaunchChoice {
  /** The options that the launch needs memory for. */
  settled: SettledOptions;
  /** The rooms for which they were chosen: the free memory decides what each of several GPUs gets. */
  rooms: readonly DeviceRoom[];
  /** Larger options, up to which the engine takes what is free; `null`: it takes what it needs. */
  upTo: SettledOptions | null;
  /** The engine has made itself smaller than it would like. */
  fills: boolean;
}

/**
 * Chooses how a launch starts. The engine makes smaller what is not given. So it gets all that it would like, if that fits beside
 * the runs of now; else what it would take if it ran alone. Pure.
 *
 * @param now The room beside all other runs, RAM first.
 * @param alone The room without them.
 */
export function chooseLaunch(
  fit: LaunchFit,
  options: MemoryOptions,
  now: readonly DeviceRoom[],
  alone: readonly DeviceRoom[],
): LaunchChoice {
  const shrinking = shrinkingChoice(fit, options, now, alone);
  if (shrinking !== null) return shrinking;
  const rooms = fit.fits(fit.wanted(options, now), now) ? now : alone;
  const settled = fit.settled(options, rooms);
  const wanted = fit.wanted(options, rooms);
  const fills = settled.context < wanted.context || settled.gpuLayers < wanted.gpuLayers;
  return { settled, rooms, upTo: null, fills };
}

/**
 * An engine that chooses its context needs only the smallest one, and takes a larger one if that is free: no other instance ends
 * for a larger context. `null`: the context is given, or not even the smallest one fits.
 */
function shrinkingChoice(
  fit: LaunchFit,
  options: MemoryOptions,
  now: readonly DeviceRoom[],
  alone: readonly DeviceRoom[],
): LaunchChoice | null {
  const smallest = fit.smallest(options, now);
  const isLimited = now.some(({ device, isLimited: limited }) => limited === true && device !== RAM);
  if (smallest === null || isLimited || !fit.fits(smallest, alone)) return null;
  const rooms = fit.fits(smallest, now) ? now : alone;
  return { settled: smallest, rooms, upTo: fit.wanted(options, rooms), fills: false };
}

/** The memory that a launch needs. */
export function needOf(
  fit: LaunchFit,
  choice: LaunchChoice,
  { isMapped, reports }: Pick<MemoryOptions, 'isMapped' | 'reports'>,
  alone: readonly DeviceRoom[],
): LaunchNeed {
  const { settled, rooms, upTo, fills } = choice;
  const runNeed = (each: SettledOptions): RunNeed => ({
    devices: fit.needs(each, rooms).map((need) => deviceNeed(need, isMapped)),
    source: fit.source(each, rooms),
  });
  return {
    ...runNeed(settled),
    ...(fills ? { fills } : {}),
    ...(upTo === null ? {} : { upTo: runNeed(upTo) }),
    ...(reports ? { reports } : {}),
    suggestions: upTo === null ? fit.suggestions(settled, alone) : [],
  };
}

/** The options with which the engine would start now: with a larger context than it needs, if that is free. */
export function startedNow(
  fit: LaunchFit,
  options: MemoryOptions,
  choice: LaunchChoice,
  now: readonly DeviceRoom[],
): Pick<LaunchChoice, 'settled' | 'rooms'> {
  const isLarger = choice.upTo !== null && fit.fits(choice.settled, now);
  return isLarger ? { settled: fit.settled(options, now), rooms: now } : choice;
}

/** The need with its margin, and without weights that the system may drop. */
export function deviceNeed(need: Need, isMapped: boolean): DeviceNeed {
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

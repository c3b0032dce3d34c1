import type { ValueStore } from '../lib/value-store.ts';

/** One line of a chart. */
export interface ChartSeries {
  name: string;
  /** At the times of the chart; `null` breaks the line. */
  values: readonly (number | null)[];
}

/** The moment that the cursor of several charts shows, in seconds since the epoch; `null`: none. */
export type ChartCursor = ValueStore<number | null>;

export interface ChartProps {
  title: string;
  /** Seconds since the epoch, ascending. */
  times: readonly number[];
  /** At most four have colours of their own; later ones are dashed. */
  series: readonly ChartSeries[];
  /** First and last second of the time axis. */
  range: readonly [number, number];
  format: (value: number) => string;
  /** Distances between the lines of values to choose from, ascending; left out: decimal ones. */
  steps?: readonly number[];
  /** The least value of a full height, so that small values look small. */
  top: number;
  /** Values from here on are bad: they are hatched. */
  badFrom?: number;
  /** Shared by charts whose cursor moves together. */
  cursor: ChartCursor;
  /** Pixels; default 132. */
  height?: number;
  /** Leaves out the names at the line ends, where the head of the chart has room for all of them. */
  isNameless?: boolean;
  className?: string;
}

/** Seconds after which the newest value is of the past, if the steps of the line are not longer. */
const CURRENT_SECONDS = 10;
const LONGEST_STEP = 120;
/** Steps without a value after which a line is broken, or has ended. */
const MISSED_STEPS = 2.5;

/**
 * The seconds between two values after which the line between them is broken.
 *
 * @param step Seconds that the later value stands for.
 * @param before Those of the earlier value; left out: the same.
 */
export function breakAfter(step: number, before = step): number {
  return ((step + before) / 2) * MISSED_STEPS;
}

/** The newest value of a line, if the line goes on until now; `null`: it ended before. @param now Seconds since the epoch. */
export function currentOf(times: readonly number[], values: readonly (number | null)[], now: number): number | null {
  const at = values.findLastIndex((value) => value !== null);
  const [time, before] = [times[at], times[at - 1]];
  if (time === undefined) return null;
  const step = before === undefined ? 0 : Math.min(time - before, LONGEST_STEP);
  return now - time <= Math.max(CURRENT_SECONDS, step * MISSED_STEPS) ? (values[at] ?? null) : null;
}

/** The values of a line that words say. */
export interface Extremes {
  highest: number;
  lowest: number;
}

/** The places of values without a value on either side. A line does not show them, so they get a point. */
export function lonelyIndexes(values: ArrayLike<number | null | undefined>): number[] {
  const has = (at: number): boolean => typeof values[at] === 'number';
  return Array.from(values, (_, at) => at).filter((at) => has(at) && !has(at - 1) && !has(at + 1));
}

/** Returns what words say about a line; `null`: it has no value. */
export function extremesOf(values: readonly (number | null)[]): Extremes | null {
  let highest = -Infinity;
  let lowest = Infinity;
  for (const value of values) {
    if (value === null) continue;
    if (value > highest) highest = value;
    if (value < lowest) lowest = value;
  }
  return highest === -Infinity ? null : { highest, lowest };
}

/** The index of the time that is nearest to a moment; -1: there is no time. @param times Ascending. */
export function nearestIndex(times: readonly number[], moment: number): number {
  let low = 0;
  let high = times.length - 1;
  if (high < 0) return -1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < moment) low = middle + 1;
    else high = middle;
  }
  const before = times[low - 1];
  const at = times[low] ?? moment;
  return before !== undefined && moment - before < at - moment ? low - 1 : low;
}

/** Returns the index that an arrow key moves the cursor to: the next one with a value. `null`: no further index has one. */
export function steppedIndex(series: readonly ChartSeries[], from: number, step: 1 | -1, count: number): number | null {
  for (let at = from + step; at >= 0 && at < count; at += step) {
    if (series.some(({ values }) => typeof values[at] === 'number')) return at;
  }
  return null;
}

/** Moves names at the ends of lines apart. @param places Ascending or not, in pixels. @returns Places in the same order. */
export function spreadPlaces(places: readonly number[], gap: number, top: number, bottom: number): number[] {
  const order = places.map((place, index) => ({ place, index })).sort((one, other) => one.place - other.place);
  let least = top;
  const moved = order.map(({ place, index }) => {
    const at = Math.max(place, least);
    least = at + gap;
    return { at, index };
  });
  let most = bottom;
  for (const each of moved.toReversed()) {
    each.at = Math.min(each.at, most);
    most = each.at - gap;
  }
  return moved.sort((one, other) => one.index - other.index).map(({ at }) => at);
}

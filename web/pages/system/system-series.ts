import type { FleetStats, SystemStatsPoint } from '@llamactl/client';
import { breakAfter, type ChartSeries } from '../../components/chart-values.ts';

/** The figures of the machine at many moments, oldest first: one list for each. */
export interface SystemSeries {
  /** Seconds since the epoch. */
  at: readonly number[];
  /** Percent of all cores. */
  cpu: readonly (number | null)[];
  /** Bytes. */
  memory: readonly (number | null)[];
  /** Percent of the data directory's filesystem. */
  disk: readonly (number | null)[];
  /** Bytes of each GPU that reports them. */
  gpuMemory: readonly GpuLine[];
  /** Percent of each GPU that reports it. */
  gpuLoad: readonly GpuLine[];
}

/** A line of one GPU. */
export interface GpuLine extends ChartSeries {
  /** The tool's own number. */
  index: number;
}

type Moment = { at: number; point: SystemStatsPoint | null };

/** Turns points of the machine into lists for charts. @param points Oldest first. */
export function systemSeries(points: readonly SystemStatsPoint[]): SystemSeries {
  const moments = withGaps(points);
  const list = (value: (point: SystemStatsPoint) => number | null) =>
    moments.map(({ point }) => (point === null ? null : value(point)));
  const indexes = [...new Set(points.flatMap(({ gpus }) => gpus.map(({ index }) => index)))].toSorted(
    (one, other) => one - other,
  );
  const ofGpus = (field: 'memory_usage' | 'utilization'): GpuLine[] =>
    indexes
      .map((index) => ({
        index,
        name: `GPU ${index}`,
        values: list(({ gpus }) => gpus.find((gpu) => gpu.index === index)?.[field] ?? null),
      }))
      .filter(({ values }) => values.some((value) => value !== null));
  return {
    at: moments.map(({ at }) => at),
    cpu: list((point) => point.cpu_usage),
    memory: list((point) => point.memory_usage),
    disk: list((point) => point.disk_usage),
    gpuMemory: ofGpus('memory_usage'),
    gpuLoad: ofGpus('utilization'),
  };
}

function withGaps(points: readonly SystemStatsPoint[]): Moment[] {
  return points.flatMap((point, index) => {
    const at = Date.parse(point.timestamp) / 1_000;
    const before = points[index - 1];
    const last = before === undefined ? at : Date.parse(before.timestamp) / 1_000;
    const longest = breakAfter(point.seconds, before?.seconds);
    const isGap = at - last > longest;
    return [...(isGap ? [{ at: last + longest / 2, point: null }] : []), { at, point }];
  });
}

/**
 * Divides the lines of GPUs by GPU: memory and load of each, both in percent.
 *
 * @param totals Bytes of each GPU, by its number; `null`: not reported, so its memory has no line.
 * @param names The names of the lines.
 */
export function gpuShareSeries(
  { gpuMemory, gpuLoad }: Pick<SystemSeries, 'gpuMemory' | 'gpuLoad'>,
  totals: ReadonlyMap<number, number | null>,
  names: { memory: string; load: string },
): { name: string; lines: readonly ChartSeries[] }[] {
  const all = Map.groupBy([...gpuMemory, ...gpuLoad], ({ index }) => index);
  return [...all]
    .toSorted(([one], [other]) => one - other)
    .map(([index, [first]]) => {
      const total = totals.get(index) ?? 0;
      const memory = total > 0 ? gpuMemory.find((line) => line.index === index) : undefined;
      const load = gpuLoad.find((line) => line.index === index);
      return {
        name: first?.name ?? '',
        lines: [
          ...(memory === undefined
            ? []
            : [
                {
                  name: names.memory,
                  values: memory.values.map((value) => (value === null ? null : (100 * value) / total)),
                },
              ]),
          ...(load === undefined ? [] : [{ name: names.load, values: load.values }]),
        ],
      };
    });
}

/** Figures of all instances together: one value for each step, oldest first. */
export interface FleetSeries {
  /** Seconds since the epoch. */
  at: readonly number[];
  /** Tokens generated, per second. */
  tokens: readonly number[];
  /** Requests that ended, per minute. */
  requests: readonly (number | null)[];
  /** Sum of the most requests that waited for each instance. */
  waiting: readonly number[];
}

/** Adds the histories of all instances. Steps without a run count as 0. */
export function fleetSeries({ seconds, until, instances }: FleetStats): FleetSeries {
  const count = Math.max(0, ...instances.map(({ requests }) => requests.length));
  const end = Date.parse(until) / 1_000;
  const sum = (field: 'tokens_per_second' | 'requests' | 'waiting_max', scale = 1): number[] =>
    Array.from(
      { length: count },
      (_, at) => instances.reduce((total, instance) => total + (instance[field][at] ?? 0), 0) * scale,
    );
  return {
    at: Array.from({ length: count }, (_, at) => end - (count - 1 - at) * seconds),
    tokens: sum('tokens_per_second'),
    requests: sum('requests', 60 / seconds),
    waiting: sum('waiting_max'),
  };
}

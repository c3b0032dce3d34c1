import type { StatsHistory, StatsPoint } from '@llamactl/client';
import { memoryText, percent } from '../../format/figures.ts';
import { sparkline } from '../screen/sparkline.ts';
import type { Cell, Column } from '../screen/table.ts';

interface Figure {
  title: string;
  mean: (point: StatsPoint) => number;
  peak: (point: StatsPoint) => number;
  shown: (value: number) => string;
  /** Least value of a full bar. */
  top?: number;
}

const FIGURES: readonly Figure[] = [
  { title: 'memory', mean: (point) => point.memory_usage, peak: (point) => point.memory_usage_peak, shown: memoryText },
  { title: 'CPU', mean: (point) => point.cpu_usage, peak: (point) => point.cpu_usage_peak, shown: percent, top: 10 },
  {
    title: 'threads',
    mean: (point) => point.threads,
    peak: (point) => point.threads,
    shown: (value) => String(Math.round(value)),
  },
];
const GPU: Figure = {
  title: 'GPU',
  mean: (point) => point.gpu_memory_usage ?? 0,
  peak: (point) => point.gpu_memory_usage ?? 0,
  shown: memoryText,
};
const COLUMNS: Column[] = [
  { title: '' },
  { title: 'LOWEST', align: 'right' },
  { title: 'MEAN', align: 'right' },
  { title: 'HIGHEST', align: 'right' },
  { title: 'LAST', align: 'right' },
  { title: 'TREND', gives: 1 },
];
/** Width of the other columns, and of the last one where the terminal width is unknown. */
const OTHER_COLUMNS = 46;
const USUAL_WIDTH = 60;

/**
 * Usage over time, one row per figure: lowest and mean of its steps, the highest measurement, and a sparkline.
 *
 * @param now Milliseconds since the epoch: the right end of the sparkline.
 * @param width Of the terminal.
 */
export function historyTable(
  { points, window }: StatsHistory,
  now: number,
  width: number,
): { columns: Column[]; rows: Cell[][] } {
  const hasGpu = points.some(({ gpu_memory_usage: gpu }) => gpu !== null);
  const room = Number.isFinite(width) ? Math.max(10, Math.min(120, width - OTHER_COLUMNS)) : USUAL_WIDTH;
  // The server's clock may be ahead of ours; its last step is the end then.
  const last = points.at(-1);
  if (last === undefined) return { columns: COLUMNS, rows: [] };
  const end = Math.max(now, Date.parse(last.timestamp));
  const rows = [...FIGURES, ...(hasGpu ? [GPU] : [])].map(({ title, mean, peak, shown, top = 0 }): Cell[] => {
    const spans = points.map((point) => {
      const to = Date.parse(point.timestamp);
      return { from: to - point.seconds * 1_000, to, value: mean(point) };
    });
    const seconds = points.reduce((total, point) => total + point.seconds, 0);
    const total = points.reduce((sum, point) => sum + mean(point) * point.seconds, 0);
    return [
      title,
      shown(Math.min(...points.map(mean))),
      shown(seconds === 0 ? 0 : total / seconds),
      shown(Math.max(...points.map(peak))),
      shown(mean(last)),
      sparkline(spans, { from: end - window * 1_000, to: end, width: room, top }).trimEnd(),
    ];
  });
  return { columns: COLUMNS, rows };
}

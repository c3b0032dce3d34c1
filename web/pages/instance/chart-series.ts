import type { StatsPoint } from '@llamactl/client';
import { breakAfter } from '../../components/chart-values.ts';

/** The figures of one moment; `null`: not measured. */
export interface Figures {
  /** Seconds since the epoch. */
  at: number;
  memory: number | null;
  gpuMemory: number | null;
  cpu: number | null;
  tokens: number | null;
  firstToken: number | null;
  firstTokenHigh: number | null;
  waiting: number | null;
}

/** The figures of many moments, oldest first: one list for each. */
export type FigureLists = { readonly [Key in keyof Figures]: readonly Figures[Key][] };

const NOTHING: Omit<Figures, 'at'> = {
  memory: null,
  gpuMemory: null,
  cpu: null,
  tokens: null,
  firstToken: null,
  firstTokenHigh: null,
  waiting: null,
};

/** The figures of one step of the history. */
export function figuresOf(point: StatsPoint): Figures {
  return {
    at: Date.parse(point.timestamp) / 1_000,
    memory: point.memory_usage,
    gpuMemory: point.gpu_memory_usage,
    cpu: point.cpu_usage,
    tokens: point.tokens_per_second,
    firstToken: point.ttft_p50,
    firstTokenHigh: point.ttft_p95,
    waiting: point.waiting_max,
  };
}

/**
 * Joins the history with the figures that came since, as lists for charts. Times without a run break the lines.
 *
 * @param points Oldest first.
 * @param live Oldest first; those that the history has too are left out.
 * @param interval Seconds between two measurements.
 */
export function figureLists(points: readonly StatsPoint[], live: readonly Figures[], interval: number): FigureLists {
  const history = points.map((point) => ({ figures: figuresOf(point), step: point.seconds }));
  const end = history.at(-1)?.figures.at ?? -Infinity;
  const all = [...history, ...live.filter(({ at }) => at > end).map((figures) => ({ figures, step: interval }))];
  const joined: Figures[] = [];
  for (const [index, { figures, step }] of all.entries()) {
    const before = all[index - 1];
    const longest = Math.max(breakAfter(interval), breakAfter(step, before?.step));
    if (before !== undefined && figures.at - before.figures.at > longest) {
      joined.push({ at: before.figures.at + longest / 2, ...NOTHING });
    }
    joined.push(figures);
  }
  const list = <Key extends keyof Figures>(key: Key): Figures[Key][] => joined.map((figures) => figures[key]);
  return {
    at: list('at'),
    memory: list('memory'),
    gpuMemory: list('gpuMemory'),
    cpu: list('cpu'),
    tokens: list('tokens'),
    firstToken: list('firstToken'),
    firstTokenHigh: list('firstTokenHigh'),
    waiting: list('waiting'),
  };
}

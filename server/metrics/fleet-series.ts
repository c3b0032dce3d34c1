import type { FleetStats } from '@llamactl/contract/stats';
import type { Step } from './step-ring.ts';

export type InstanceSeries = FleetStats['instances'][number];

/** The division of a window into equal steps. */
export interface SeriesGrid {
  /** End of the last step, milliseconds since the epoch. */
  until: number;
  /** Length of a step. */
  seconds: number;
  /** How many steps. */
  points: number;
}

/** Sums over one step of the grid. */
interface Cell {
  /** Measured seconds; 0: no run. */
  seconds: number;
  cpu: number;
  memory: number;
  tokens: number;
  requests: number;
  waitingMax: number;
}

/**
 * Divides the steps of a history into those of the grid. A step that reaches over several of these counts in each with its
 * share.
 *
 * @param name Name of the instance.
 */
export function seriesOf(name: string, steps: readonly Step[], grid: SeriesGrid): InstanceSeries {
  const { until, seconds, points } = grid;
  const from = until - points * seconds * 1_000;
  const cells = Array.from({ length: points }, (): Cell => ({
    seconds: 0,
    cpu: 0,
    memory: 0,
    tokens: 0,
    requests: 0,
    waitingMax: 0,
  }));
  for (const step of steps) {
    const begin = (step.end - step.seconds * 1_000 - from) / 1_000 / seconds;
    const end = (step.end - from) / 1_000 / seconds;
    for (let index = Math.max(0, Math.floor(begin)); index < Math.min(points, end); index += 1) {
      const part = Math.min(end, index + 1) - Math.max(begin, index);
      const cell = cells[index];
      if (cell !== undefined && part > 0) addTo(cell, step, part * seconds);
    }
  }
  const column = (of: (cell: Cell) => number): (number | null)[] =>
    cells.map((cell) => (cell.seconds === 0 ? null : of(cell)));
  return {
    name,
    cpu_usage: column(({ cpu, seconds: measured }) => tenths(cpu / measured)),
    memory_usage: column(({ memory, seconds: measured }) => Math.round(memory / measured)),
    tokens_per_second: column(({ tokens }) => tenths(tokens / seconds)),
    requests: column(({ requests }) => tenths(requests)),
    waiting_max: column(({ waitingMax }) => waitingMax),
  };
}

/** @param seconds The part of the step that lies in the cell. */
function addTo(cell: Cell, step: Step, seconds: number): void {
  const share = seconds / step.seconds;
  cell.seconds += seconds;
  cell.cpu += step.cpu * seconds;
  cell.memory += step.memory * seconds;
  if (step.served === null) return;
  cell.tokens += step.served.tokensOut * share;
  cell.requests += step.served.requests * share;
  cell.waitingMax = Math.max(cell.waitingMax, step.served.waitingMax);
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

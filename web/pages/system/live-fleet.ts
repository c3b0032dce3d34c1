import type { FleetStats } from '@llamactl/client';
import type { FleetSeries } from './system-series.ts';

/** Figures of all instances at one moment. */
export interface FleetSample {
  /** Seconds since the epoch. */
  at: number;
  /** Tokens generated, per second. */
  tokens: number;
  /** Requests that wait. */
  waiting: number;
  /** Requests that ended since the sample before. */
  ended: number;
}

/**
 * Continues the history of all instances with the figures that came since, in the same steps.
 *
 * @param stats The end of the history, and the seconds of its steps.
 * @param samples Oldest first.
 */
export function continuedFleet(
  stats: Pick<FleetStats, 'seconds' | 'until'>,
  history: FleetSeries,
  samples: readonly FleetSample[],
): FleetSeries {
  const { seconds } = stats;
  const until = Date.parse(stats.until) / 1_000;
  const steps = Map.groupBy(
    samples.filter(({ at }) => at > until),
    ({ at }) => Math.ceil((at - until) / seconds),
  );
  const added = [...steps.values()].map((step, index) => ({
    at: step.at(-1)?.at ?? until,
    tokens: step.reduce((sum, { tokens }) => sum + tokens, 0) / step.length,
    // The last step has only begun, so it has no rate yet.
    requests: index + 1 === steps.size ? null : (step.reduce((sum, { ended }) => sum + ended, 0) * 60) / seconds,
    waiting: step.reduce((most, { waiting }) => Math.max(most, waiting), 0),
  }));
  return {
    at: [...history.at, ...added.map(({ at }) => at)],
    tokens: [...history.tokens, ...added.map(({ tokens }) => tokens)],
    requests: [...history.requests, ...added.map(({ requests }) => requests)],
    waiting: [...history.waiting, ...added.map(({ waiting }) => waiting)],
  };
}

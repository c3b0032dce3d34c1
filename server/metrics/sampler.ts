import type { Clock, RunMeter } from '../instances/ports.ts';
import type { LiveRun } from '../instances/use-cases.ts';
import { createHistory, type History } from './history.ts';
import type { StatsHistoryView } from './metrics.ts';
import type { OnFault, Sample } from './ports.ts';

/** Measures all running instances, one pass every few seconds; has no timer while nothing runs. */
export interface Sampler extends StatsHistoryView {
  /** An instance entered another state, or there may be runs to measure for another reason. */
  noteChange(): void;
  /** An instance was deleted: a new one of this name has no past. */
  forget(name: string): void;
  /** Measures nothing any more. */
  close(): void;
}

export interface SamplerDependencies {
  clock: Clock;
  /** `stats.interval`. */
  intervalSeconds: number;
  liveRuns: () => readonly LiveRun[];
  meter: RunMeter;
  /** Hears of every measurement in the turn in which it was made. */
  onSample: (sample: Sample) => void;
  onFault: OnFault;
}

/** Longer than this a pass does not hold up the rest of llamactl: the next runs wait for the next turn of the event loop. */
const LONGEST_TURN_MS = 5;
/** A process follows a change later: after a queue, a check, a backoff of a minute. So long nothing to measure is no end. */
const LINGER_MS = 120_000;

export function createSampler(dependencies: SamplerDependencies): Sampler {
  const { clock, intervalSeconds, liveRuns, meter, onSample, onFault } = dependencies;
  const histories = new Map<string, History>();
  let cancel: (() => void) | null = null;
  let isMeasuring = false;
  let isClosed = false;
  /** Names, in lower case, of which the log has a line already. */
  const faulty = new Set<string>();
  /** How long there was nothing to measure since the last change. */
  let idleMs = 0;

  const measure = ({ name, run }: LiveRun): void => {
    const key = name.toLowerCase();
    try {
      const stats = meter.stats(run);
      if (stats === null) return;
      const history = histories.get(key) ?? createHistory(intervalSeconds);
      histories.set(key, history);
      history.push(stats, clock.now());
      onSample({ name, stats });
      faulty.delete(key);
    } catch (error) {
      if (!faulty.has(key)) onFault(error, `The instance ${name} cannot be measured`);
      faulty.add(key);
    }
  };
  /** As many as fit into one turn, then the rest. */
  const pass = (runs: readonly LiveRun[]): void => {
    const begun = clock.elapsed();
    for (const [index, run] of runs.entries()) {
      if (isClosed) break;
      measure(run);
      const isOver = clock.elapsed() - begun >= LONGEST_TURN_MS;
      if (isOver && index + 1 < runs.length) return clock.nextTurn(() => pass(runs.slice(index + 1)));
    }
    isMeasuring = false;
  };
  const tick = (): void => {
    cancel = null;
    const runs = isMeasuring ? null : liveRuns();
    idleMs = runs?.length === 0 ? idleMs + intervalSeconds * 1_000 : 0;
    if (idleMs > LINGER_MS) return;
    schedule();
    if (runs === null) return;
    isMeasuring = true;
    pass(runs);
  };
  const schedule = (): void => {
    if (!isClosed) cancel ??= clock.after(intervalSeconds * 1_000, tick);
  };

  return {
    noteChange: () => {
      idleMs = 0;
      schedule();
    },
    forget: (name) => {
      histories.delete(name.toLowerCase());
      faulty.delete(name.toLowerCase());
    },
    history: (name, windowSeconds) => ({
      name,
      window: windowSeconds,
      interval: intervalSeconds,
      points: histories.get(name.toLowerCase())?.points(windowSeconds, clock.now()) ?? [],
    }),
    close: () => {
      isClosed = true;
      cancel?.();
    },
  };
}

import type { Clock } from '../instances/ports/time.ts';
import type { LiveRun } from '../instances/use-cases.ts';
import type { Histories } from './histories.ts';
import type { OnFault, Sample } from './metrics-ports.ts';
import type { Served } from './served-tally.ts';

/** Measures all running instances in one pass every few seconds; has no timer while no instance runs. */
export interface Sampler {
  /** Call when an instance has changed its state, or when runs may exist for another reason. */
  noteChange(): void;
  /** Reports a fault of a new instance with the name of a deleted one again. */
  forget(name: string): void;
  /** Stops measuring. */
  close(): void;
}

export interface SamplerDependencies {
  clock: Clock;
  /** The setting `stats.interval`. */
  intervalSeconds: number;
  liveRuns: () => readonly LiveRun[];
  /** Get all measurements. */
  histories: Pick<Histories, 'push'>;
  /** Returns the requests of an instance that ended since the last call. */
  served: (name: string) => Readonly<Served>;
  /** Called for every measurement, in the same turn. */
  onSample: (sample: Sample) => void;
  onFault: OnFault;
}

/** A pass blocks the event loop for at most this time, then continues in the next turn. */
const LONGEST_TURN_MS = 5;
/**
 * How long the timer keeps running while there is nothing to measure. A process may start well after a change: after a
 * queue, a check, or a backoff of a minute.
 */
const LINGER_MS = 120_000;

export function createSampler(dependencies: SamplerDependencies): Sampler {
  const { clock, intervalSeconds, liveRuns, histories, served, onSample, onFault } = dependencies;
  let cancel: (() => void) | null = null;
  let isMeasuring = false;
  let isClosed = false;
  /** Names, in lower case, whose fault is already logged. */
  const faulty = new Set<string>();
  /** For how long there was nothing to measure since the last change. */
  let idleMs = 0;

  const measure = (run: LiveRun): void => {
    const { name } = run;
    const key = name.toLowerCase();
    try {
      const stats = run.stats();
      if (stats === null) return;
      histories.push(name, stats, served(name));
      onSample({ name, run: run.run, stats });
      faulty.delete(key);
    } catch (error) {
      if (!faulty.has(key)) onFault(error, `The instance ${name} cannot be measured`);
      faulty.add(key);
    }
  };
  /** Measures as many runs as fit into one turn, the rest in later turns. */
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
    forget: (name) => void faulty.delete(name.toLowerCase()),
    close: () => {
      isClosed = true;
      cancel?.();
    },
  };
}

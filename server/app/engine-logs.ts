import type { Config } from '@llamactl/contract/config';
import type { AlertSink } from '../instances/ports/alert-sink.ts';
import type { RunLogs } from '../instances/ports/run-output.ts';
import type { Runs } from '../instances/ports/runs.ts';
import type { Clock } from '../instances/ports/time.ts';
import { createLogKeeper } from '../logs/keeper.ts';
import { createRunLogs } from '../logs/run-logs.ts';
import type { Teardown } from './teardown.ts';

export interface EngineLogsParts {
  config: Config['logs'];
  clock: Clock;
  alerts: AlertSink;
  /** Freezes a run while its log is cut. */
  freezer: Pick<Runs, 'whileFrozen'>;
  onFault: (error: unknown, what: string) => void;
  teardown: Teardown;
}

/** Opens the logs of engines for readers, and keeps their size within the limits. */
export function openEngineLogs(parts: EngineLogsParts): RunLogs {
  const { config, clock, alerts, freezer, onFault, teardown } = parts;
  const limits = { maxSizeBytes: megabytes(config.max_size_mb), maxTotalBytes: megabytes(config.max_total_mb) };
  const keeper = createLogKeeper({ clock, limits, alerts, freezer, onFault });
  teardown.add(() => keeper.settled());
  return teardown.ending(createRunLogs({ clock, keeper, onFault }));
}

/** Bytes of a size in the configuration. */
export function megabytes(count: number): number {
  return count * 1_000_000;
}

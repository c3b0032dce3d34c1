import type { EngineAdapter } from '../ports/engine-adapter.ts';
import type { RunMeter } from '../ports/run-meter.ts';
import type { RunLogs } from '../ports/run-output.ts';
import type { LaunchPlan, RunReference } from '../ports/runs.ts';
import { pause, type Clock } from '../ports/time.ts';

export interface OffloadLookDependencies {
  clock: Clock;
  logs: Pick<RunLogs, 'tail'>;
  meter: RunMeter;
}

/** Lines of output to read. A ready engine has written some 170 to 400. */
const START_LINES = 2_000;
/** Readings of GPU tools are seconds old. Only after this time do they include this run. */
const FIRST_READING_MS = 10_000;
const READING_MS = 5_000;

/**
 * Finds out how a newly ready run falls short of the requested GPU use, as the end of a sentence `the engine …`; `null`: no
 * shortfall is known. If the output does not show the GPU use, the run's GPU memory decides.
 */
export async function lookAtOffload(
  { clock, logs, meter }: OffloadLookDependencies,
  adapter: EngineAdapter,
  run: RunReference,
  plan: LaunchPlan,
  signal: AbortSignal,
): Promise<string | null> {
  const offload = adapter.offload(plan, await logs.tail(run, START_LINES));
  if (offload.kind === 'less') return offload.shortfall;
  if (offload.kind !== 'unclear') return null;
  await pause(clock, FIRST_READING_MS, signal);
  // This call starts the next reading.
  meter.stats(run);
  await pause(clock, READING_MS, signal);
  return meter.stats(run)?.gpu_memory_usage === 0 ? 'uses no memory of any GPU, so it computes without one' : null;
}

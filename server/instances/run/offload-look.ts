import type { Clock, EngineAdapter, LaunchPlan, RunLogs, RunMeter, RunReference } from '../ports.ts';
import { pause } from './readiness.ts';

export interface OffloadLookDependencies {
  clock: Clock;
  logs: Pick<RunLogs, 'tail'>;
  meter: RunMeter;
}

/** An engine that is ready has written some 170 to 400. */
const START_LINES = 2_000;
/** What a tool tells of GPUs is seconds old: by then it is of this run. */
const FIRST_READING_MS = 10_000;
const READING_MS = 5_000;

/**
 * What a run that has just become ready got less of the GPUs than was asked for, as the end of `the engine …`; `null`:
 * nothing, or nobody knows. Where its output does not tell, the memory does that it has on GPUs.
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
  // This one sets the next reading in motion.
  meter.stats(run);
  await pause(clock, READING_MS, signal);
  return meter.stats(run)?.gpu_memory_usage === 0 ? 'has no memory on any GPU, so it computes without' : null;
}

import type { Clock, EngineEndpoint, EngineTarget, Progress, RunReference, Supervisor } from './ports.ts';
import { hasWorked, pause } from './readiness.ts';

const EVERY_MS = 10_000;
const PROBE_TIMEOUT_MS = 5_000;
/** Half a minute without an answer, not one missed probe: a busy machine misses one now and then. */
const FAILURES = 3;

export interface HealthWatchDependencies {
  clock: Clock;
  endpoint: EngineEndpoint;
  supervisor: Pick<Supervisor, 'progress'>;
}

/**
 * Watches a run that was ready and calls `onHung` each time it has missed three health checks in a row. `still` says
 * whether it also showed no sign of life since the first of them: an engine that is busy must not be taken for a hung one.
 * Ends when `signal` aborts.
 */
export async function watchHealth(
  { clock, endpoint, supervisor }: HealthWatchDependencies,
  run: RunReference,
  target: EngineTarget,
  onHung: (still: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  let before: Progress | null = null;
  for (;;) {
    await pause(clock, EVERY_MS, signal);
    if (signal.aborted) return;
    const answer = await endpoint.probe(target, PROBE_TIMEOUT_MS, signal);
    if (signal.aborted) return;
    if (answer === 'ok') {
      failures = 0;
      continue;
    }
    failures += 1;
    const after = supervisor.progress(run);
    if (failures === 1) before = after;
    if (failures < FAILURES) continue;
    onHung(!hasWorked(before, after));
    failures = 0;
  }
}

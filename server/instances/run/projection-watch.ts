import type { FittedProjection } from '../ports/memory-projection.ts';
import type { RunLogs } from '../ports/run-output.ts';
import type { RunReference } from '../ports/runs.ts';
import { pause, type Clock } from '../ports/time.ts';

/** An engine reports its memory within its first lines, 30 to 600 ms after its spawn. */
const FIRST_LINES = 500;
const LOOK_EVERY_MS = 20;
/** After so much output the report has passed, or it never comes. */
const MOST_BYTES = 262_144;

/**
 * Waits until an engine that starts has reported how much memory it will take. `null`: it was ready or ended before. Looks
 * once more when the engine is ready, because a small model loads faster than two looks.
 */
export async function awaitProjection(
  { clock, logs }: { clock: Clock; logs: Pick<RunLogs, 'size' | 'tail'> },
  run: RunReference,
  fitted: (lines: readonly string[]) => FittedProjection | null,
  { loaded, over }: { loaded: AbortSignal; over: AbortSignal },
): Promise<FittedProjection | null> {
  let read = 0;
  for (;;) {
    const isLast = loaded.aborted || over.aborted;
    const written = logs.size(run);
    if (written !== read) {
      read = written;
      const reported = fitted(await logs.tail(run, FIRST_LINES));
      if (reported !== null) return reported;
    }
    if (isLast || read > MOST_BYTES) return null;
    await pause(clock, LOOK_EVERY_MS, loaded);
  }
}

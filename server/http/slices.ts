import type { Clock } from '../instances/ports/time.ts';

/** How long the work may take in one turn of the event loop. */
const SLICE_MS = 5;

/** Work that can pause at each `yield`. Between two yields it takes less than a millisecond, or cannot be divided. */
export type Sliced<Result> = Generator<undefined, Result, undefined>;

/** Runs work in slices, so that the event loop handles everything else in between. */
export async function inSlices<Result>(
  work: Sliced<Result>,
  clock: Pick<Clock, 'elapsed' | 'nextTurn'>,
): Promise<Result> {
  let begun = clock.elapsed();
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (clock.elapsed() - begun < SLICE_MS) continue;
    await new Promise<void>((resolve) => {
      clock.nextTurn(resolve);
    });
    begun = clock.elapsed();
  }
}

/** Runs work without pausing. */
export function atOnce<Result>(work: Sliced<Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

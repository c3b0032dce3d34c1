import type { Clock } from '../instances/ports/time.ts';

/** Yields the delays between repeated checks: 1, 2, 4 … `longestMs` milliseconds. */
export function* growingDelays(longestMs: number): Generator<number, never> {
  for (let delay = 1; ; delay = Math.min(delay * 2, longestMs)) yield delay;
}

/** Starts a deadline for work. `isLate` returns true once the deadline has passed. */
export function deadline(clock: Clock, milliseconds: number): { isLate: () => boolean; cancel: () => void } {
  let isLate = false;
  const cancel = clock.after(milliseconds, () => {
    isLate = true;
  });
  return { isLate: () => isLate, cancel };
}

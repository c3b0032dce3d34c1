import type { Clock } from '../ports/time.ts';

/** How long to wait for an ending beyond its own deadline, milliseconds. */
export const GRACE_MS = 10_000;

/**
 * Makes a signal that aborts at `until` or with `signal`. Call `cancel`, which cancels the timer, when the wait is over.
 *
 * @param until Of {@link Clock.elapsed}.
 */
export function patience(
  clock: Clock,
  until: number,
  signal?: AbortSignal,
): { signal: AbortSignal; cancel: () => void } {
  const controller = new AbortController();
  const cancel = clock.after(Math.max(0, until - clock.elapsed()), () => controller.abort());
  return { signal: signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]), cancel };
}

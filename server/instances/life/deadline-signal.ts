import type { Clock } from '../ports/time.ts';

/** How long to wait for an ending beyond its own deadline, milliseconds. */
export const GRACE_MS = 10_000;

type Deadline = { signal: AbortSignal; cancel: () => void };

/**
 * Makes a signal that aborts at `until`, in {@link Clock.elapsed} time, or with `signal`. `cancel` ends the wait for `until`.
 */
export function deadlineSignal(clock: Clock, until: number, signal?: AbortSignal): Deadline {
  const controller = new AbortController();
  const cancel = clock.after(Math.max(0, until - clock.elapsed()), () => controller.abort());
  return { signal: signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]), cancel };
}

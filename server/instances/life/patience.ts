import type { Clock } from '../ports.ts';

/** How much longer than its own time an end is waited for, milliseconds. */
export const GRACE_MS = 10_000;

/** A signal that aborts at a point in time, or when another one does. */
export interface Patience {
  signal: AbortSignal;
  /** To be called when nobody waits any more. */
  cancel: () => void;
}

/** @param until Of {@link Clock.elapsed}. */
export function patience(clock: Clock, until: number, signal?: AbortSignal): Patience {
  const controller = new AbortController();
  const cancel = clock.after(Math.max(0, until - clock.elapsed()), () => controller.abort());
  return { signal: signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]), cancel };
}

/** The only source of time. */
export interface Clock {
  /** Milliseconds since the epoch, for timestamps that are shown or stored. This clock may be set at any time. */
  now(): number;
  /**
   * Whole milliseconds from an arbitrary origin, for durations and deadlines. This clock cannot be set, and all processes
   * of one boot of the machine share it. It may stand still while the machine sleeps.
   */
  elapsed(): number;
  /** Calls `callback` after `milliseconds`; the returned function cancels. A pending timer does not keep the process alive. */
  after(milliseconds: number, callback: () => void): () => void;
  /** Calls `callback` in a later turn of the event loop, after pending I/O. */
  nextTurn(callback: () => void): void;
}

/** A moment on both clocks. */
export interface Moment {
  /** Milliseconds since the epoch, shown to people. */
  at: number;
  /** In `Clock.elapsed` time, for deadlines. */
  elapsed: number;
}

/** The current moment. */
export function momentOf(clock: Pick<Clock, 'now' | 'elapsed'>): Moment {
  return { at: clock.now(), elapsed: clock.elapsed() };
}

/** Resolves after `milliseconds`, or at once when `signal` aborts. */
export function pause(clock: Pick<Clock, 'after'>, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const settle = (): void => {
      cancel();
      signal?.removeEventListener('abort', settle);
      resolve();
    };
    const cancel = clock.after(milliseconds, settle);
    signal?.addEventListener('abort', settle);
  });
}

/** Waits for a promise, but not longer than `milliseconds`. Rejects as the promise does. */
export async function atMost(
  clock: Pick<Clock, 'after'>,
  milliseconds: number,
  promise: Promise<unknown>,
): Promise<void> {
  const isLate = Promise.withResolvers<void>();
  const cancel = clock.after(milliseconds, isLate.resolve);
  try {
    await Promise.race([promise, isLate.promise]);
  } finally {
    cancel();
  }
}

/** Resolves in a later turn of the event loop, after pending I/O. */
export function nextTurn(clock: Pick<Clock, 'nextTurn'>): Promise<void> {
  return new Promise((resolve) => clock.nextTurn(resolve));
}

/** Time and chance, so that tests can have their own. */
export interface Timing {
  /** Calls back once, unless it is cancelled by what it returns. @param seconds at least 0 */
  after(seconds: number, callback: () => void): () => void;
  /** At least 0, less than 1. */
  random(): number;
}

/** The longest that a timer can wait: beyond it, it would fire at once. */
const LONGEST_SECONDS = 2_147_483;

/** That of the platform. */
export const PLATFORM_TIMING: Timing = {
  after: (seconds, callback) => {
    const timer = setTimeout(callback, Math.min(seconds, LONGEST_SECONDS) * 1_000);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};

/** Resolves after some seconds. @throws the signal's reason, when that is aborted before */
export function pause(timing: Timing, seconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      cancel();
      reject(reasonOf(signal));
    };
    const cancel = timing.after(seconds, () => {
      signal?.removeEventListener('abort', stop);
      resolve();
    });
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

/** What comes of a promise, unless a signal is aborted before. @throws the signal's reason then */
export function unlessAborted<Result>(promise: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(reasonOf(signal));
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal?.removeEventListener('abort', stop));
  });
}

/** Why a signal was aborted, as an error. */
export function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}

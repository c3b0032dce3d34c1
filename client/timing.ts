/** Timers and random numbers, which tests replace. */
export interface Timing {
  /** Calls back once after some seconds. Returns a function that cancels the timer. @param seconds At least 0. */
  after(seconds: number, callback: () => void): () => void;
  /** Returns a random number, at least 0 and less than 1. */
  random(): number;
}

/** The longest time of a timer, in seconds. A longer one would fire at once. */
const LONGEST_SECONDS = 2_147_483;

/** The timing of the platform. */
export const PLATFORM_TIMING: Timing = {
  after: (seconds, callback) => {
    const timer = setTimeout(callback, Math.min(seconds, LONGEST_SECONDS) * 1_000);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};

/** Resolves after some seconds. @throws The signal's reason, if it is aborted before. */
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

/** Settles like a promise, unless the signal is aborted before. @throws The signal's reason, if it is aborted before. */
export function unlessAborted<Result>(promise: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(reasonOf(signal));
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal?.removeEventListener('abort', stop));
  });
}

/** Returns the reason of an aborted signal as an error. */
export function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}

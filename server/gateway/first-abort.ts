import type { Clock } from '../instances/ports/time.ts';

/** Resolves when one of the signals has aborted, or after `milliseconds`. */
export function firstAbort(
  signals: readonly AbortSignal[],
  milliseconds: number,
  clock: Pick<Clock, 'after'>,
): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      cancel();
      for (const signal of signals) signal.removeEventListener('abort', settle);
      resolve();
    };
    const cancel = clock.after(milliseconds, settle);
    for (const signal of signals) signal.addEventListener('abort', settle);
    if (signals.some((signal) => signal.aborted)) settle();
  });
}

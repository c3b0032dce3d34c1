import { setTimeout as pause } from 'node:timers/promises';

export interface Patience {
  signal: AbortSignal;
  /** Longest wait. Default 60 s. */
  limitMs?: number;
  everyMs: number;
}

/**
 * Asks again and again until the answer is not `null`.
 *
 * @throws {Error} that names what did not come
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null> | T | null,
  { signal, limitMs = 60_000, everyMs }: Patience,
): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    signal.throwIfAborted();
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() > end) throw new Error(`${what} did not come within ${limitMs / 1_000} s`);
    await pause(everyMs, undefined, { signal });
  }
}

import type { RequestFigures } from '@llamactl/contract/requests';

/** Assumed tokens a second before the first answer: a model of 8 billion parameters on a usual graphics card. */
const ASSUMED = 100;
/** Shorter answers are not measured: they are inaccurate, or come from the engine's cache. */
const SHORTEST_SECONDS = 0.5;
/** Shorter answers are not measured either: a long prompt with one token would make the engine seem slow. */
const FEWEST_TOKENS = 16;

/**
 * Keeps the speed of each instance's fastest answer, in tokens a second at the engine, with the time for the prompt. It is
 * not a mean, because callers can cause slow answers and so lower a mean.
 */
export class GenerationSpeeds {
  readonly #fastest = new Map<string, number>();

  /** Measures a finished request. */
  measure({ instance, waited, duration, tokens_out: tokens }: RequestFigures): void {
    if (instance === null || waited === null || tokens === null || tokens < FEWEST_TOKENS) return;
    const seconds = duration - waited;
    if (seconds < SHORTEST_SECONDS) return;
    this.#fastest.set(instance, Math.max(this.#fastest.get(instance) ?? 0, tokens / seconds));
  }

  /** Returns the tokens a second. @param instance Name of the instance. */
  of(instance: string): number {
    return this.#fastest.get(instance) ?? ASSUMED;
  }

  /** Forgets an instance, so that a new one with its name starts without a measurement. */
  forget(instance: string): void {
    this.#fastest.delete(instance);
  }
}

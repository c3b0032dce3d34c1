import type { RequestFigures } from '@llamactl/contract/requests';

/** Tokens a second of an engine that has not answered yet: a model of 8 billion parameters on a usual graphics card. */
const ASSUMED = 100;
/** Shorter answers say little, and those from a cache of the engine nothing. */
const SHORTEST_SECONDS = 0.5;

/**
 * The fastest answer of each instance, in tokens a second at the engine, its prompt included. The fastest, because callers
 * can have slow answers at will, and could so lower a mean.
 */
export class GenerationSpeeds {
  readonly #fastest = new Map<string, number>();

  /** Takes in a request that is over. */
  measure({ instance, waited, duration, tokens_out: tokens }: RequestFigures): void {
    if (instance === null || waited === null || tokens === null || tokens === 0) return;
    const seconds = duration - waited;
    if (seconds < SHORTEST_SECONDS) return;
    this.#fastest.set(instance, Math.max(this.#fastest.get(instance) ?? 0, tokens / seconds));
  }

  /** Tokens a second. @param instance Its name. */
  of(instance: string): number {
    return this.#fastest.get(instance) ?? ASSUMED;
  }

  /** A new instance of this name has no past. */
  forget(instance: string): void {
    this.#fastest.delete(instance);
  }
}

import type { ContextReuse, ContextRun } from '../instances/ports/contexts.ts';

/** A run with a restored context, until its reuse is measured. */
export interface RestoredRun extends ContextRun {
  /** The build that the engine reported; `null`: none. */
  build: string | null;
  /** Restored tokens of all slots. */
  tokens: number;
}

/**
 * Measures after a restore how much of the first request's prompt was reused. Some builds of llama-server restore a context
 * and then compute the whole prompt again, without an error.
 */
export class RestoredContexts {
  readonly #onMeasured: (run: RestoredRun, reuse: ContextReuse) => void;
  /** By id of the instance. */
  readonly #runs = new Map<string, RestoredRun>();

  constructor(onMeasured: (run: RestoredRun, reuse: ContextReuse) => void) {
    this.#onMeasured = onMeasured;
  }

  add(run: RestoredRun): void {
    this.#runs.set(run.instance, run);
  }

  /** See `Contexts.measurement`. Costs one look-up for each request. */
  measurement(instance: string, number: number): ((reuse: ContextReuse | null) => void) | null {
    const run = this.#runs.get(instance);
    if (run === undefined || run.number !== number) return null;
    return (reuse) => {
      // Later requests find the prompts of earlier ones, restored or not.
      if (this.#runs.get(instance) !== run) return;
      this.#runs.delete(instance);
      if (reuse !== null) this.#onMeasured(run, reuse);
    };
  }

  drop(instance: string): void {
    this.#runs.delete(instance);
  }

  close(): void {
    this.#runs.clear();
  }
}

/**
 * How many restores in a row the engine has ignored, after this one. A prompt shorter than half of the restored context is
 * another conversation, and shows nothing.
 */
export function ignoredInARow(earlier: number, restored: number, { prompt, cached }: ContextReuse): number {
  if (cached > 0) return 0;
  return prompt >= restored / 2 ? earlier + 1 : earlier;
}

import type { LoadFrame } from '@llamactl/contract/live-frames';
import type { Clock } from '../instances/ports/time.ts';

export interface LoadPulseDependencies {
  clock: Pick<Clock, 'after'>;
  /** The progress of all starts under way. */
  loads: () => readonly LoadFrame['data'][];
  /** Called each second for each start. */
  onProgress: (progress: LoadFrame['data']) => void;
}

const TICK_MS = 1_000;

/** Reports the progress of starts each second; has no timer while nothing starts. */
export class LoadPulse {
  readonly #dependencies: LoadPulseDependencies;
  #cancel: (() => void) | null = null;
  #isClosed = false;

  constructor(dependencies: LoadPulseDependencies) {
    this.#dependencies = dependencies;
  }

  /** Call it when an instance may have begun to start. */
  noteChange(): void {
    if (this.#isClosed || this.#cancel !== null || this.#dependencies.loads().length === 0) return;
    this.#cancel = this.#dependencies.clock.after(TICK_MS, () => {
      this.#cancel = null;
      for (const progress of this.#dependencies.loads()) this.#dependencies.onProgress(progress);
      this.noteChange();
    });
  }

  /** Stops reporting. */
  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
  }
}

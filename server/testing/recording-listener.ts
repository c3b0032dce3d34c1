import type { Exit, RunListener } from '../instances/ports/runs.ts';

/** Records the reports of a supervisor about one run. */
export class RecordingListener implements RunListener {
  readonly exits: Exit[] = [];
  readonly survivors: (readonly number[])[] = [];
  /** Names of containers that survived. */
  readonly containers: string[] = [];
  /** Resolves with the first exit. */
  readonly gone: Promise<Exit>;
  readonly #resolve: (exit: Exit) => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<Exit>();
    this.gone = promise;
    this.#resolve = resolve;
  }

  onGone(exit: Exit): void {
    this.exits.push(exit);
    this.#resolve(exit);
  }

  onSurvives(pids: readonly number[], container?: string): void {
    this.survivors.push(pids);
    if (container !== undefined) this.containers.push(container);
  }
}

import { Sealed } from '../life/mailbox.ts';

/** Changes of several steps that a hand-over must not split, such as a new record and the restart that applies it. */
export class WholeChanges {
  readonly #underWay = new Set<Promise<unknown>>();
  #isOver = false;

  /**
   * Runs the steps of one change.
   *
   * @param steps Called synchronously.
   * @throws {@link Sealed} after {@link end}; the steps are then not called
   */
  async run<Value>(steps: () => Promise<Value>): Promise<Value> {
    if (this.#isOver) throw new Sealed();
    const change = steps();
    const settled = change.then(
      () => undefined,
      () => undefined,
    );
    this.#underWay.add(settled);
    try {
      return await change;
    } finally {
      this.#underWay.delete(settled);
    }
  }

  /** Refuses new changes, and resolves when those under way are done. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.settled();
  }

  /**
   * Resolves when the changes in progress have ended, which takes no longer than storing them.
   *
   * @param patience Its abort ends the wait. Default: waits without a limit.
   */
  async settled(patience?: AbortSignal): Promise<void> {
    const isLate = Promise.withResolvers<void>();
    patience?.addEventListener('abort', () => isLate.resolve(), { once: true });
    await Promise.race([Promise.all(this.#underWay), isLate.promise]);
  }
}

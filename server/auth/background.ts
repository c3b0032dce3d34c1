/** Runs work in the background: no request waits for it, and its failure fails no request. */
export class Background {
  readonly #onFault: (error: unknown) => void;
  readonly #running = new Set<Promise<void>>();

  /** @param onFault gets the error of work that failed; must not throw */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  /** Number of tasks that are running. */
  get size(): number {
    return this.#running.size;
  }

  /** Starts `work` at once. */
  run(work: () => Promise<void>): void {
    const running = this.#watch(work).then(() => {
      this.#running.delete(running);
    });
    this.#running.add(running);
  }

  /** Resolves when no task is running. Also waits for tasks that start while it waits. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #watch(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#onFault(error);
    }
  }
}

/** Work that no request waits for and that fails none. */
export class Background {
  readonly #onFault: (error: unknown) => void;
  readonly #running = new Set<Promise<void>>();

  /** @param onFault told what went wrong; must not throw */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  /** How much is under way. */
  get size(): number {
    return this.#running.size;
  }

  /** Begins at once. */
  run(work: () => Promise<void>): void {
    const running = this.#watch(work).then(() => {
      this.#running.delete(running);
    });
    this.#running.add(running);
  }

  /** Resolves when nothing is under way, that which follows included. */
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

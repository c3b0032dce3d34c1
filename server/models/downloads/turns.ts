/** Lets one download at a time work on a blob or a repository, in the order in which they come. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Whether work with this key runs or waits. */
  isTaken(key: string): boolean {
    return this.#last.has(key);
  }

  /**
   * Runs work when no other work with this key runs. Rejects with the reason of the signal if it aborts before.
   *
   * @param signal Its abort leaves the queue, and stops no work. `null`: the work waits until its turn comes
   */
  async take<Result>(key: string, signal: AbortSignal | null, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const { promise: own, resolve: end } = Promise.withResolvers<void>();
    this.#last.set(key, own);
    const leave = (): void => {
      end();
      if (this.#last.get(key) === own) this.#last.delete(key);
    };
    try {
      await unlessAborted(before, signal);
    } catch (error) {
      // Those behind it still wait for the work before it.
      void before.then(leave);
      throw error;
    }
    try {
      return await work();
    } finally {
      leave();
    }
  }
}

/** Waits for a promise that never rejects. Rejects with the reason of the signal when that aborts first. */
async function unlessAborted(promise: Promise<void>, signal: AbortSignal | null): Promise<void> {
  const isAborted = Promise.withResolvers<void>();
  const leave = (): void => isAborted.resolve();
  signal?.addEventListener('abort', leave);
  if (signal?.aborted === true) leave();
  try {
    await Promise.race([promise, isAborted.promise]);
    signal?.throwIfAborted();
  } finally {
    signal?.removeEventListener('abort', leave);
  }
}

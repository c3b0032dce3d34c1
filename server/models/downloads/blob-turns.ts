/** Lets one download at a time work on a blob, in the order in which they come. */
export class BlobTurns {
  readonly #last = new Map<string, Promise<void>>();

  /** Runs work when no other work on this file runs. */
  async take<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(file) ?? Promise.resolve();
    const { promise: own, resolve: end } = Promise.withResolvers<void>();
    this.#last.set(file, own);
    await before;
    try {
      return await work();
    } finally {
      end();
      if (this.#last.get(file) === own) this.#last.delete(file);
    }
  }
}

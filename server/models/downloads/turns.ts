/** Lets one download at a time work on a blob or a repository, in the order in which they come. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Runs work when no other work with this key runs. */
  async take<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const { promise: own, resolve: end } = Promise.withResolvers<void>();
    this.#last.set(key, own);
    await before;
    try {
      return await work();
    } finally {
      end();
      if (this.#last.get(key) === own) this.#last.delete(key);
    }
  }
}

/** What was started or made and has to be ended or removed: in reverse order, each once, whatever happens. */
export class Belongings {
  readonly #ends: (() => void | Promise<void>)[] = [];

  add(end: () => void | Promise<void>): void {
    this.#ends.push(end);
  }

  /**
   * Ends all that was added and not ended yet. May be called again for what was added meanwhile.
   *
   * @throws {AggregateError} of what could not be ended; the rest was
   */
  async close(): Promise<void> {
    const errors: unknown[] = [];
    for (let end = this.#ends.pop(); end !== undefined; end = this.#ends.pop()) {
      try {
        await end();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, `could not clean up: ${errors.map(String).join('; ')}`);
  }
}

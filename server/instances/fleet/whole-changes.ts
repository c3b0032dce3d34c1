import { Sealed } from '../life/mailbox.ts';

/** Changes of several steps that mean something only together, such as a new record and the restart that makes it count. */
export class WholeChanges {
  readonly #underWay = new Set<Promise<unknown>>();
  #isOver = false;

  /** Rejects with {@link Sealed}, and does nothing, once they are over. @param steps Called within this call. */
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

  /** None begins from now on. Resolves when those under way are done. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.settled();
  }

  /** Resolves when those under way are done, which takes no longer than storing them. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}

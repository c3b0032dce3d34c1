/**
 * Runs changes of accounts and keys one after the other. Each change sees the result of the one before, and updates
 * memory only after the disk. So if two admins demote each other at once, one of them stays an admin.
 */
export class ChangeQueue {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `change` after every earlier one has ended, successfully or not. */
  run<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(change);
    this.#last = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }
}

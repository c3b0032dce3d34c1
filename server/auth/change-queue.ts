/**
 * Changes of accounts and keys, one after the other: each is judged on what the one before has left in memory and on the
 * disk, and changes the memory only when the disk has it. So two admins who demote each other at once leave one.
 */
export class ChangeQueue {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `change` when every earlier one has ended, well or not. */
  run<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(change);
    this.#last = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }
}

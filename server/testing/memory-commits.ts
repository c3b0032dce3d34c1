interface Change {
  apply(): void;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Commits all changes of a turn at the end of the turn, in order, as the real store does. A refused change does not
 * affect the others.
 */
export class MemoryCommits {
  /** While set, commits fail with this error and change nothing, as on a full disk. */
  failure: Error | null = null;
  /** Number of commits that did not fail as a whole. */
  count = 0;
  #pending: Change[] = [];

  add(apply: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#pending.length === 0) setImmediate(() => this.#commit());
      this.#pending.push({ apply, resolve, reject });
    });
  }

  /** Drops uncommitted changes, as if the writer had died. Their promises never settle. */
  drop(): void {
    this.#pending = [];
  }

  #commit(): void {
    const batch = this.#pending;
    this.#pending = [];
    if (batch.length > 0 && this.failure === null) this.count += 1;
    for (const change of batch) {
      try {
        if (this.failure) throw this.failure;
        change.apply();
        change.resolve();
      } catch (error) {
        change.reject(error);
      }
    }
  }
}

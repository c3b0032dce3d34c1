interface Change {
  apply(): void;
  resolve(): void;
  reject(error: unknown): void;
}

/** Commits the changes of a turn at its end, as the real store does: in order, and one that is refused hinders no other. */
export class MemoryCommits {
  /** While set, commits fail with it and change nothing: a full disk. */
  failure: Error | null = null;
  /** Commits that were not refused as a whole. */
  count = 0;
  #pending: Change[] = [];

  add(apply: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#pending.length === 0) setImmediate(() => this.#commit());
      this.#pending.push({ apply, resolve, reject });
    });
  }

  /** What was not committed by now never is, and nobody is told: the writer has died. */
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

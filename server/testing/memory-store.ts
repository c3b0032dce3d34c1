import type { InstanceStore, StoredInstance } from '../instances/ports.ts';

interface Change {
  apply(): void;
  resolve(): void;
  reject(error: Error): void;
}

/**
 * An {@link InstanceStore} in memory that commits like the real one, at the end of the turn. Keeping the object is what
 * keeping the data directory is: a test that restarts the server hands it to the next one.
 */
export class MemoryStore implements InstanceStore {
  readonly dataDirId: string;
  /** While set, commits fail with it and change nothing: a full disk. */
  failure: Error | null = null;
  /** Commits that succeeded. */
  commits = 0;
  /** Rows as text: what callers do to their objects before or after is nobody's business. */
  #rows = new Map<string, { name: string; json: string }>();
  #pending: Change[] = [];

  constructor(dataDirId = 'memory') {
    this.dataDirId = dataDirId;
  }

  async load(): Promise<StoredInstance[]> {
    return [...this.#rows.values()].map((row) => JSON.parse(row.json) as StoredInstance);
  }

  async save(instance: StoredInstance): Promise<void> {
    const { id, name } = instance.record;
    const json = JSON.stringify(instance);
    await this.#enqueue(() => {
      const isTaken = [...this.#rows].some(([other, row]) => other !== id && row.name === name.toLowerCase());
      if (isTaken) throw new Error('Another instance has this name; nothing was stored.');
      this.#rows.set(id, { name: name.toLowerCase(), json });
    });
  }

  async remove(id: string): Promise<void> {
    await this.#enqueue(() => {
      this.#rows.delete(id);
    });
  }

  #enqueue(apply: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#pending.length === 0) setImmediate(() => this.#commit());
      this.#pending.push({ apply, resolve, reject });
    });
  }

  #commit(): void {
    const batch = this.#pending;
    this.#pending = [];
    if (this.failure) {
      for (const change of batch) change.reject(this.failure);
      return;
    }
    this.commits += 1;
    for (const change of batch) {
      try {
        change.apply();
        change.resolve();
      } catch (error) {
        change.reject(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }
}

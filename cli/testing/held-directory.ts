import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { acquireLock, type Lock } from '@llamactl/server/store/lock';

/** A data directory that this process uses as a server does: it holds the lock, and `server.json` has an address. */
export class HeldDirectory {
  readonly #folder: string;
  #lock: Lock | null = null;

  /** @param folder Absolute; created if missing. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  get file(): string {
    return path.join(this.#folder, 'server.json');
  }

  /** Takes the lock, and writes the address. */
  describe(url: string): void {
    this.#lock ??= acquireLock({ directory: this.#folder, pid: process.pid, version: '0', startedAt: '', url });
    this.#lock.describe({ url });
  }

  /** Writes the file, independent of the lock. */
  write(said: object): void {
    rmSync(this.file, { force: true });
    writeFileSync(this.file, JSON.stringify(said), { mode: 0o600 });
  }

  /** Releases the lock. */
  release(): void {
    this.#lock?.release();
    this.#lock = null;
  }
}

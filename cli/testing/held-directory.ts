import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { acquireLock, type Lock } from '@llamactl/server/store/lock';

/** A data directory that this process uses as a server does: it holds the lock, and `server.json` says where it answers. */
export class HeldDirectory {
  readonly #folder: string;
  #lock: Lock | null = null;

  /** @param folder Absolute; made when it is missing. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  get file(): string {
    return path.join(this.#folder, 'server.json');
  }

  /** Holds the lock from now on, and says that it answers there. */
  describe(url: string): void {
    this.#lock ??= acquireLock({ directory: this.#folder, pid: process.pid, version: '0', startedAt: '', url });
    this.#lock.describe({ url });
  }

  /** What the file says, whatever holds the lock. */
  write(said: object): void {
    rmSync(this.file, { force: true });
    writeFileSync(this.file, JSON.stringify(said), { mode: 0o600 });
  }

  /** Holds the lock no longer. */
  release(): void {
    this.#lock?.release();
    this.#lock = null;
  }
}

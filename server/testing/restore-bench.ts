import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import { makeBackup } from '../store/backup.ts';
import { prepareRestore, type PreparedRestore, type RestoreRequest } from '../store/restore.ts';
import { openStore, type SqliteStore } from '../store/sqlite.ts';
import { storedKey, storedSigningKey, storedUser } from './contracts/accounts.contract.ts';
import { auditEntry } from './contracts/audit.contract.ts';
import { keptEvent } from './contracts/replay.contract.ts';
import { storedInstance } from './contracts/store.contract.ts';

/** A data directory and a backup of an earlier state of it, in a temporary folder. */
export class RestoreBench {
  /** When backups are made and restored, in milliseconds since the epoch. */
  static readonly NOW = Date.parse('2026-03-01T12:00:00Z');
  readonly clock = systemClock();
  readonly folder = mkdtempSync(join(tmpdir(), 'llamactl-restore-'));
  /** Path of the backup. */
  readonly file = join(this.folder, 'backup.db');
  #directory = join(this.folder, 'data');

  get directory(): string {
    return this.#directory;
  }

  get database(): string {
    return join(this.#directory, 'llamactl.db');
  }

  /** Uses another data directory from now on, and creates it if it is missing. */
  move(directory: string): void {
    mkdirSync(directory, { recursive: true });
    this.#directory = directory;
  }

  /** Opens the store as a server does, and closes it. @param act Also gets the warnings of the store. */
  async serve<Value>(act: (store: SqliteStore, warnings: string[]) => Promise<Value>): Promise<Value> {
    const warnings: string[] = [];
    const log = { debug: () => undefined, warn: (message: string) => warnings.push(message) };
    // `isMeasured` prevents a warning about a slow disk, which a test may have.
    const clock = { ...this.clock, now: () => RestoreBench.NOW + 1 };
    const store = openStore({ file: this.database, clock, log, isMeasured: true });
    try {
      return await act(store, warnings);
    } finally {
      await store.close();
    }
  }

  /** Stores rows of every kind, makes a backup, and changes the rows. */
  async backUpThenChange(): Promise<void> {
    await this.serve(async (store) => {
      for (const id of ['stays', 'changed', 'removed']) await store.save(storedInstance(id));
      for (const id of ['ann', 'bob', 'eve']) await store.accounts.saveUser(storedUser(id));
      for (const id of ['good', 'leaked']) await store.accounts.saveKey(storedKey(id, 'ann', { name: id }));
      await store.accounts.saveSigningKey(storedSigningKey('s1'));
      await store.audit.append(auditEntry('before'));
      await store.replay.append([keptEvent(1)]);
    });
    const { directory, file } = this;
    makeBackup({ directory, file, mayReplace: false, now: RestoreBench.NOW, version: '1.2.3', configuration: null });
    await this.serve(async (store) => {
      await store.save({
        ...storedInstance('changed', 2),
        state: { status: 'stopped', runs: 7, restarts: 0, lastExit: null },
      });
      await store.remove('removed');
      await store.save(storedInstance('new'));
      await store.accounts.removeUser('eve');
      await store.accounts.saveUser(storedUser('bob', { passwordHash: 'another', tokenGeneration: 2 }));
      await store.accounts.removeKey('leaked');
      await store.accounts.revoke({ id: 'session', expiresAt: 4_000_000_000 });
      await store.audit.append(auditEntry('after'));
      await store.replay.append([keptEvent(2)]);
    });
  }

  prepare(changes: Partial<RestoreRequest> = {}): PreparedRestore {
    const { directory, file } = this;
    return prepareRestore({ directory, file, withAccounts: false, now: RestoreBench.NOW, ...changes });
  }

  restore(changes: Partial<RestoreRequest> = {}): PreparedRestore & { kept: string | null } {
    const prepared = this.prepare(changes);
    return { ...prepared, kept: prepared.apply() };
  }

  /** Ids of the stored instances. */
  instances(): Promise<string[]> {
    return this.serve(async (store) => (await store.load()).map(({ record }) => record.id));
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true });
  }
}

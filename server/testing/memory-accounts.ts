import type {
  AccountStore,
  RevokedToken,
  StoredKey,
  StoredSession,
  StoredSigningKey,
  StoredUser,
} from '../auth/auth-ports.ts';
import { MemoryCommits } from './memory-commits.ts';

/** An {@link AccountStore} in memory. The object stands for the data directory. */
export class MemoryAccounts implements AccountStore {
  /** Number of calls of each method. */
  readonly calls = new Map<keyof AccountStore, number>();
  readonly #commits = new MemoryCommits();
  readonly #users = new Map<string, StoredUser>();
  readonly #keys = new Map<string, StoredKey>();
  #signingKeys: StoredSigningKey[] = [];
  readonly #revoked = new Map<string, RevokedToken>();
  readonly #sessions = new Map<string, StoredSession>();

  /** While set, changes fail with this error and store nothing, as on a full disk. */
  set failure(failure: Error | null) {
    this.#commits.failure = failure;
  }

  async load(): ReturnType<AccountStore['load']> {
    this.#count('load');
    return structuredClone({
      users: [...this.#users.values()],
      keys: [...this.#keys.values()],
      signingKeys: this.#signingKeys,
      revoked: [...this.#revoked.values()],
      sessions: [...this.#sessions.values()],
    });
  }

  async saveUser(given: StoredUser): Promise<void> {
    const user = structuredClone(given);
    await this.#change('saveUser', () => {
      const name = user.username.toLowerCase();
      const isTaken = this.#users
        .values()
        .some(({ id, username }) => id !== user.id && username.toLowerCase() === name);
      if (isTaken) throw new Error('Another account has this name; nothing was stored.');
      this.#users.set(user.id, user);
    });
  }

  async removeUser(id: string): Promise<void> {
    await this.#change('removeUser', () => {
      this.#users.delete(id);
      for (const key of this.#keys.values()) if (key.ownerId === id) this.#keys.delete(key.id);
    });
  }

  async saveKey(given: StoredKey): Promise<void> {
    const key = structuredClone(given);
    await this.#change('saveKey', () => {
      const hasTwin = this.#keys.values().some(({ id, hash }) => id !== key.id && hash === key.hash);
      if (hasTwin || !this.#users.has(key.ownerId)) {
        throw new Error('The account of the key is gone, or another key has its hash; nothing was stored.');
      }
      this.#keys.set(key.id, key);
    });
  }

  async removeKey(id: string): Promise<void> {
    await this.#change('removeKey', () => {
      this.#keys.delete(id);
    });
  }

  async saveSigningKey(given: StoredSigningKey): Promise<void> {
    const key = { ...given };
    await this.#change('saveSigningKey', () => {
      this.#signingKeys = [key, ...this.#signingKeys].slice(0, 2);
    });
  }

  async revoke(given: RevokedToken): Promise<void> {
    const token = { ...given };
    await this.#change('revoke', () => {
      this.#revoked.set(token.id, token);
    });
  }

  async forgetRevoked(now: number): Promise<void> {
    await this.#change('forgetRevoked', () => {
      for (const { id, expiresAt } of this.#revoked.values()) if (expiresAt <= now) this.#revoked.delete(id);
    });
  }

  async saveSession(given: StoredSession): Promise<void> {
    const session = { ...given };
    await this.#change('saveSession', () => {
      this.#sessions.set(session.id, session);
    });
  }

  async removeSessions(given: readonly string[]): Promise<void> {
    const ids = [...given];
    await this.#change('removeSessions', () => {
      for (const id of ids) this.#sessions.delete(id);
    });
  }

  async noteKeysUsed(given: readonly { id: string; at: string }[]): Promise<void> {
    const uses = structuredClone(given);
    await this.#change('noteKeysUsed', () => {
      for (const { id, at } of uses) {
        const key = this.#keys.get(id);
        if (key !== undefined) key.lastUsedAt = at;
      }
    });
  }

  async #change(method: keyof AccountStore, apply: () => void): Promise<void> {
    this.#count(method);
    await this.#commits.add(apply);
  }

  #count(method: keyof AccountStore): void {
    this.calls.set(method, (this.calls.get(method) ?? 0) + 1);
  }
}

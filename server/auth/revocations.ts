import type { Background } from './background.ts';
import type { AccountStore, Clock, RevokedToken } from './auth-ports.ts';

const PRUNE_MS = 3_600_000;

interface RevocationsParts {
  store: Pick<AccountStore, 'revoke' | 'forgetRevoked'>;
  clock: Pick<Clock, 'now' | 'after'>;
  background: Background;
  /** Revoked tokens that the store has at the start. */
  stored: readonly RevokedToken[];
}

/** Tokens that a refresh replaced, and sessions that were logged out, kept until their original expiry. */
export class Revocations {
  readonly #store: Pick<AccountStore, 'revoke' | 'forgetRevoked'>;
  readonly #clock: Pick<Clock, 'now' | 'after'>;
  readonly #background: Background;
  /** By id: start of the revocation (milliseconds since the epoch), and original expiry (seconds since the epoch). */
  readonly #revoked: Map<string, { from: number; expiresAt: number }>;
  #cancel: () => void = () => undefined;

  constructor({ store, clock, background, stored }: RevocationsParts) {
    this.#store = store;
    this.#clock = clock;
    this.#background = background;
    this.#revoked = new Map(stored.map(({ id, expiresAt }) => [id, { from: 0, expiresAt }]));
    this.#prune();
  }

  /** Whether the revocation is in force now. @param id Of a token or a session. */
  has(id: string): boolean {
    const revoked = this.#revoked.get(id);
    return revoked !== undefined && revoked.from <= this.#clock.now();
  }

  /**
   * Revokes a token or session. In this process the revocation holds even if the store fails. When the promise
   * resolves, it also survives a restart, which puts it into force at once.
   *
   * @param from start of the revocation, milliseconds since the epoch; the earliest of several calls counts
   */
  async add(token: RevokedToken, from: number): Promise<void> {
    const earliest = Math.min(from, this.#revoked.get(token.id)?.from ?? from);
    this.#revoked.set(token.id, { from: earliest, expiresAt: token.expiresAt });
    await this.#store.revoke(token);
  }

  close(): void {
    this.#cancel();
  }

  #prune(): void {
    const now = Math.floor(this.#clock.now() / 1_000);
    const before = this.#revoked.size;
    for (const [id, { expiresAt }] of this.#revoked) if (expiresAt <= now) this.#revoked.delete(id);
    if (this.#revoked.size < before) this.#background.run(() => this.#store.forgetRevoked(now));
    this.#cancel = this.#clock.after(PRUNE_MS, () => this.#prune());
  }
}

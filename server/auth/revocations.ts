import type { Background } from './background.ts';
import type { AccountStore, Clock, RevokedToken } from './ports.ts';

const PRUNE_MS = 3_600_000;

interface RevocationsParts {
  store: Pick<AccountStore, 'revoke' | 'forgetRevoked'>;
  clock: Pick<Clock, 'now' | 'after'>;
  background: Background;
  /** As the store gave them. */
  stored: readonly RevokedToken[];
}

/** Tokens that a refresh has replaced, and sessions that were logged out, until the time at which they would have ended. */
export class Revocations {
  readonly #store: Pick<AccountStore, 'revoke' | 'forgetRevoked'>;
  readonly #clock: Pick<Clock, 'now' | 'after'>;
  readonly #background: Background;
  /** By id: from when it is dead (milliseconds since the epoch) until when it would have been good (seconds). */
  readonly #revoked: Map<string, { from: number; expiresAt: number }>;
  #cancel: () => void = () => undefined;

  constructor({ store, clock, background, stored }: RevocationsParts) {
    this.#store = store;
    this.#clock = clock;
    this.#background = background;
    this.#revoked = new Map(stored.map(({ id, expiresAt }) => [id, { from: 0, expiresAt }]));
    this.#prune();
  }

  /** Whether it is dead now. @param id Of a token or a session. */
  has(id: string): boolean {
    const revoked = this.#revoked.get(id);
    return revoked !== undefined && revoked.from <= this.#clock.now();
  }

  /**
   * Whatever becomes of the store; when it resolves, over restarts too, and after one at once.
   *
   * @param from milliseconds since the epoch; the earliest that was ever said counts
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

import type { webcrypto } from 'node:crypto';
import type { AccountStore, Clock, Randomness, StoredSigningKey } from './auth-ports.ts';

const SECRET_BYTES = 32;
const ID_BYTES = 8;
const LIFETIME_MS = 30 * 86_400_000;
const VALID_AT_ONCE = 2;

interface SigningKeysParts {
  store: Pick<AccountStore, 'saveSigningKey'>;
  clock: Pick<Clock, 'now'>;
  randomness: Pick<Randomness, 'token'>;
  /** Keys that the store has at the start, newest first. */
  stored: readonly StoredSigningKey[];
  /**
   * Gets the error when a new key cannot be stored. Until one is stored, each server process signs with a key of its
   * own, and its tokens become invalid when the process ends.
   */
  onFault: (error: unknown) => void;
  /** Milliseconds. A key verifies at least until the tokens that it signed have expired. */
  tokenLifetime: number;
}

/** The secrets that sign tokens. The newest signs; the two newest verify. */
export class SigningKeys {
  readonly newest: { id: string; key: webcrypto.CryptoKey };
  readonly #keys: ReadonlyMap<string, webcrypto.CryptoKey>;

  private constructor(
    newest: { id: string; key: webcrypto.CryptoKey },
    keys: ReadonlyMap<string, webcrypto.CryptoKey>,
  ) {
    this.newest = newest;
    this.#keys = keys;
  }

  /** Loads the keys. Creates a key if none exists, or if the newest is too old. */
  static async open({
    store,
    clock,
    randomness,
    stored,
    tokenLifetime,
    onFault,
  }: SigningKeysParts): Promise<SigningKeys> {
    const oldest = clock.now() - Math.max(LIFETIME_MS, tokenLifetime);
    let [newest] = stored;
    let valid = stored;
    if (newest === undefined || Date.parse(newest.createdAt) <= oldest) {
      newest = {
        id: randomness.token(ID_BYTES),
        secret: Buffer.from(randomness.token(SECRET_BYTES), 'hex').toString('base64url'),
        createdAt: new Date(clock.now()).toISOString(),
      };
      await store.saveSigningKey(newest).catch(onFault);
      valid = [newest, ...stored];
    }
    const keys = new Map<string, webcrypto.CryptoKey>();
    for (const { id, secret } of valid.slice(0, VALID_AT_ONCE)) keys.set(id, await imported(secret));
    const key = keys.get(newest.id);
    if (key === undefined) throw new Error('Two signing keys have the same id.');
    return new SigningKeys({ id: newest.id, key }, keys);
  }

  /** `undefined`: no valid key has this id. */
  find(id: string): webcrypto.CryptoKey | undefined {
    return this.#keys.get(id);
  }
}

/** Imports a secret once, not for every token: importing is half of the cost of verifying. */
async function imported(secret: string): Promise<webcrypto.CryptoKey> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  return crypto.subtle.importKey('raw', Buffer.from(secret, 'base64url'), algorithm, false, ['sign', 'verify']);
}

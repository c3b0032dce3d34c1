import { argon2, timingSafeEqual } from 'node:crypto';
import { HashingQueue } from './hashing-queue.ts';
import type { Randomness } from './auth-ports.ts';

/** Computes `length` bytes from a password. */
export type Derive = (password: Buffer, salt: Buffer, length: number, cost: HashCost) => Promise<Buffer>;

/** OWASP's recommended cost for argon2id; 31 ms on a small machine. */
const COST: HashCost = { memory: 19_456, passes: 2, lanes: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;

interface PasswordsParts {
  randomness: Pick<Randomness, 'token'>;
  /** Default argon2id. */
  derive?: Derive;
  /** Cost of new hashes. Default: 19 MiB, two passes, one lane. */
  cost?: HashCost;
}

/** Cost of a hash. Defaults may grow, because every stored hash contains its own cost. */
interface HashCost {
  /** KiB. */
  memory: number;
  passes: number;
  lanes: number;
}

/** The parts of a password hash. */
interface PasswordHash {
  cost: HashCost;
  salt: Buffer;
  hash: Buffer;
}

const PHC_STRING =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** Hashes passwords and compares them with hashes, two at a time. Every method may throw `RATE_LIMITED`. */
export class Passwords {
  readonly #randomness: Pick<Randomness, 'token'>;
  readonly #derive: Derive;
  readonly #cost: HashCost;
  readonly #queue = new HashingQueue();
  /** A random hash that no password matches. It stands in for unknown accounts. */
  readonly #decoy: PasswordHash;

  constructor({ randomness, derive = argon2id, cost = COST }: PasswordsParts) {
    this.#randomness = randomness;
    this.#derive = derive;
    this.#cost = cost;
    this.#decoy = { cost, salt: this.#random(SALT_BYTES), hash: this.#random(HASH_BYTES) };
  }

  /** Hashes a password. Returns a PHC string for the store. */
  async hash(password: string): Promise<string> {
    const salt = this.#random(SALT_BYTES);
    const hash = await this.#queue.run(() => this.#derive(bytesOf(password), salt, HASH_BYTES, this.#cost));
    return formatPasswordHash({ cost: this.#cost, salt, hash });
  }

  /**
   * Whether `password` matches the hash.
   *
   * @param hash PHC string; `null`: the account does not exist; the answer is false after the same work
   */
  async verify(password: string, hash: string | null): Promise<boolean> {
    const stored = hash === null ? this.#decoy : parsePasswordHash(hash);
    const derived = await this.#queue.run(() =>
      this.#derive(bytesOf(password), stored.salt, stored.hash.length, stored.cost),
    );
    return timingSafeEqual(derived, stored.hash) && hash !== null;
  }

  /** Whether a hash was made with another cost than new ones, and should be replaced at the next log-in. */
  isOutdated(hash: string): boolean {
    const { cost } = parsePasswordHash(hash);
    return cost.memory !== this.#cost.memory || cost.passes !== this.#cost.passes || cost.lanes !== this.#cost.lanes;
  }

  #random(bytes: number): Buffer {
    return Buffer.from(this.#randomness.token(bytes), 'hex');
  }
}

/** Normalises the text: keyboards and systems encode the same letter in different ways (RFC 8265). */
function bytesOf(password: string): Buffer {
  return Buffer.from(password.normalize('NFC'));
}

function argon2id(message: Buffer, nonce: Buffer, tagLength: number, cost: HashCost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const { memory, passes, lanes: parallelism } = cost;
    argon2('argon2id', { message, nonce, tagLength, memory, passes, parallelism }, (error, derived) => {
      if (error) reject(error);
      else resolve(derived);
    });
  });
}

/** As a PHC string: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`. */
export function formatPasswordHash({ cost, salt, hash }: PasswordHash): string {
  const { memory, passes, lanes } = cost;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${lanes}$${base64(salt)}$${base64(hash)}`;
}

/** @throws {Error} when the text is not an argon2id hash, or its cost is out of range; the message omits the text */
export function parsePasswordHash(text: string): PasswordHash {
  const [, memory = '', passes = '', lanes = '', salt = '', hash = ''] = PHC_STRING.exec(text) ?? [];
  if (hash === '') throw new Error('A stored password hash cannot be read.');
  return {
    cost: { memory: Number(memory), passes: Number(passes), lanes: Number(lanes) },
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  };
}

/** PHC strings have no padding. */
function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

import { createHash, randomBytes } from 'node:crypto';
import type { CreateKey, Role } from '@llamactl/contract/auth';
import { ApiError, type ErrorCode } from '@llamactl/contract/errors';
import { openAuthentication, type Authentication, type AuthenticationParts } from '../auth/authentication.ts';
import type { Caller } from '../auth/caller.ts';
import type { Derive } from '../auth/passwords.ts';
import { FakeClock } from './fake-clock.ts';
import { MemoryAccounts } from './memory-accounts.ts';

/** Where requests come from, unless a test says otherwise. */
export const ADDRESS = '192.0.2.1';
/** The client of every log-in, unless a test says otherwise. */
export const CLIENT = { address: ADDRESS, userAgent: null };
/** Everybody's password. */
export const PASSWORD = 'correct horse battery';

/** Chance as the machine has it. */
export const CHANCE = { token: (bytes: number): string => randomBytes(bytes).toString('hex') };

/** A hash that costs nothing and depends on everything that argon2id depends on. */
export const cheapDerive: Derive = async (password, salt, length, cost) =>
  createHash('sha256')
    .update(JSON.stringify([salt.toString('hex'), cost]))
    .update(password)
    .digest()
    .subarray(0, length);

/** Everything of `auth/` around a store in memory. */
export class AuthHarness {
  readonly clock = new FakeClock();
  readonly store = new MemoryAccounts();
  /** Ids by name. */
  readonly instances = new Map<string, string>();
  /** Alerts told, oldest first. */
  readonly alerts: string[] = [];
  readonly faults: unknown[] = [];
  /** Hashes computed. */
  hashes = 0;
  /** Runs before each hash: makes one wait. */
  beforeHash: () => Promise<void> = async () => undefined;
  #auth: Authentication | null = null;

  static async open(changes: Partial<AuthenticationParts> = {}): Promise<AuthHarness> {
    const harness = new AuthHarness();
    await harness.restart(changes);
    return harness;
  }

  get auth(): Authentication {
    if (this.#auth === null) throw new Error('Not open.');
    return this.#auth;
  }

  /** Another process on the same data directory; the one before was killed. */
  async restart(changes: Partial<AuthenticationParts> = {}): Promise<void> {
    this.#auth = await openAuthentication({
      store: this.store,
      clock: this.clock,
      randomness: CHANCE,
      alerts: {
        raise: ({ code }) => void this.alerts.push(`${code} raised`),
        clear: (code) => void this.alerts.push(`${code} cleared`),
      },
      instances: {
        idOf: (name) => this.instances.get(name) ?? null,
        nameOf: (id) => this.instances.entries().find(([, known]) => known === id)?.[0] ?? null,
      },
      isEnabled: true,
      isInferenceOpen: false,
      tokenTtl: 3_600,
      sessionTtl: 30 * 86_400,
      onFault: (error) => void this.faults.push(error),
      derive: async (...given) => {
        this.hashes += 1;
        await this.beforeHash();
        return cheapDerive(...given);
      },
      ...changes,
    });
  }

  async user(username: string, role: Role): Promise<void> {
    await this.auth.accounts.create({ username, password: PASSWORD, role });
  }

  /** A token of an account, which is made when it is not there. */
  async tokenOf(username: string, role: Role = 'admin'): Promise<string> {
    if (this.auth.accounts.named(username) === undefined) await this.user(username, role);
    return (await this.auth.sessions.login({ username, password: PASSWORD }, CLIENT)).token;
  }

  async caller(secret: string): Promise<Caller> {
    return this.auth.authenticator.authenticate({ authorization: `Bearer ${secret}`, apiKey: undefined });
  }

  /** Somebody who is logged in. */
  async loggedIn(username: string, role: Role = 'admin'): Promise<Caller> {
    return this.caller(await this.tokenOf(username, role));
  }

  /** A key in clear text. */
  async keyOf(owner: Caller, body: Partial<CreateKey> = {}): Promise<string> {
    return (await this.auth.keys.create(owner, { name: 'a key', ...body })).key;
  }

  /** What becomes of a request with this secret: `user`, `key`, or the code of its refusal. */
  async fate(secret: string): Promise<string> {
    return codeOf(async () => (await this.caller(secret)).kind);
  }
}

/** What `work` gives, or the code of the error that a caller would read. */
export async function codeOf<Result>(work: () => Result | Promise<Result>): Promise<Result | ErrorCode> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ApiError) return error.code;
    throw error;
  }
}

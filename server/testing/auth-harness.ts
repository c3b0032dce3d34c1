import { createHash, randomBytes } from 'node:crypto';
import type { CreateKey, Role } from '@llamactl/contract/auth';
import { ApiError, type ErrorCode } from '@llamactl/contract/errors';
import { openAuthentication, type Authentication, type AuthenticationParts } from '../auth/authentication.ts';
import type { Caller } from '../auth/caller.ts';
import type { Derive } from '../auth/passwords.ts';
import { FakeClock } from './fake-clock.ts';
import { MemoryAccounts } from './memory-accounts.ts';

/** The address of requests, unless a test sets another. */
export const ADDRESS = '192.0.2.1';
/** The client of log-ins, unless a test sets another. */
export const CLIENT = { address: ADDRESS, userAgent: null };
/** The password of every account. */
export const PASSWORD = 'correct horse battery';

/** Real randomness. */
export const CHANCE = { token: (bytes: number): string => randomBytes(bytes).toString('hex') };

/** A cheap hash that depends on the same inputs as argon2id. */
export const cheapDerive: Derive = async (password, salt, length, cost) =>
  createHash('sha256')
    .update(JSON.stringify([salt.toString('hex'), cost]))
    .update(password)
    .digest()
    .subarray(0, length);

/** All of `auth/` with a store in memory. */
export class AuthHarness {
  readonly clock = new FakeClock();
  readonly store = new MemoryAccounts();
  /** Ids of instances by name. */
  readonly instances = new Map<string, string>();
  /** Alerts that were raised or cleared, oldest first. */
  readonly alerts: string[] = [];
  readonly faults: unknown[] = [];
  /** Number of computed hashes. */
  hashes = 0;
  /** Runs before each hash; a test can delay hashes with it. */
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

  /** Opens authentication again on the same store, as if the process had been killed. */
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

  /** Logs in, and returns the token. Creates the account if it does not exist. */
  async tokenOf(username: string, role: Role = 'admin'): Promise<string> {
    if (this.auth.accounts.named(username) === undefined) await this.user(username, role);
    return (await this.auth.sessions.login({ username, password: PASSWORD }, CLIENT)).token;
  }

  async caller(secret: string): Promise<Caller> {
    return this.auth.authenticator.authenticate({ authorization: `Bearer ${secret}`, apiKey: undefined });
  }

  /** Logs in, and returns the caller. */
  async loggedIn(username: string, role: Role = 'admin'): Promise<Caller> {
    return this.caller(await this.tokenOf(username, role));
  }

  /** Creates a key, and returns it in clear text. */
  async keyOf(owner: Caller, body: Partial<CreateKey> = {}): Promise<string> {
    return (await this.auth.keys.create(owner, { name: 'a key', ...body })).key;
  }

  /** The result of a request with this secret: `user`, `key`, or the code of the refusal. */
  async fate(secret: string): Promise<string> {
    return codeOf(async () => (await this.caller(secret)).kind);
  }
}

/** Returns the result of `work`, or the code of its `ApiError`. */
export async function codeOf<Result>(work: () => Result | Promise<Result>): Promise<Result | ErrorCode> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ApiError) return error.code;
    throw error;
  }
}

import type { Accounts } from './accounts.ts';
import type { Background } from './background.ts';
import type { AccountStore, Clock, StoredSession } from './auth-ports.ts';
import type { Revocations } from './revocations.ts';
import type { SigningKeys } from './signing-keys.ts';
import { isOfBrowser, type IssuedToken } from './tokens.ts';

/** The client of a log-in or a refresh. */
export interface SessionClient {
  /** Client address. */
  address: string;
  /** Its `User-Agent`, printable and shortened; `null`: the client sent none. */
  userAgent: string | null;
}

interface SessionRegisterParts {
  store: Pick<AccountStore, 'saveSession' | 'removeSessions'>;
  clock: Pick<Clock, 'now'>;
  background: Background;
  accounts: Pick<Accounts, 'find'>;
  signingKeys: Pick<SigningKeys, 'find'>;
  revocations: Pick<Revocations, 'has'>;
  /** Log-ins that the store has at the start, oldest first. */
  stored: readonly StoredSession[];
}

const MINUTE_MS = 60_000;

/** Limits scripts that log in for each call: their log-ins must not fill memory and disk. */
const MOST_PER_ACCOUNT = 1_000;

/**
 * Owner of the list of log-ins. No request depends on it: a token carries all data that decides its validity. Writes
 * happen in the background, so that people can log in while the disk is full.
 */
export class SessionRegister {
  readonly #parts: SessionRegisterParts;
  /** By account and id, oldest log-in first. */
  readonly #sessions = new Map<string, Map<string, StoredSession>>();
  /** When log-ins were last used since the start of the server, by id; minutes since the epoch. */
  readonly #uses = new Map<string, number>();

  constructor(parts: SessionRegisterParts) {
    this.#parts = parts;
    const dead = parts.stored.filter((session) => !this.#isAlive(session));
    const gone = new Set(dead.map(({ id }) => id));
    for (const session of parts.stored) if (!gone.has(session.id)) this.#of(session.userId).set(session.id, session);
    this.#remove([...gone]);
  }

  /**
   * Adds a log-in, or notes its refresh. If a crash lost the row of a log-in, its next refresh adds the row again.
   *
   * @returns log-ins that must end because the account has too many; they are already removed from the list
   */
  note(
    user: { id: string; tokenGeneration: number },
    { session: id, signingKey, begunAt, expiresAt }: IssuedToken,
    { client, isRefresh }: { client: SessionClient; isRefresh: boolean },
  ): StoredSession[] {
    const { store, clock, background } = this.#parts;
    const session: StoredSession = {
      ...client,
      id,
      userId: user.id,
      generation: user.tokenGeneration,
      signingKey,
      createdAt: new Date(begunAt).toISOString(),
      refreshedAt: isRefresh ? new Date(clock.now()).toISOString() : null,
      expiresAt: new Date(expiresAt).toISOString(),
    };
    this.#dropExpired(user.id);
    const own = this.#of(user.id);
    own.set(id, session);
    background.run(() => store.saveSession(session));
    const surplus = own.size - MOST_PER_ACCOUNT;
    if (surplus <= 0) return [];
    const oldestUse = [...own.values()].filter((other) => other !== session).toSorted(byEnd);
    const ended = oldestUse.slice(0, surplus);
    for (const { id: endedId } of ended) own.delete(endedId);
    this.#remove(ended.map((each) => each.id));
    return ended;
  }

  /** Lists the log-ins of an account whose tokens are still valid, newest first. */
  list(userId: string): StoredSession[] {
    this.#dropExpired(userId);
    return [...(this.#sessions.get(userId)?.values() ?? [])].toReversed();
  }

  /** Notes that a request has a token of a log-in. Costs two look-ups. */
  noteUse(userId: string, id: string): void {
    if (this.#sessions.get(userId)?.has(id) !== true) return;
    this.#uses.set(id, Math.floor(this.#parts.clock.now() / MINUTE_MS));
  }

  /** When a log-in was last used, RFC 3339: to the minute, or if it was not used since the start, its last refresh. */
  lastUseOf({ id, createdAt, refreshedAt }: StoredSession): string {
    const known = refreshedAt ?? createdAt;
    const minute = this.#uses.get(id);
    return minute === undefined ? known : new Date(Math.max(Date.parse(known), minute * MINUTE_MS)).toISOString();
  }

  /** `undefined`: the account has no such log-in. */
  find(userId: string, id: string): StoredSession | undefined {
    return this.#sessions.get(userId)?.get(id);
  }

  /** Removes the log-ins of an account's browsers, and returns them. */
  forgetBrowsers(userId: string): StoredSession[] {
    const own = this.#sessions.get(userId);
    const ended = [...(own?.values() ?? [])].filter(({ id }) => isOfBrowser(id));
    for (const { id } of ended) this.forget(userId, id);
    return ended;
  }

  /** Removes a log-in that has ended. */
  forget(userId: string, id: string): void {
    if (this.#sessions.get(userId)?.delete(id) === true) this.#remove([id]);
  }

  /** Removes all log-ins of an account. */
  forgetAll(userId: string): void {
    this.#remove([...(this.#sessions.get(userId)?.keys() ?? [])]);
    this.#sessions.delete(userId);
  }

  #of(userId: string): Map<string, StoredSession> {
    const own = this.#sessions.get(userId) ?? new Map<string, StoredSession>();
    this.#sessions.set(userId, own);
    return own;
  }

  #isAlive({ id, userId, generation, signingKey, expiresAt }: StoredSession): boolean {
    const { accounts, signingKeys, revocations, clock } = this.#parts;
    return (
      Date.parse(expiresAt) > clock.now() &&
      accounts.find(userId)?.tokenGeneration === generation &&
      signingKeys.find(signingKey) !== undefined &&
      !revocations.has(id)
    );
  }

  #dropExpired(userId: string): void {
    const own = this.#sessions.get(userId);
    if (own === undefined) return;
    const now = this.#parts.clock.now();
    const over = [...own.values()].filter(({ expiresAt }) => Date.parse(expiresAt) <= now).map(({ id }) => id);
    for (const id of over) own.delete(id);
    this.#remove(over);
  }

  #remove(ids: readonly string[]): void {
    for (const id of ids) this.#uses.delete(id);
    if (ids.length > 0) this.#parts.background.run(() => this.#parts.store.removeSessions(ids));
  }
}

/** Orders log-ins by the expiry of their newest tokens, so the least recently refreshed comes first. */
function byEnd(one: StoredSession, other: StoredSession): number {
  return Date.parse(one.expiresAt) - Date.parse(other.expiresAt);
}

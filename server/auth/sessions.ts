import type { ChangePassword, LoggedIn, Login, Session, Token } from '@llamactl/contract/auth';
import { ApiError } from '@llamactl/contract/errors';
import { shownUser, type Accounts } from './accounts.ts';
import type { Background } from './background.ts';
import type { Caller } from './caller.ts';
import type { LockoutAlert } from './lockout-alert.ts';
import type { Passwords } from './passwords.ts';
import type { StoredSession, StoredUser } from './auth-ports.ts';
import type { SessionClient, SessionRegister } from './session-register.ts';
import type { LoginThrottle } from './throttle.ts';
import { isOfBrowser, sessionOf, type IssuedToken, type LogIn, type Tokens } from './tokens.ts';

interface SessionsParts {
  isEnabled: boolean;
  accounts: Accounts;
  passwords: Passwords;
  tokens: Tokens;
  register: SessionRegister;
  throttle: LoginThrottle;
  lockouts: LockoutAlert;
  background: Background;
}

/**
 * How long an old token stays valid after a refresh: for requests in flight, a lost answer, and other tabs of the
 * browser.
 */
const REFRESH_GRACE_MS = 30_000;

/** The log-in of a browser. */
export interface BrowserLogIn {
  cookie: string;
  /** Seconds from now until the log-in ends, and the cookie with it. */
  lifetime: number;
  /** With the first token. */
  loggedIn: LoggedIn;
}

/** Logs people in and out. While authentication is off, every method throws `AUTH_DISABLED`. */
export class Sessions {
  readonly #parts: SessionsParts;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
  }

  /**
   * Logs in with a password. A wrong name, a wrong password and a disabled account get the same answer after the same
   * work. The account in the answer is as it was before this log-in.
   *
   * @throws {ApiError} `INVALID_CREDENTIALS`; `RATE_LIMITED`, before anything is hashed
   */
  async login(login: Login, client: SessionClient): Promise<LoggedIn> {
    const user = await this.#proveLogin(login, client);
    const issued = await this.#parts.tokens.issue(user);
    this.#begin(user, issued, login, client);
    return { ...shownToken(issued), user: shownUser(user) };
  }

  /**
   * Logs in a browser, as {@link login} does. Its cookie gets it tokens for `auth.token_ttl`.
   *
   * @param before The cookie that the browser has, whose log-in ends: the new one replaces it. `undefined`: none.
   */
  async loginBrowser(login: Login, client: SessionClient, before?: string): Promise<BrowserLogIn> {
    const { tokens, background } = this.#parts;
    const user = await this.#proveLogin(login, client);
    if (before !== undefined) background.run(() => this.#endReplaced(before));
    const { session: id, ...cookie } = await tokens.issueCookie(user);
    const token = await tokens.issueForBrowser(user, { id, ...cookie });
    this.#begin(user, { session: id, ...cookie }, login, client);
    const lifetime = Math.ceil((cookie.expiresAt - cookie.begunAt) / 1_000);
    return { cookie: cookie.token, lifetime, loggedIn: { ...shownToken(token), user: shownUser(user) } };
  }

  /**
   * Issues a token of 15 minutes for a browser. Connections and streams that it opens may last until the log-in ends.
   *
   * @param caller from the cookie
   */
  async createBrowserToken(caller: Caller, client: SessionClient): Promise<Token> {
    const { user, token: logIn } = this.#sessionOf(caller);
    const { tokens } = this.#parts;
    const issued = await tokens.issueForBrowser(user, logIn);
    // Do not list the log-in again if it ended in the meantime.
    if (!caller.revoked.aborted) this.#note(user, { ...issued, ...logIn }, { client, isRefresh: true });
    return shownToken(issued);
  }

  /**
   * Issues another token of the same session. The old token is refused after 30 seconds. Connections and streams that
   * the old token opened stay open until its original expiry.
   *
   * @throws {ApiError} `FORBIDDEN` for a key and for the token of a browser, which is short-lived on purpose;
   *   `TOKEN_EXPIRED` when the session has lasted for `auth.session_ttl`
   */
  async refresh(caller: Caller, client: SessionClient): Promise<Token> {
    const { user, token } = this.#sessionOf(caller);
    if (isOfBrowser(sessionOf(token.id))) {
      throw new ApiError('FORBIDDEN', 'The token of a web page is not refreshed; its cookie gets the next one.');
    }
    const issued = await this.#parts.tokens.issue(user, token);
    // Do not list the log-in again if it ended in the meantime.
    if (!caller.revoked.aborted) this.#note(user, issued, { client, isRefresh: true });
    await this.#parts.tokens.supersede(token, REFRESH_GRACE_MS);
    return shownToken(issued);
  }

  /**
   * Ends the caller's session with all its tokens, now and after a restart.
   *
   * @throws {ApiError} `FORBIDDEN` for a key
   */
  async logout(caller: Caller): Promise<void> {
    const { user, token } = this.#sessionOf(caller);
    this.#parts.register.forget(user.id, sessionOf(token.id));
    // The cookie of a browser outlives the token that ends the log-in.
    await this.#parts.tokens.endSession({ id: token.id, expiresAt: caller.openUntil ?? token.expiresAt });
  }

  /** Lists the sessions of the caller's account, newest log-in first. @throws {ApiError} `FORBIDDEN` for a key */
  list(caller: Caller): Session[] {
    return this.#listOf(this.#sessionOf(caller).user, caller);
  }

  /** Lists the sessions of an account for an admin. @throws {ApiError} `NOT_FOUND` */
  listOf(caller: Caller, username: string): Session[] {
    return this.#listOf(this.#account(username), caller);
  }

  /**
   * Ends one session of the caller's account: refuses its tokens from now on, and closes the connections and streams
   * they opened.
   *
   * @throws {ApiError} `NOT_FOUND`, also for a session of another account; `FORBIDDEN` for a key
   */
  async end(caller: Caller, id: string): Promise<void> {
    await this.#end(this.#sessionOf(caller).user, id);
  }

  /** Ends one session of an account, as {@link end} does. @throws {ApiError} `NOT_FOUND` */
  async endOf(username: string, id: string): Promise<void> {
    await this.#end(this.#account(username), id);
  }

  /**
   * Ends the sessions of the caller's account, as {@link end} does.
   *
   * @param others Whether the caller's own session goes on.
   * @returns how many ended
   * @throws {ApiError} `FORBIDDEN` for a key
   */
  async endAll(caller: Caller, { others }: { others: boolean }): Promise<number> {
    const { user, token } = this.#sessionOf(caller);
    return this.#endAll(user, others ? sessionOf(token.id) : null);
  }

  /** Ends all sessions of an account. @returns how many ended @throws {ApiError} `NOT_FOUND` */
  async endAllOf(username: string): Promise<number> {
    return this.#endAll(this.#account(username), null);
  }

  /**
   * Changes the caller's own password, which ends all tokens and keys of the account, including the caller's.
   *
   * @throws {ApiError} `INVALID_CREDENTIALS` when the current password is wrong; `RATE_LIMITED` as for a login
   */
  async changePassword(caller: Caller, body: ChangePassword, address: string): Promise<void> {
    this.#refuseDisabled();
    const { username } = caller;
    if (username === null)
      throw new ApiError('FORBIDDEN', 'No account is logged in, so there is no password to change.');
    await this.#prove(username, body.current_password, address, 'The current password is wrong.');
    await this.#parts.accounts.update(username, { password: body.new_password });
  }

  #listOf(user: StoredUser, { kind, credentialId }: Caller): Session[] {
    const { register, tokens } = this.#parts;
    const current = kind === 'user' && credentialId !== null ? sessionOf(credentialId) : null;
    return register
      .list(user.id)
      .filter(({ createdAt }) => !tokens.isOver(Date.parse(createdAt)))
      .map((session) => this.#shownSession(session, current));
  }

  async #end(user: StoredUser, id: string): Promise<void> {
    const session = this.#parts.register.find(user.id, id);
    if (session === undefined) {
      throw new ApiError('NOT_FOUND', `No log-in of ${user.username} has this id; it may have ended already.`);
    }
    await this.#cut(session);
  }

  /** @param kept Id of a session that goes on; `null`: none. */
  async #endAll(user: StoredUser, kept: string | null): Promise<number> {
    const ended = this.#parts.register.list(user.id).filter(({ id }) => id !== kept);
    await Promise.all(ended.map((session) => this.#cut(session)));
    return ended.length;
  }

  async #cut({ id, userId, expiresAt }: StoredSession): Promise<void> {
    const { register, tokens } = this.#parts;
    register.forget(userId, id);
    await tokens.endSession({ id, expiresAt: Date.parse(expiresAt) });
  }

  /** @throws {ApiError} `NOT_FOUND` */
  #account(username: string): StoredUser {
    this.#refuseDisabled();
    const user = this.#parts.accounts.named(username);
    if (user === undefined) throw new ApiError('NOT_FOUND', 'No account has this name; GET /api/users lists them.');
    return user;
  }

  /** Ends the log-in of a cookie, if it is valid. */
  async #endReplaced(cookie: string): Promise<void> {
    const { register, tokens } = this.#parts;
    try {
      const { userId, session, expiresAt } = await tokens.verifyCookie(cookie);
      register.forget(userId, session);
      await tokens.endSession({ id: session, expiresAt });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  async #proveLogin({ username, password }: Login, { address }: SessionClient): Promise<StoredUser> {
    this.#refuseDisabled();
    return this.#prove(username, password, address, 'The user name or the password is wrong.');
  }

  #begin(user: StoredUser, issued: IssuedToken, { password }: Login, client: SessionClient): void {
    const { accounts, passwords, background } = this.#parts;
    this.#note(user, issued, { client, isRefresh: false });
    background.run(() => accounts.noteLogin(user.id));
    if (passwords.isOutdated(user.passwordHash)) {
      background.run(async () => accounts.renewHash(user, await passwords.hash(password)));
    }
  }

  #note(user: StoredUser, issued: IssuedToken, how: { client: SessionClient; isRefresh: boolean }): void {
    const { register, tokens, background } = this.#parts;
    for (const { id, expiresAt } of register.note(user, issued, how)) {
      background.run(() => tokens.endSession({ id, expiresAt: Date.parse(expiresAt) }));
    }
  }

  #shownSession(stored: StoredSession, current: string | null): Session {
    const { createdAt, ...session } = stored;
    const latest = this.#parts.tokens.endOf(Date.parse(createdAt));
    // The newest token may be valid for longer: a server with a longer `auth.session_ttl` signed it.
    const expiresAt = Math.min(Date.parse(session.expiresAt), latest);
    return {
      id: session.id,
      created_at: createdAt,
      refreshed_at: session.refreshedAt,
      last_used_at: this.#parts.register.lastUseOf(stored),
      expires_at: new Date(expiresAt).toISOString(),
      // The cookie of a browser is not renewed.
      ends_at: new Date(isOfBrowser(session.id) ? expiresAt : latest).toISOString(),
      address: session.address,
      user_agent: session.userAgent,
      current: session.id === current,
    };
  }

  /**
   * Returns the account if the password is right.
   *
   * @throws {ApiError} `INVALID_CREDENTIALS`; `RATE_LIMITED`
   */
  async #prove(username: string, password: string, address: string, refusal: string): Promise<StoredUser> {
    const { accounts, passwords, throttle } = this.#parts;
    const attempt = throttle.admit(username, address);
    const before = accounts.named(username);
    let isRight: boolean;
    try {
      isRight = await passwords.verify(password, before?.passwordHash ?? null);
    } catch (error) {
      attempt.withdrawn();
      throw error;
    }
    // The account may have changed during the hashing.
    const user = before && accounts.find(before.id);
    if (isRight && user?.disabled === false && user.tokenGeneration === before?.tokenGeneration) {
      attempt.succeeded();
      return user;
    }
    const until = attempt.failed();
    if (until !== null) this.#parts.lockouts.note(until);
    throw new ApiError('INVALID_CREDENTIALS', refusal);
  }

  #sessionOf(caller: Caller): { user: StoredUser; token: LogIn } {
    this.#refuseDisabled();
    const { kind, userId, credentialId, loggedInAt, expiresAt } = caller;
    const isToken = kind === 'user' && userId !== null && credentialId !== null;
    if (!isToken || loggedInAt === null || expiresAt === null) {
      throw new ApiError('FORBIDDEN', 'This needs the token of a login; a key lasts until it expires or is deleted.');
    }
    const user = this.#parts.accounts.find(userId);
    // A request in flight must not get a token that outlives the change that was meant to end it.
    if (user === undefined || caller.revoked.aborted) {
      throw new ApiError('UNAUTHORIZED', 'This token was revoked; log in again.');
    }
    return { user, token: { id: credentialId, begunAt: loggedInAt, expiresAt } };
  }

  #refuseDisabled(): void {
    if (this.#parts.isEnabled) return;
    throw new ApiError(
      'AUTH_DISABLED',
      'Authentication is off: every caller on this machine may do everything. `auth.enabled: true` turns it on.',
    );
  }
}

function shownToken({ token, expiresAt }: IssuedToken): Token {
  return { token, expires_at: new Date(expiresAt).toISOString() };
}

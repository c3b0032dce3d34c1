import { hash } from 'node:crypto';
import { ApiError } from '@llamactl/contract/errors';
import { errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import { z } from 'zod';
import { BoundedMap } from './bounded-map.ts';
import { type DeadListener, endOfLogIn } from './dead.ts';
import type { Clock, Randomness, StoredUser } from './auth-ports.ts';
import type { Revocations } from './revocations.ts';
import type { SigningKeys } from './signing-keys.ts';

/** The content of a verified token. */
export interface VerifiedToken {
  /** Its `jti`. */
  id: string;
  /** Id of its log-in. Tokens made by a refresh share it. */
  session: string;
  userId: string;
  /** The account's `tokenGeneration` when the token was made. */
  generation: number;
  /** When the password was given for its session, milliseconds since the epoch. */
  begunAt: number;
  /** Milliseconds since the epoch. */
  expiresAt: number;
  /** When connections and streams that it opened must end; later than `expiresAt` for the token of a browser. */
  openUntil: number;
  /** Aborts when its session ends or its account changes, but not at a refresh. */
  revoked: AbortSignal;
}

/** The part of a log-in that its next tokens depend on. */
export type LogIn = Pick<VerifiedToken, 'id' | 'begunAt' | 'expiresAt'>;

/** A new token, with its session. */
export interface IssuedToken {
  token: string;
  session: string;
  /** Id of the key that signed it. */
  signingKey: string;
  /** When the password was given for its session, milliseconds since the epoch. */
  begunAt: number;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/** Types of signed texts. A token is not accepted as a cookie, nor a cookie as a token. */
const TOKEN_TYPE = 'JWT';
const COOKIE_TYPE = 'browser+jwt';
/** Begins the ids of the log-ins of browsers. */
const BROWSER = 'browser-';
/** Milliseconds. A script that steals the token of a page has it for no longer. */
const BROWSER_TOKEN_LIFETIME = 900_000;
const ISSUER = 'llamactl';
const ALGORITHM = 'HS256';
const ID_BYTES = 16;
/** Separates the session's id from the token's own id in a `jti`. */
const ID_SEPARATOR = '.';
/** Characters. Our own tokens have 340. */
const LONGEST_TOKEN = 1_024;
const MOST_VERIFIED = 10_000;

/** Claims that are checked in addition to the signature. */
const ClaimsSchema = z.object({
  sub: z.string(),
  jti: z.string(),
  iat: z.int(),
  exp: z.int(),
  generation: z.int(),
  /** Absent in tokens of an older llamactl. */
  auth_time: z.int().optional(),
  /** End of the log-in; only in tokens of browsers. */
  login_exp: z.int().optional(),
});

interface TokensParts {
  keys: SigningKeys;
  revocations: Revocations;
  clock: Pick<Clock, 'now' | 'after'>;
  randomness: Pick<Randomness, 'token'>;
  /** Milliseconds, whole seconds. */
  lifetime: number;
  /** How long refreshes may extend a session; milliseconds, whole seconds. */
  sessionLifetime: number;
  onDead: DeadListener;
}

/** Connections and streams that all tokens of one log-in opened in this process. */
interface OpenedByLogIn {
  userId: string;
  controller: AbortController;
}

/**
 * Makes and verifies the tokens of people (JWT). The caller has to check that the account exists, is enabled and has
 * the same generation.
 *
 * Verifying a signature takes 60 µs and more, and happens once. Afterwards a token is found by its SHA-256 in 1 µs.
 */
export class Tokens {
  readonly #parts: TokensParts;
  /** By SHA-256 of the token. An evicted token is verified again at its next use. */
  readonly #verified = new BoundedMap<string, VerifiedToken>(MOST_VERIFIED);
  /** By id of the log-in. The sockets of an evicted one close, because a revocation would no longer find them. */
  readonly #opened = new BoundedMap<string, OpenedByLogIn>(MOST_VERIFIED, ({ controller }) => controller.abort());

  constructor(parts: TokensParts) {
    this.#parts = parts;
  }

  /**
   * Signs a new token.
   *
   * @param follows the token of the same session that it replaces; left out: the token begins a session
   * @throws {ApiError} `TOKEN_EXPIRED` when the session has reached its maximum length
   */
  async issue(
    user: Pick<StoredUser, 'id' | 'tokenGeneration'>,
    follows?: Pick<VerifiedToken, 'id' | 'begunAt'>,
  ): Promise<IssuedToken> {
    const { clock, lifetime } = this.#parts;
    const session = follows === undefined ? this.#newId() : sessionOf(follows.id);
    const begunAt = follows?.begunAt ?? clock.now();
    const until = Math.min(clock.now() + lifetime, this.endOf(begunAt));
    return this.#sign(user, { type: TOKEN_TYPE, id: this.#idIn(session), begunAt, until });
  }

  /** Signs the cookie of a new log-in of a browser. It is no token: the only use of it is {@link issueForBrowser}. */
  async issueCookie(user: Pick<StoredUser, 'id' | 'tokenGeneration'>): Promise<IssuedToken> {
    const { clock, lifetime } = this.#parts;
    const begunAt = clock.now();
    const until = Math.min(begunAt + lifetime, this.endOf(begunAt));
    return this.#sign(user, { type: COOKIE_TYPE, id: BROWSER + this.#newId(), begunAt, until });
  }

  /**
   * Signs a short-lived token for a browser. Connections and streams that it opens may last until the log-in ends.
   *
   * @param logIn from the cookie
   */
  async issueForBrowser(user: Pick<StoredUser, 'id' | 'tokenGeneration'>, logIn: LogIn): Promise<IssuedToken> {
    const { begunAt, expiresAt: logInEnd } = logIn;
    const until = Math.min(this.#parts.clock.now() + BROWSER_TOKEN_LIFETIME, logInEnd);
    return this.#sign(user, { type: TOKEN_TYPE, id: this.#idIn(logIn.id), begunAt, until, logInEnd });
  }

  /** @param times milliseconds since the epoch; fractions of a second are dropped */
  async #sign(
    user: Pick<StoredUser, 'id' | 'tokenGeneration'>,
    { type, id, ...times }: { type: string; id: string; begunAt: number; until: number; logInEnd?: number },
  ): Promise<IssuedToken> {
    const { keys, clock } = this.#parts;
    const now = seconds(clock.now());
    const begun = seconds(times.begunAt);
    const expiresAt = seconds(times.until);
    if (expiresAt <= now) throw overlong();
    // `auth_time` as in OpenID Connect: with it, limiting the length of a session needs no store.
    const claims = { generation: user.tokenGeneration, auth_time: begun };
    const token = await new SignJWT({
      ...claims,
      ...(times.logInEnd === undefined ? {} : { login_exp: seconds(times.logInEnd) }),
    })
      .setProtectedHeader({ alg: ALGORITHM, typ: type, kid: keys.newest.id })
      .setIssuer(ISSUER)
      .setSubject(user.id)
      .setJti(id)
      .setIssuedAt(now)
      .setExpirationTime(expiresAt)
      .sign(keys.newest.key);
    const session = sessionOf(id);
    return { token, session, signingKey: keys.newest.id, begunAt: begun * 1_000, expiresAt: expiresAt * 1_000 };
  }

  #newId(): string {
    return this.#parts.randomness.token(ID_BYTES);
  }

  /** A new id of a token, which names its session. */
  #idIn(session: string): string {
    return [session, this.#newId()].join(ID_SEPARATOR);
  }

  /** The latest end of a session. Both in milliseconds since the epoch. */
  endOf(begunAt: number): number {
    return begunAt + this.#parts.sessionLifetime;
  }

  /** Whether a session has reached `auth.session_ttl`. @param begunAt Milliseconds since the epoch. */
  isOver(begunAt: number): boolean {
    return this.endOf(begunAt) <= this.#parts.clock.now();
  }

  /**
   * Verifies a token. Answers synchronously when the token was verified before, so that nearly every request awaits
   * nothing.
   *
   * @throws {ApiError} `UNAUTHORIZED` or `TOKEN_EXPIRED`, either by throwing or by rejecting
   */
  verify(token: string): VerifiedToken | Promise<VerifiedToken> {
    const key = hash('sha256', token, 'hex');
    const known = this.#verified.get(key);
    // Of the token of a changed account, another verification makes another signal.
    if (known === undefined || known.revoked.aborted) return this.#verifyNew(token, key);
    // Keep what busy log-ins opened.
    this.#opened.get(known.session);
    return this.#judge(known);
  }

  /** Verifies the cookie of a browser. @throws {ApiError} `UNAUTHORIZED` or `TOKEN_EXPIRED`, by rejecting */
  async verifyCookie(cookie: string): Promise<VerifiedToken> {
    return this.#judge(await this.#read(cookie, COOKIE_TYPE));
  }

  /**
   * Revokes a token that a refresh replaced: requests with it are refused after `grace`, or after a restart.
   * Connections and streams that it opened continue until the session ends or the token expires, because their user is
   * the same.
   *
   * @param grace milliseconds
   */
  async supersede({ id, expiresAt }: Pick<VerifiedToken, 'id' | 'expiresAt'>, grace: number): Promise<void> {
    const { revocations, clock } = this.#parts;
    await revocations.add({ id, expiresAt: Math.ceil(expiresAt / 1_000) }, clock.now() + grace);
  }

  /**
   * Ends the session of a token, with all other tokens of the same log-in. In this process the session ends even if the
   * store fails.
   */
  async endSession({ id, expiresAt }: Pick<VerifiedToken, 'id' | 'expiresAt'>): Promise<void> {
    const { revocations, clock, lifetime, onDead } = this.#parts;
    const session = sessionOf(id);
    // A token made by a refresh may expire last.
    const last = Math.max(expiresAt, clock.now() + lifetime);
    const stored = revocations.add({ id: session, expiresAt: Math.ceil(last / 1_000) }, clock.now());
    this.cutSession(session);
    onDead({ kind: 'session', whose: session });
    await stored;
  }

  /** Closes everything that the tokens of a session opened. */
  cutSession(session: string, reason: ApiError = endOfLogIn()): void {
    this.#opened.delete(session)?.controller.abort(reason);
  }

  /** Closes everything that the tokens of an account opened, after the account changed. */
  endAll(userId: string, reason: ApiError): void {
    for (const [session, { userId: owner }] of this.#opened.entries()) {
      if (owner === userId) this.cutSession(session, reason);
    }
  }

  async #verifyNew(token: string, key: string): Promise<VerifiedToken> {
    const verified = await this.#read(token, TOKEN_TYPE);
    this.#verified.set(key, verified);
    return this.#judge(verified);
  }

  async #read(token: string, type: string): Promise<VerifiedToken> {
    if (token.length > LONGEST_TOKEN) throw unknownToken();
    const { data: claims } = ClaimsSchema.safeParse(await this.#claimsOf(token, type));
    if (claims === undefined) throw unknownToken();
    const { jti: id, sub: userId, generation } = claims;
    const session = sessionOf(id);
    const begunAt = (claims.auth_time ?? claims.iat) * 1_000;
    // A server with a longer `auth.session_ttl` may have signed it.
    const bounded = (end: number): number => Math.min(end * 1_000, this.endOf(begunAt));
    const times = { begunAt, expiresAt: bounded(claims.exp), openUntil: bounded(claims.login_exp ?? claims.exp) };
    return { id, session, userId, generation, ...times, revoked: this.#signalOf(session, userId) };
  }

  /** The signal that all tokens of a log-in share. */
  #signalOf(session: string, userId: string): AbortSignal {
    const opened = this.#opened.get(session) ?? { userId, controller: new AbortController() };
    this.#opened.set(session, opened);
    return opened.controller.signal;
  }

  #judge(token: VerifiedToken): VerifiedToken {
    const { clock, revocations } = this.#parts;
    if (this.isOver(token.begunAt)) throw overlong();
    if (token.expiresAt <= clock.now()) throw expiredToken();
    if (revocations.has(token.session)) throw new ApiError('UNAUTHORIZED', 'This token was logged out; log in again.');
    if (revocations.has(token.id)) {
      throw new ApiError('UNAUTHORIZED', 'This token was refreshed; use the token that replaced it, or log in again.');
    }
    return token;
  }

  async #claimsOf(token: string, type: string): Promise<JWTPayload> {
    const { keys, clock } = this.#parts;
    try {
      const { payload } = await jwtVerify(
        token,
        ({ kid }) => {
          const key = keys.find(kid ?? '');
          if (key === undefined) throw new errors.JWKSNoMatchingKey();
          return key;
        },
        {
          algorithms: [ALGORITHM],
          issuer: ISSUER,
          typ: type,
          requiredClaims: ['iat', 'exp'],
          currentDate: new Date(clock.now()),
        },
      );
      return payload;
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw expiredToken();
      if (error instanceof errors.JOSEError) throw unknownToken();
      throw error;
    }
  }
}

/** The id of a token's session. @param id The token's `jti`. */
export function sessionOf(id: string): string {
  return id.split(ID_SEPARATOR, 1)[0] ?? id;
}

/** Whether a log-in is that of a browser. @param session Its id. */
export function isOfBrowser(session: string): boolean {
  return session.startsWith(BROWSER);
}

/** Rounds down. */
function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1_000);
}

function overlong(): ApiError {
  return new ApiError('TOKEN_EXPIRED', 'This log-in has lasted as long as `auth.session_ttl` allows; log in again.');
}

function expiredToken(): ApiError {
  return new ApiError('TOKEN_EXPIRED', 'This token has expired; log in again.');
}

/** The same refusal for everything that is not one of our tokens, so that a forger learns nothing. */
function unknownToken(): ApiError {
  return new ApiError('UNAUTHORIZED', 'This is no token or key of this server; log in, or make a key.');
}

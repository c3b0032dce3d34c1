import { hash } from 'node:crypto';
import { ApiError } from '@llamactl/contract/errors';
import { errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import { z } from 'zod';
import { BoundedMap } from './bounded-map.ts';
import type { DeadListener } from './dead.ts';
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
  /** Aborts when its session ends or its account changes, but not at a refresh. */
  revoked: AbortSignal;
}

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

interface Verified extends VerifiedToken {
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
  /**
   * By SHA-256 of the token. An evicted token is verified again at its next use. Its sockets close, because a
   * revocation would no longer find them.
   */
  readonly #verified = new BoundedMap<string, Verified>(MOST_VERIFIED, ({ controller }) => controller.abort());

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
    const { keys, clock, randomness, lifetime } = this.#parts;
    const session = follows === undefined ? randomness.token(ID_BYTES) : sessionOf(follows.id);
    const id = [session, randomness.token(ID_BYTES)].join(ID_SEPARATOR);
    const now = Math.floor(clock.now() / 1_000);
    const begun = follows === undefined ? now : Math.floor(follows.begunAt / 1_000);
    const expiresAt = Math.min(now + lifetime / 1_000, this.endOf(begun * 1_000) / 1_000);
    if (expiresAt <= now) throw overlong();
    // `auth_time` as in OpenID Connect: with it, limiting the length of a session needs no store.
    const token = await new SignJWT({ generation: user.tokenGeneration, auth_time: begun })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid: keys.newest.id })
      .setIssuer(ISSUER)
      .setSubject(user.id)
      .setJti(id)
      .setIssuedAt(now)
      .setExpirationTime(expiresAt)
      .sign(keys.newest.key);
    return { token, session, signingKey: keys.newest.id, begunAt: begun * 1_000, expiresAt: expiresAt * 1_000 };
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
    return known === undefined ? this.#verifyNew(token, key) : this.#judge(known);
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
  cutSession(session: string): void {
    this.#end((token) => token.session === session);
  }

  /** Closes everything that the tokens of an account opened, after the account changed. */
  endAll(userId: string): void {
    this.#end((token) => token.userId === userId);
  }

  async #verifyNew(token: string, key: string): Promise<VerifiedToken> {
    if (token.length > LONGEST_TOKEN) throw unknownToken();
    const claims = await this.#claimsOf(token);
    // Another request may have verified the same token meanwhile; both must share one signal.
    const known = this.#verified.get(key) ?? this.#bounded(verifiedFrom(claims));
    this.#verified.set(key, known);
    return this.#judge(known);
  }

  /** Limits the expiry of a token: a server with a longer `auth.session_ttl` may have signed it. */
  #bounded(token: Verified): Verified {
    return { ...token, expiresAt: Math.min(token.expiresAt, this.endOf(token.begunAt)) };
  }

  #judge(token: Verified): VerifiedToken {
    const { clock, revocations } = this.#parts;
    if (this.isOver(token.begunAt)) throw overlong();
    if (token.expiresAt <= clock.now()) throw expiredToken();
    if (revocations.has(token.session)) throw new ApiError('UNAUTHORIZED', 'This token was logged out; log in again.');
    if (revocations.has(token.id)) {
      throw new ApiError('UNAUTHORIZED', 'This token was refreshed; use the token that replaced it, or log in again.');
    }
    return token;
  }

  async #claimsOf(token: string): Promise<JWTPayload> {
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
          typ: 'JWT',
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

  #end(isOver: (token: Verified) => boolean): void {
    for (const [key, token] of this.#verified.entries()) {
      if (!isOver(token)) continue;
      this.#verified.delete(key);
      token.controller.abort();
    }
  }
}

/** The id of a token's session. @param id The token's `jti`. */
export function sessionOf(id: string): string {
  return id.split(ID_SEPARATOR, 1)[0] ?? id;
}

function verifiedFrom(payload: JWTPayload): Verified {
  const { data: claims } = ClaimsSchema.safeParse(payload);
  if (claims === undefined) throw unknownToken();
  const { jti: id, sub: userId, generation, iat, exp, auth_time: authTime } = claims;
  const controller = new AbortController();
  const session = sessionOf(id);
  const times = { begunAt: (authTime ?? iat) * 1_000, expiresAt: exp * 1_000 };
  return { id, session, userId, generation, ...times, revoked: controller.signal, controller };
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

import { ApiError } from '@llamactl/contract/errors';
import type { NarrowScope } from '@llamactl/contract/permissions';
import type { Accounts } from './accounts.ts';
import { anonymousAdmin, anonymousInference, type Caller } from './caller.ts';
import { isKeySecret } from './key-secret.ts';
import { keyLabel, type FoundKey, type Keys } from './api-keys.ts';
import { limitsInForce } from './limits.ts';
import type { StoredUser } from './auth-ports.ts';
import { isAtLeast, lowerRole, roleOf } from './roles.ts';
import type { SessionRegister } from './session-register.ts';
import type { Tokens, VerifiedToken } from './tokens.ts';

/** The headers with a caller's credentials, as received. */
export interface Credentials {
  authorization: string | undefined;
  /** `x-api-key`. */
  apiKey: string | undefined;
}

interface AuthenticatorParts {
  isEnabled: boolean;
  /** `auth.inference` is `open`. */
  isInferenceOpen: boolean;
  accounts: Accounts;
  tokens: Tokens;
  keys: Keys;
  /** Notes when log-ins are used. */
  register: Pick<SessionRegister, 'noteUse'>;
}

/** Identifies the caller of a request. */
export class Authenticator {
  readonly #parts: AuthenticatorParts;
  readonly #anonymousAdmin = anonymousAdmin();
  readonly #anonymousInference = anonymousInference();

  constructor(parts: AuthenticatorParts) {
    this.#parts = parts;
  }

  /**
   * Identifies the caller of any request. Answers synchronously, except for a token that this process has not verified
   * yet.
   *
   * @throws {ApiError} `UNAUTHORIZED` or `TOKEN_EXPIRED`, either by throwing or by rejecting
   */
  authenticate(credentials: Credentials): Caller | Promise<Caller> {
    return this.#parts.isEnabled ? this.#callerOf(secretOf(credentials)) : this.#anonymousAdmin;
  }

  /**
   * Identifies the caller of a request that needs the permission `inference`. While inference is open, credentials are
   * optional, and invalid ones are ignored: most clients cannot be configured to send no key.
   *
   * @throws {ApiError} as {@link authenticate}, unless inference is open
   */
  authenticateInference(credentials: Credentials): Caller | Promise<Caller> {
    if (!this.#parts.isEnabled || !this.#parts.isInferenceOpen) return this.authenticate(credentials);
    try {
      const caller = this.authenticate(credentials);
      return caller instanceof Promise ? caller.catch((error: unknown) => this.#openTo(error)) : caller;
    } catch (error) {
      return this.#openTo(error);
    }
  }

  /**
   * Identifies the browser that a cookie logged in. Only its log-in may be continued or ended for it.
   *
   * @param cookie `undefined`: the request has none
   * @throws {ApiError} `UNAUTHORIZED` or `TOKEN_EXPIRED`, by rejecting
   */
  async authenticateCookie(cookie: string | undefined): Promise<Caller> {
    if (!this.#parts.isEnabled) return this.#anonymousAdmin;
    if (cookie === undefined) throw new ApiError('UNAUTHORIZED', 'This browser is not logged in.');
    return this.#callerOfToken(await this.#parts.tokens.verifyCookie(cookie));
  }

  #openTo(error: unknown): Caller {
    if (error instanceof ApiError && error.status === 401) return this.#anonymousInference;
    throw error;
  }

  #callerOf(secret: string): Caller | Promise<Caller> {
    if (isKeySecret(secret)) return callerOfKey(this.#parts.keys.use(secret));
    const token = this.#parts.tokens.verify(secret);
    return token instanceof Promise
      ? token.then((verified) => this.#callerOfToken(verified))
      : this.#callerOfToken(token);
  }

  #callerOfToken({ id, session, userId, generation, begunAt, expiresAt, openUntil, revoked }: VerifiedToken): Caller {
    const user = this.#parts.accounts.find(userId);
    if (user === undefined || user.disabled || user.tokenGeneration !== generation) {
      throw new ApiError('UNAUTHORIZED', 'This token was revoked with a change of its account; log in again.');
    }
    this.#parts.register.noteUse(userId, session);
    return {
      kind: 'user',
      subject: `user:${user.username}`,
      username: user.username,
      userId,
      credentialId: id,
      keyName: null,
      role: user.role,
      scopes: NO_SCOPES,
      instances: null,
      mayStart: true,
      loggedInAt: begunAt,
      accountLimits: limitsInForce(user.limits),
      keyLimits: null,
      expiresAt,
      openUntil,
      revoked,
    };
  }
}

const NO_SCOPES: ReadonlySet<NarrowScope> = new Set();

function callerOfKey({ stored, owner, instances, limits, expiresAt, revoked }: FoundKey): Caller {
  return {
    kind: 'key',
    subject: `key:${keyLabel(stored)}`,
    username: owner.username,
    userId: owner.id,
    credentialId: stored.id,
    keyName: stored.name,
    ...rightsOf(stored.scopes, owner, instances !== null),
    instances,
    mayStart: stored.mayStart,
    loggedInAt: null,
    accountLimits: limitsInForce(owner.limits),
    keyLimits: limits,
    expiresAt,
    openUntil: expiresAt,
    revoked,
  };
}

/**
 * The rights of a key: at most the current rights of its owner. A key limited to some instances never has the role
 * admin.
 */
function rightsOf(
  scopes: FoundKey['stored']['scopes'],
  owner: StoredUser,
  isLimited: boolean,
): Pick<Caller, 'role' | 'scopes'> {
  const role = lowerRole(roleOf(scopes), owner.role);
  const narrow = new Set<NarrowScope>();
  if (scopes.includes('inference') && isAtLeast(owner.role, 'operator')) narrow.add('inference');
  if (scopes.includes('metrics')) narrow.add('metrics');
  return { role: isLimited ? lowerRole(role, 'operator') : role, scopes: narrow };
}

const BEARER = /^Bearer +(\S+) *$/i;

function secretOf({ authorization, apiKey }: Credentials): string {
  const bearer = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  if (authorization !== undefined && bearer === undefined) {
    throw new ApiError('UNAUTHORIZED', 'The Authorization header has to be `Bearer` and a token or key.');
  }
  const secret = bearer ?? apiKey?.trim();
  if (secret === undefined || secret === '') {
    throw new ApiError(
      'UNAUTHORIZED',
      'Authentication required: send `Authorization: Bearer` with a token from POST /api/auth/login, or with a key.',
    );
  }
  if (bearer !== undefined && apiKey !== undefined && apiKey.trim() !== bearer) {
    throw new ApiError('UNAUTHORIZED', 'Authorization and x-api-key name two different callers; send one of them.');
  }
  return secret;
}

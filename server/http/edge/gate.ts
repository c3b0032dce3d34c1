import type { IncomingMessage } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import { OPERATIONS } from '@llamactl/contract/operations';
import { type Permission, PERMISSIONS, type Requirement } from '@llamactl/contract/permissions';
import type { Authenticator, Credentials } from '../../auth/authenticator.ts';
import type { Caller } from '../../auth/caller.ts';
import { mayCall, maySee } from '../../auth/permissions.ts';
import type { Clock } from '../../instances/ports/time.ts';
import { scopedManager } from '../../instances/scoped-manager.ts';
import type { InstanceManager } from '../../instances/use-cases.ts';
import type { Access, HttpReply, HttpRequest } from '../plugin.ts';
import { pathOf } from '../target.ts';
import type { BrowserCookie } from './browser-cookie.ts';
import { BrowserTabs, TAB_HEADER } from './browser-tabs.ts';
import { limitedSubject, NOT_LIMITED, type RateLimitVerdict } from './rate-limit.ts';

/** Counts requests against the rate limits. */
export interface RateLimiter {
  /** @param access `null`: the request matches no operation. */
  count(subject: string, access: Pick<Access, 'id' | 'cost'> | null): RateLimitVerdict;
}

interface GateOptions {
  authenticator: CallerFinder;
  limits: RateLimiter;
  /** Returns the client address of a request. */
  addressOf: (raw: IncomingMessage) => string;
  /** The cookie of browsers that are logged in. */
  cookie: Pick<BrowserCookie, 'read'>;
  clock: Pick<Clock, 'elapsed'>;
}

/**
 * The access rule for routes that declare none: only admins, so that a forgotten rule opens nothing. A test finds such
 * routes.
 */
const UNLISTED: Access = { id: 'unlisted', permission: 'admin', cost: 'regular' };

const LIMITED = /^\/api(?:\/|$)/;
const PROXY = /^\/api\/instances\/[^/]+\/proxy(?:\/|$)/;

interface Refusal {
  reason: unknown;
}

/** Authenticates, authorises and counts requests: after the Host and Origin rules, before any other work. */
export class Gate {
  readonly #authenticator: CallerFinder;
  readonly #limits: RateLimiter;
  readonly #addressOf: GateOptions['addressOf'];
  readonly #cookie: GateOptions['cookie'];
  readonly #tabs: BrowserTabs;

  constructor({ authenticator, limits, addressOf, cookie, clock }: GateOptions) {
    this.#authenticator = authenticator;
    this.#limits = limits;
    this.#addressOf = addressOf;
    this.#cookie = cookie;
    this.#tabs = new BrowserTabs(clock);
  }

  /**
   * Finds the caller, counts the request, and throws the refusal if there is one. The order is: too many requests, bad
   * credentials, missing rights. So guessing credentials is limited too. Works synchronously, or in the returned
   * promise.
   */
  admit(request: HttpRequest, reply: HttpReply): void | Promise<void> {
    const access = request.routeOptions.config.access ?? UNLISTED;
    const refusal = this.#identify(request, access);
    if (!(refusal instanceof Promise)) return this.#judge(request, reply, access, refusal);
    return refusal.then((found) => this.#judge(request, reply, access, found));
  }

  #judge(request: HttpRequest, reply: HttpReply, access: Access, refusal: Refusal | null): void {
    if (access.cost !== 'free') {
      const verdict = this.#limits.count(this.#countedSubject(request, reply, access), access);
      reply.headers(verdict.headers);
      if (verdict.refusal !== null) throw verdict.refusal;
    }
    if (refusal !== null) throw refusal.reason;
  }

  /**
   * Counts a request that matches no operation, or is answered before it reaches one. The request counts against the
   * client address, because credentials are not checked there.
   *
   * @param isForeign it was refused because a page of another site sent it
   * @returns `RATE_LIMITED` when there were too many
   */
  countOther(request: HttpRequest, reply: HttpReply, isForeign = false): Error | null {
    const subject = this.#subjectOf(request, isForeign || isForeignPage(request, reply));
    const { headers, refusal } = this.#count(pathOf(request.raw.url ?? ''), subject);
    reply.headers(headers);
    return refusal;
  }

  /**
   * Returns the rate-limit headers of an answer to an unreadable request. The request counts like those of foreign
   * pages, because a foreign page may have sent it.
   *
   * @param peer Address of the connection.
   */
  headersFor(path: string, peer: string): Readonly<Record<string, string>> {
    return this.#count(path, limitedSubject(null, peer, true)).headers;
  }

  #identify(request: HttpRequest, access: Access): Refusal | null | Promise<Refusal | null> {
    const identified = (caller: Caller | null): Refusal | null => {
      request.caller = caller;
      const reason = caller === null ? null : refusalFor(caller, access.permission);
      return reason === null ? null : { reason };
    };
    try {
      const found = callerOf(request.raw, access, this.#authenticator, this.#cookie);
      return found instanceof Promise ? found.then(identified, asRefusal) : identified(found);
    } catch (reason) {
      return asRefusal(reason);
    }
  }

  #count(path: string, subject: string): RateLimitVerdict {
    const isLimited = LIMITED.test(path) && !PROXY.test(path);
    return isLimited ? this.#limits.count(subject, null) : NOT_LIMITED;
  }

  /** The subject of a request to an operation. */
  #countedSubject(request: HttpRequest, reply: HttpReply, { credentials }: Access): string {
    const { caller, headers } = request;
    // By the log-in: all tabs of a browser get their tokens, also behind an address with many others.
    if (credentials === 'cookie' && typeof caller?.credentialId === 'string') return `login:${caller.credentialId}`;
    const subject = this.#subjectOf(request, isForeignPage(request, reply));
    const isWithoutAccounts = caller?.kind === 'anonymous' && caller.role !== null;
    return isWithoutAccounts ? this.#tabs.subjectOf(headers[TAB_HEADER], subject) : subject;
  }

  #subjectOf({ caller, raw }: HttpRequest, isForeign: boolean): string {
    return limitedSubject(caller, this.#addressOf(raw), isForeign);
  }
}

function asRefusal(reason: unknown): Refusal {
  return { reason };
}

/** Whether a page of another site sent the request, according to the browser, and its origin is not allowed. */
function isForeignPage({ headers }: HttpRequest, reply: HttpReply): boolean {
  return headers['sec-fetch-site'] === 'cross-site' && !reply.hasHeader('access-control-allow-origin');
}

/** Identifies the caller of a request. */
export type CallerFinder = Pick<Authenticator, 'authenticate' | 'authenticateInference' | 'authenticateCookie'>;

/**
 * Returns the caller of a request. `null` for public routes, or when a self-authenticating route got no credentials.
 * Public routes ignore credentials, so that bad ones do not block a log-in; their `credentials` may say otherwise.
 *
 * @throws {ApiError} `UNAUTHORIZED` or `TOKEN_EXPIRED`, either by throwing or by rejecting
 */
export function callerOf(
  raw: IncomingMessage,
  { permission, decidesItself, credentials: kind }: Access,
  finder: CallerFinder,
  cookie: Pick<BrowserCookie, 'read'>,
): Caller | null | Promise<Caller | null> {
  if (kind === 'cookie') return finder.authenticateCookie(cookie.read(raw.headers));
  if (kind === 'optional') return knownCaller(raw, finder);
  if (permission === 'public') return null;
  const credentials = credentialsOf(raw);
  if (decidesItself === true && credentials.authorization === undefined && credentials.apiKey === undefined)
    return null;
  return permission === 'inference' ? finder.authenticateInference(credentials) : finder.authenticate(credentials);
}

/** The caller of a route that needs none; `null`: the request has no valid credentials. */
async function knownCaller(raw: IncomingMessage, finder: CallerFinder): Promise<Caller | null> {
  try {
    return await finder.authenticate(credentialsOf(raw));
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

/** Returns `FORBIDDEN` with the required rights, or `null` when the caller has the permission. */
export function refusalFor(caller: Caller, permission: Permission): ApiError | null {
  if (mayCall(caller, permission)) return null;
  const { role, scope }: Requirement = PERMISSIONS[permission];
  const needed = `the role ${role ?? 'viewer'}${role === 'admin' ? '' : ' or higher'}`;
  const alternative = scope === null ? '' : `, or a key with the scope ${scope}`;
  return new ApiError('FORBIDDEN', `This needs ${needed}${alternative}; ${rightsOf(caller)}.`);
}

function credentialsOf({ headers }: IncomingMessage): Credentials {
  const apiKey = headers['x-api-key'];
  return { authorization: headers.authorization, apiKey: typeof apiKey === 'string' ? apiKey : undefined };
}

function rightsOf({ kind, role, scopes }: Caller): string {
  if (kind !== 'key') return role === null ? 'you are not logged in' : `you are ${role}`;
  const rights = [role, ...scopes].filter((right) => right !== null);
  return rights.length === 0 ? 'your key has no rights any more' : `your key is for ${rights.join(', ')}`;
}

/**
 * Watches the credentials of a caller during a long request or WebSocket. Calls `onOver` once, when the credentials are
 * revoked or expire; with the token of a browser, when its log-in ends.
 *
 * @returns a function that stops watching; must be called
 */
export function watchWelcome(
  caller: Caller | null,
  clock: Pick<Clock, 'now' | 'after'>,
  onOver: (refusal: ApiError) => void,
): () => void {
  if (caller === null) return () => undefined;
  const { revoked, openUntil } = caller;
  let cancel = (): void => undefined;
  const stop = (): void => {
    cancel();
    revoked.removeEventListener('abort', onRevoked);
  };
  const end = (refusal: ApiError): void => {
    stop();
    onOver(refusal);
  };
  const onRevoked = (): void => {
    const { reason } = revoked as { reason: unknown };
    end(
      reason instanceof ApiError
        ? reason
        : new ApiError('UNAUTHORIZED', 'The credentials of this request were revoked.'),
    );
  };
  const wait = (until: number): void => {
    const left = until - clock.now();
    if (left <= 0) end(new ApiError('TOKEN_EXPIRED', 'The credentials of this request have expired.'));
    // A timer waits for less than a month at a time.
    else cancel = clock.after(left, () => wait(until));
  };
  revoked.addEventListener('abort', onRevoked, { once: true });
  if (revoked.aborted) onRevoked();
  else if (openUntil !== null) wait(openUntil);
  return stop;
}

const NO_INSTANCES = { maySee: (): boolean => false, mayStart: false };

/** The instances that a caller may see and start; without a caller, none. */
export function seenBy(caller: Caller | null, manager: InstanceManager): InstanceManager {
  if (caller === null) return scopedManager(manager, NO_INSTANCES);
  const { instances, mayStart } = caller;
  if (instances === null && mayStart) return manager;
  return scopedManager(manager, { maySee: (id) => maySee(caller, id), mayStart });
}

/** Whether a caller may see who sends the requests of others: operators who may see all instances. */
export function seesCallers(caller: Caller): boolean {
  return caller.instances === null && mayCall(caller, OPERATIONS.cancelRequest.permission);
}

import type { IncomingMessage } from 'node:http';
import type { Caller } from '../../auth/caller.ts';
import type { Access } from './access.ts';
import { callerOf, refusalFor, type CallerFinder } from './authenticate.ts';
import type { HttpReply, HttpRequest } from '../plugin.ts';
import { limitedSubject } from './rate-limit.ts';
import { pathOf } from '../target.ts';

/** Counts requests against the rate limits. */
export interface RateLimiter {
  /** @param access `null`: the request matches no operation. */
  count(
    subject: string,
    access: Pick<Access, 'id' | 'cost'> | null,
  ): { headers: Readonly<Record<string, string>>; refusal: Error | null };
}

export interface GateParts {
  authenticator: CallerFinder;
  limits: RateLimiter;
  /** Returns the client address of a request. */
  addressOf: (raw: IncomingMessage) => string;
}

/** Access rule of routes without one: a forgotten rule opens nothing. A test finds such routes. */
const UNLISTED: Access = { id: 'unlisted', permission: 'admin', cost: 'regular' };

const LIMITED = /^\/api(?:\/|$)/;
const PROXY = /^\/api\/instances\/[^/]+\/proxy(?:\/|$)/;

interface Refusal {
  reason: unknown;
}

/** Authenticates, authorises and counts requests: after the Host and Origin rules, before any other work. */
export class Gate {
  readonly #parts: GateParts;

  constructor(parts: GateParts) {
    this.#parts = parts;
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
      const verdict = this.#parts.limits.count(this.#subjectOf(request, isForeignPage(request, reply)), access);
      reply.headers(verdict.headers);
      if (verdict.refusal !== null) throw verdict.refusal;
    }
    if (refusal !== null) throw refusal.reason;
  }

  /**
   * Counts a request that matches no operation, or is answered before it reaches one. It counts to the client address,
   * because credentials are not checked there.
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
   * The rate-limit headers of an answer to an unreadable request. It counts with the requests of foreign pages, because
   * one of them may have sent it.
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
      const found = callerOf(request.raw, access, this.#parts.authenticator);
      return found instanceof Promise ? found.then(identified, asRefusal) : identified(found);
    } catch (reason) {
      return asRefusal(reason);
    }
  }

  #count(path: string, subject: string): ReturnType<RateLimiter['count']> {
    const isLimited = LIMITED.test(path) && !PROXY.test(path);
    return isLimited ? this.#parts.limits.count(subject, null) : { headers: {}, refusal: null };
  }

  #subjectOf({ caller, raw }: HttpRequest, isForeign: boolean): string {
    return limitedSubject(caller, this.#parts.addressOf(raw), isForeign);
  }
}

function asRefusal(reason: unknown): Refusal {
  return { reason };
}

/** Whether a page of another site sent the request, according to the browser, and its origin is not allowed. */
function isForeignPage({ headers }: HttpRequest, reply: HttpReply): boolean {
  return headers['sec-fetch-site'] === 'cross-site' && !reply.hasHeader('access-control-allow-origin');
}

import type { IncomingMessage } from 'node:http';
import type { Caller } from '../../auth/caller.ts';
import type { Access } from './access.ts';
import { callerOf, refusalFor, type CallerFinder } from './authenticate.ts';
import type { HttpReply, HttpRequest } from '../plugin.ts';
import { limitedSubject } from './rate-limit.ts';
import { pathOf } from '../target.ts';

/** Counts requests. */
export interface RateLimiter {
  /** @param access `null`: the request is for no operation. */
  count(
    subject: string,
    access: Pick<Access, 'id' | 'cost'> | null,
  ): { headers: Readonly<Record<string, string>>; refusal: Error | null };
}

export interface GateParts {
  authenticator: CallerFinder;
  limits: RateLimiter;
  /** Where a request comes from. */
  addressOf: (raw: IncomingMessage) => string;
}

/** For routes that say nothing: a row that was forgotten opens nothing. A test finds them. */
const UNLISTED: Access = { id: 'unlisted', permission: 'admin', cost: 'regular' };

const LIMITED = /^\/api(?:\/|$)/;
const PROXY = /^\/api\/instances\/[^/]+\/proxy(?:\/|$)/;

interface Refusal {
  reason: unknown;
}

/** Who may come in: after Host and Origin, before anything is done for a request. */
export class Gate {
  readonly #parts: GateParts;

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  /**
   * Finds the caller, counts the request, and throws the refusal if there is one: too many requests before bad
   * credentials before too few rights, so that guessing is limited too. At once, or in the promise that it returns.
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
   * Counts a request that comes to no operation, or is answered before it does. Its caller is the address: nobody looks
   * at credentials there.
   *
   * @param isForeign it was refused because a page that is not ours was behind it
   * @returns `RATE_LIMITED` when there were too many
   */
  countOther(request: HttpRequest, reply: HttpReply, isForeign = false): Error | null {
    const subject = this.#subjectOf(request, isForeign || isForeignPage(request, reply));
    const { headers, refusal } = this.#count(pathOf(request.raw.url ?? ''), subject);
    reply.headers(headers);
    return refusal;
  }

  /**
   * The headers of an answer to what never became a request. Counted with what foreign pages ask: nobody can tell whether
   * one was behind it.
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

/** A browser says so, and no such page was allowed. */
function isForeignPage({ headers }: HttpRequest, reply: HttpReply): boolean {
  return headers['sec-fetch-site'] === 'cross-site' && !reply.hasHeader('access-control-allow-origin');
}

import type { Config } from '@llamactl/contract/config';
import { ApiError, retryIn } from '@llamactl/contract/errors';
import type { Operation } from '@llamactl/contract/operation';
import { OPERATIONS } from '@llamactl/contract/operations';
import { addressGroup } from '../../auth/address-group.ts';
import type { Caller } from '../../auth/caller.ts';
import type { Clock } from '../../instances/ports/time.ts';
import { NO_TRACE, type Trace } from '../../instances/ports/trace.ts';

/** Result of counting a request. */
export interface RateLimitVerdict {
  /** `X-RateLimit-*` headers for any answer to the request. */
  headers: Readonly<Record<string, string>>;
  /** `RATE_LIMITED` with `Retry-After`; `null`: the request may proceed. */
  refusal: ApiError | null;
  /** How long it has to wait, milliseconds; 0: it may proceed. */
  waitMs: number;
}

type LimitedClass = 'regular' | 'intensive';

/** Most subjects of each class in one minute. They take a few megabytes. */
const MOST_SUBJECTS = 10_000;
/** Operations that stop instances are counted but never refused. */
const NEVER_REFUSED: ReadonlySet<string> = new Set([OPERATIONS.stopInstance.id, OPERATIONS.stopAllInstances.id]);
/** The verdict on a request that no limit concerns. */
export const NOT_LIMITED: RateLimitVerdict = { headers: {}, refusal: null, waitMs: 0 };

/** Limits the requests of each class that a caller may make in a minute. The classes are counted separately. */
export class RateLimits {
  readonly #clock: Pick<Clock, 'now' | 'elapsed'>;
  readonly #config: Config['rate_limit'];
  readonly #trace: Trace;
  readonly #windows: Record<LimitedClass, RequestWindows> = {
    regular: new RequestWindows(MOST_SUBJECTS),
    intensive: new RequestWindows(MOST_SUBJECTS),
  };

  /** @param parts `trace`: default: decisions are not traced. */
  constructor(parts: { clock: Pick<Clock, 'now' | 'elapsed'>; config: Config['rate_limit']; trace?: Trace }) {
    this.#clock = parts.clock;
    this.#config = parts.config;
    this.#trace = parts.trace ?? NO_TRACE;
  }

  /**
   * Counts a request, also a refused one. The headers describe the operation's own class.
   *
   * @param subject from {@link limitedSubject}
   * @param operation `null`: an unknown path or an unreadable request; counts as regular
   */
  count(subject: string, operation: Pick<Operation, 'id' | 'cost'> | null): RateLimitVerdict {
    const cost = operation?.cost ?? 'regular';
    if (!this.#config.enabled || cost === 'free') return NOT_LIMITED;
    const limit = this.#config[cost];
    const now = this.#clock.elapsed();
    const { used, endsAt } = this.#windows[cost].count(subject, now);
    const left = endsAt - now;
    const headers = {
      'x-ratelimit-limit': String(limit),
      'x-ratelimit-remaining': String(Math.max(0, limit - used)),
      // Rounded up, so that a retry at that time is not too early.
      'x-ratelimit-reset': String(Math.ceil((this.#clock.now() + left) / 1_000)),
    };
    const isOver = used > limit && !(operation !== null && NEVER_REFUSED.has(operation.id));
    if (isOver && this.#trace.isOn) {
      const inputs = { caller: subject, limit: cost, most: limit, counted: used, retry_after_ms: left } as const;
      this.#trace.note({ kind: 'admission', instance: null, inputs: { outcome: 'refused', ...inputs } });
    }
    return isOver
      ? { headers, refusal: tooMany(cost, limit, Math.ceil(left / 1_000)), waitMs: left }
      : { headers, refusal: null, waitMs: 0 };
  }
}

/**
 * Returns the subject whose requests count together: the account with all its keys and tokens, or else the address. An
 * IPv6 address counts as its /64.
 *
 * @param isForeign Whether a page of another site sent the request. Such a request must not use up the limit of the
 *   browser's owner.
 */
export function limitedSubject(caller: Pick<Caller, 'userId'> | null, address: string, isForeign = false): string {
  const userId = caller?.userId ?? null;
  if (userId !== null) return `user:${userId}`;
  return isForeign ? `page:${addressGroup(address)}` : addressGroup(address);
}

function tooMany(cost: LimitedClass, limit: number, seconds: number): ApiError {
  const requests =
    cost === 'intensive' ? `start${limit === 1 ? '' : 's'} or changes` : `request${limit === 1 ? '' : 's'}`;
  return new ApiError('RATE_LIMITED', `More than ${limit} ${requests} in a minute; try again in ${seconds} s.`, {
    ...retryIn(seconds),
    details: `rate_limit.${cost} in the configuration sets the limit.`,
  });
}

/** Length of a window, milliseconds. */
export const WINDOW_MS = 60_000;

interface Window {
  /** In milliseconds of the counting clock. */
  startedAt: number;
  used: number;
}

/** State of a subject's window after a request. */
export interface WindowState {
  /** Requests in this window, including this one. */
  used: number;
  /** End of the window by the counting clock: later than now, by at most the length of a window. */
  endsAt: number;
}

/**
 * Counts requests in fixed windows. Each subject has its own, which begins with its first request. If the clock jumps
 * back before the start of a window, the window ends. So no window lasts longer than its length from now.
 *
 * With more subjects than fit, the windows nearest to their end are dropped, and their subjects begin new ones. An
 * attacker with that many addresses gains nothing beyond the addresses, and no other caller is refused because of them.
 */
export class RequestWindows {
  readonly #mostSubjects: number;
  /** By subject; in the order of their ends while the clock does not jump back. */
  readonly #windows = new Map<string, Window>();

  constructor(mostSubjects: number) {
    this.#mostSubjects = mostSubjects;
  }

  /** Number of stored windows, including ended ones. */
  get size(): number {
    return this.#windows.size;
  }

  /** @param now milliseconds of the counting clock */
  count(subject: string, now: number): WindowState {
    const current = this.#windows.get(subject);
    if (current !== undefined && !isOver(current, now)) {
      current.used += 1;
      return stateOf(current);
    }
    this.#windows.delete(subject);
    this.#makeRoom(now);
    const opened = { startedAt: now, used: 1 };
    this.#windows.set(subject, opened);
    return stateOf(opened);
  }

  /**
   * Drops ended or surplus windows. Each window is dropped once, so the cost of a request does not depend on their
   * number.
   */
  #makeRoom(now: number): void {
    for (const [subject, window] of this.#windows) {
      if (!isOver(window, now) && this.#windows.size < this.#mostSubjects) return;
      this.#windows.delete(subject);
    }
  }
}

function isOver({ startedAt }: Window, now: number): boolean {
  return now < startedAt || now >= startedAt + WINDOW_MS;
}

function stateOf({ startedAt, used }: Window): WindowState {
  return { used, endsAt: startedAt + WINDOW_MS };
}

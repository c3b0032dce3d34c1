import type { DecisionInputs } from '@llamactl/contract/decisions';
import { ApiError, retryIn } from '@llamactl/contract/errors';
import type { Clock } from '../instances/ports/time.ts';
import { NO_TRACE, type Trace } from '../instances/ports/trace.ts';

/** An account, a key or an address with its limits. */
export interface LimitHolder {
  /** Unique among all holders. */
  id: string;
  /** For messages: `account ann`. */
  name: string;
  /** 0: no limit. */
  limits: Readonly<{ maxInFlight: number; requestsPerMinute: number; tokensPerMinute: number }>;
}

/** A request that was admitted. */
export interface Admission {
  /** Headers of the answer: `x-ratelimit-*`. */
  headers: Readonly<Record<string, string>>;
  /**
   * Ends the request. Call it exactly once, however the request ended.
   *
   * @param tokens Tokens of prompt and answer, as far as they are known.
   */
  end(tokens: number): void;
}

/** Usage of one holder. */
interface Tally {
  inFlight: number;
  requests: SlidingMinute;
  tokens: SlidingMinute;
}

interface Held {
  holder: LimitHolder;
  tally: Tally;
}

/** A limit for one minute, and how much of it is left. */
interface Standing {
  limit: number;
  remaining: number;
  /** Milliseconds until the whole limit is available again. */
  reset: number;
}

/** Most holders that are counted; their counts take 10 MB at most. */
const MOST_HOLDERS = 10_000;
/** `Retry-After` when `max_in_flight` is reached. It is a guess: a request in flight may end at any time. */
const IN_FLIGHT_RETRY_MS = 1_000;

/**
 * Counts how much each caller uses of its limits on `/v1`. Counts start at 0 in each process, also after a reload. A
 * refused request does not count, so that a caller that retries too early does not delay itself.
 */
export class CallerLimits {
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #trace: Trace;
  readonly #mostHolders: number;
  /** Least recently used first. */
  readonly #tallies = new Map<string, Tally>();

  constructor(clock: Pick<Clock, 'elapsed'>, trace: Trace = NO_TRACE, mostHolders = MOST_HOLDERS) {
    this.#clock = clock;
    this.#trace = trace;
    this.#mostHolders = mostHolders;
  }

  /** Number of remembered holders. */
  get size(): number {
    return this.#tallies.size;
  }

  /**
   * Counts a request for all of its holders, or for none if it is refused.
   *
   * @param requestId For the trace.
   * @throws {ApiError} `RATE_LIMITED` with `Retry-After`, when a holder has used up a limit
   */
  admit(holders: readonly LimitHolder[], requestId?: string): Admission {
    const now = this.#clock.elapsed();
    const held = holders.map((holder) => ({ holder, tally: this.#tallyOf(holder.id) }));
    for (const each of held) {
      const refusal = refusalOf(each, now);
      if (refusal === null) continue;
      if (this.#trace.isOn) this.#noteRefused(each, refusal, requestId);
      const { headers } = retryIn(refusal.wait / 1_000);
      throw new ApiError('RATE_LIMITED', refusal.message, { headers: { ...headersOf(held, now), ...headers } });
    }
    for (const { tally } of held) {
      tally.inFlight += 1;
      tally.requests.add(1, now);
    }
    if (this.#trace.isOn) this.#noteAdmitted(held, now, requestId);
    return {
      headers: headersOf(held, now),
      end: (tokens) => {
        const end = this.#clock.elapsed();
        for (const { tally } of held) {
          tally.inFlight -= 1;
          tally.tokens.add(tokens, end);
        }
      },
    };
  }

  #noteRefused({ holder }: Held, { limit, counted, wait }: Refused, requestId: string | undefined): void {
    const most = mostOf(holder, limit);
    const inputs = { caller: holder.name, limit, most, counted, retry_after_ms: wait } as const;
    this.#trace.note({ kind: 'admission', instance: null, requestId, inputs: { outcome: 'refused', ...inputs } });
  }

  /** Traces each limit of an admitted request. The traced counts include the request. */
  #noteAdmitted(held: readonly Held[], now: number, requestId: string | undefined): void {
    for (const { holder, tally } of held) {
      const counts = [
        ['requests_per_minute', tally.requests.sum(now)],
        ['tokens_per_minute', tally.tokens.sum(now)],
        ['max_in_flight', tally.inFlight],
      ] as const;
      for (const [limit, counted] of counts) {
        const most = mostOf(holder, limit);
        if (most === 0) continue;
        const inputs = { caller: holder.name, limit, most, counted, retry_after_ms: null } as const;
        this.#trace.note({ kind: 'admission', instance: null, requestId, inputs: { outcome: 'admitted', ...inputs } });
      }
    }
  }

  #tallyOf(id: string): Tally {
    const tally = this.#tallies.get(id) ?? this.#newTally();
    this.#tallies.delete(id);
    this.#tallies.set(id, tally);
    return tally;
  }

  /**
   * Creates a tally. If there are too many, forgets the least recently used holder that has no request in flight. A
   * caller gains nothing from this: it would need that many addresses, and each address has its own limit anyway.
   */
  #newTally(): Tally {
    if (this.#tallies.size >= this.#mostHolders) {
      const [id] = this.#tallies.entries().find(([, { inFlight }]) => inFlight === 0) ?? [];
      if (id !== undefined) this.#tallies.delete(id);
    }
    return { inFlight: 0, requests: new SlidingMinute(), tokens: new SlidingMinute() };
  }
}

type CallerLimit = Extract<
  DecisionInputs<'admission'>['limit'],
  'requests_per_minute' | 'tokens_per_minute' | 'max_in_flight'
>;

/** A refusal: the limit, the use counted towards it, and for how many milliseconds the refusal lasts at least. */
interface Refused {
  limit: CallerLimit;
  counted: number;
  message: string;
  wait: number;
}

function mostOf({ limits }: LimitHolder, limit: CallerLimit): number {
  if (limit === 'max_in_flight') return limits.maxInFlight;
  return limit === 'requests_per_minute' ? limits.requestsPerMinute : limits.tokensPerMinute;
}

/** Returns why the next request is refused; `null`: it is admitted. */
function refusalOf({ holder, tally }: Held, now: number): Refused | null {
  const { name, limits } = holder;
  const { maxInFlight, requestsPerMinute, tokensPerMinute } = limits;
  const used = requestsPerMinute === 0 ? 0 : tally.requests.sum(now);
  if (used > 0 && used >= requestsPerMinute) {
    const wait = tally.requests.untilBelow(requestsPerMinute, now);
    const what = `has sent ${amount(used, 'request')} within a minute`;
    const message = `The ${name} ${what}, and its requests_per_minute is ${requestsPerMinute}; ${again(wait)}.`;
    return { limit: 'requests_per_minute', counted: used, message, wait };
  }
  const tokens = tokensPerMinute === 0 ? 0 : tally.tokens.sum(now);
  if (tokens > 0 && tokens >= tokensPerMinute) {
    const wait = tally.tokens.untilBelow(tokensPerMinute, now);
    const what = `has used ${amount(tokens, 'token')} within a minute`;
    const message = `The ${name} ${what}, and its tokens_per_minute is ${tokensPerMinute}; ${again(wait)}.`;
    return { limit: 'tokens_per_minute', counted: tokens, message, wait };
  }
  if (maxInFlight > 0 && tally.inFlight >= maxInFlight) {
    const what = `has ${amount(tally.inFlight, 'request')} in flight, and its max_in_flight is ${maxInFlight}`;
    const message = `The ${name} ${what}; the next one is admitted when one ends.`;
    return { limit: 'max_in_flight', counted: tally.inFlight, message, wait: IN_FLIGHT_RETRY_MS };
  }
  return null;
}

function amount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function again(wait: number): string {
  return `the next request is admitted in ${Math.ceil(wait / 1_000)} s`;
}

/** Returns the `x-ratelimit-*` headers: for requests and for tokens, each from the holder that has least left. */
function headersOf(held: readonly Held[], now: number): Record<string, string> {
  return {
    ...shown('requests', tightest(held, 'requests', now)),
    ...shown('tokens', tightest(held, 'tokens', now)),
  };
}

function tightest(held: readonly Held[], what: 'requests' | 'tokens', now: number): Standing | null {
  let least: Standing | null = null;
  for (const { holder, tally } of held) {
    const limit = what === 'requests' ? holder.limits.requestsPerMinute : holder.limits.tokensPerMinute;
    if (limit === 0) continue;
    const remaining = Math.max(0, limit - tally[what].sum(now));
    if (least === null || remaining < least.remaining) least = { limit, remaining, reset: tally[what].untilEmpty(now) };
  }
  return least;
}

/** Returns the headers of one limit, with OpenAI's names; none for `null`. */
function shown(what: string, standing: Standing | null): Record<string, string> {
  if (standing === null) return {};
  return {
    [`x-ratelimit-limit-${what}`]: String(standing.limit),
    [`x-ratelimit-remaining-${what}`]: String(standing.remaining),
    [`x-ratelimit-reset-${what}`]: `${Math.ceil(standing.reset / 1_000)}s`,
  };
}

const WINDOW_S = 60;

/** The amount that was added within one second. */
interface Slice {
  /** The second, counted by the clock's `elapsed`. */
  second: number;
  amount: number;
}

/**
 * A sum over the last 60 seconds, in steps of one second. Amounts expire second by second, so that a caller cannot send
 * twice its limit in a burst, as at the border of two fixed windows. Holds at most 61 slices.
 */
export class SlidingMinute {
  /** Oldest first. */
  readonly #slices: Slice[] = [];
  #sum = 0;

  /** Adds an amount. @param now Milliseconds of a steady clock. */
  add(amount: number, now: number): void {
    if (amount <= 0) return;
    this.#forget(now);
    const second = secondOf(now);
    const newest = this.#slices.at(-1);
    if (newest?.second === second) newest.amount += amount;
    else this.#slices.push({ second, amount });
    this.#sum += amount;
  }

  /** Returns the sum over at least the last 60 seconds and at most the last 61. */
  sum(now: number): number {
    this.#forget(now);
    return this.#sum;
  }

  /** Returns the milliseconds until the sum is below `limit`; 0: it already is. */
  untilBelow(limit: number, now: number): number {
    let sum = this.sum(now);
    for (const { second, amount } of this.#slices) {
      if (sum < limit) return 0;
      sum -= amount;
      if (sum < limit) return endOf(second) - now;
    }
    return 0;
  }

  /** Returns the milliseconds until the sum is 0. */
  untilEmpty(now: number): number {
    this.#forget(now);
    const newest = this.#slices.at(-1);
    return newest === undefined ? 0 : endOf(newest.second) - now;
  }

  #forget(now: number): void {
    const oldest = this.#slices[0];
    if (oldest === undefined || endOf(oldest.second) > now) return;
    const over = this.#slices.findIndex(({ second }) => endOf(second) > now);
    for (const { amount } of this.#slices.splice(0, over === -1 ? this.#slices.length : over)) this.#sum -= amount;
  }
}

function secondOf(now: number): number {
  return Math.floor(now / 1_000);
}

/** Returns when a slice leaves the window: 60 s after its last millisecond. */
function endOf(second: number): number {
  return (second + 1 + WINDOW_S) * 1_000;
}

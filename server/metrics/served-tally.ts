import type { RequestFigures } from '@llamactl/contract/requests';
import { count, type FirstTokenTimes, noTimes, sumOfTimes } from './first-token-times.ts';

/** Requests of an instance that ended in some time. */
export interface Served {
  requests: number;
  tokensIn: number;
  tokensOut: number;
  /** Most requests that waited at one time. */
  waitingMax: number;
  /** Times to the first token; `null`: none. */
  firstTokens: FirstTokenTimes | null;
}

export const NOTHING_SERVED: Readonly<Served> = {
  requests: 0,
  tokensIn: 0,
  tokensOut: 0,
  waitingMax: 0,
  firstTokens: null,
};

/** The requests of two steps; `null`: none. */
export function sumOfServed(one: Readonly<Served> | null, other: Readonly<Served> | null): Readonly<Served> | null {
  if (one === null || other === null) return one ?? other;
  return {
    requests: one.requests + other.requests,
    tokensIn: one.tokensIn + other.tokensIn,
    tokensOut: one.tokensOut + other.tokensOut,
    waitingMax: Math.max(one.waitingMax, other.waitingMax),
    firstTokens: sumOfTimes(one.firstTokens, other.firstTokens),
  };
}

interface Tally extends Served {
  /** Requests that wait now. */
  waiting: number;
}

/** Counts requests by instance until its next measurement takes the figures. Counting one allocates nothing. */
export class ServedTally {
  /** By the instance's name. */
  readonly #tallies = new Map<string, Tally>();

  /** Counts tokens of a request in flight, in the step in which it generates them. */
  generated(instance: string, tokens: number): void {
    this.#of(instance).tokensOut += tokens;
  }

  /**
   * Counts a request that has ended.
   *
   * @param generated its tokens that {@link generated} has counted already
   */
  finished(figures: RequestFigures, generated = 0): void {
    const { instance, tokens_in: tokensIn, tokens_out: tokensOut, time_to_first_token: ttft } = figures;
    if (instance === null) return;
    const tally = this.#of(instance);
    tally.requests += 1;
    tally.tokensIn += tokensIn ?? 0;
    // Negative if chunks were counted, and the engine reports fewer tokens at the end.
    tally.tokensOut += (tokensOut ?? generated) - generated;
    if (ttft === null) return;
    tally.firstTokens ??= noTimes();
    count(tally.firstTokens, ttft);
  }

  /** Notes how many requests wait now. */
  waits(instance: string, waiting: number): void {
    const tally = this.#of(instance);
    tally.waiting = waiting;
    tally.waitingMax = Math.max(tally.waitingMax, waiting);
  }

  /** Returns the figures since the last call, and begins to count again. */
  take(instance: string): Readonly<Served> {
    const tally = this.#tallies.get(instance);
    if (tally === undefined) return NOTHING_SERVED;
    const { requests, tokensIn, tokensOut, waiting, waitingMax, firstTokens } = tally;
    // Tokens that were counted too much lower the next step, so that the sum is right.
    const left = Math.min(0, tokensOut);
    if (waiting === 0 && left === 0) this.#tallies.delete(instance);
    else this.#tallies.set(instance, { ...NOTHING_SERVED, tokensOut: left, waiting, waitingMax: waiting });
    return { requests, tokensIn, tokensOut: tokensOut - left, waitingMax, firstTokens };
  }

  /** Drops the figures of a deleted instance. */
  forget(instance: string): void {
    this.#tallies.delete(instance);
  }

  /** Moves the figures of a renamed instance to its new name. */
  rename(previous: string, name: string): void {
    const tally = this.#tallies.get(previous);
    this.#tallies.delete(previous);
    if (tally !== undefined) this.#tallies.set(name, tally);
  }

  #of(instance: string): Tally {
    const known = this.#tallies.get(instance);
    if (known !== undefined) return known;
    const tally = { ...NOTHING_SERVED, waiting: 0 };
    this.#tallies.set(instance, tally);
    return tally;
  }
}

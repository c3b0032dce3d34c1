import type { UpdateUser, User } from '@llamactl/contract/auth';

/** Limits of one account, key or address on `/v1`. 0: no limit. */
export interface Limits {
  /** Concurrent requests, including those that wait for an engine. */
  maxInFlight: number;
  /** Requests admitted in any 60 seconds. */
  requestsPerMinute: number;
  /** Tokens booked in any 60 seconds. */
  tokensPerMinute: number;
}

/** The API fields that set the limits. */
export type LimitFields = Pick<UpdateUser, 'max_in_flight' | 'requests_per_minute' | 'tokens_per_minute'>;

export const NO_LIMITS: Limits = { maxInFlight: 0, requestsPerMinute: 0, tokensPerMinute: 0 };

/** Maps each API field to its property. */
export const LIMIT_PROPERTIES = {
  max_in_flight: 'maxInFlight',
  requests_per_minute: 'requestsPerMinute',
  tokens_per_minute: 'tokensPerMinute',
} as const satisfies Record<keyof LimitFields, keyof Limits>;

/** `before`, changed by the fields in `change`. */
export function changedLimits(before: Limits, change: LimitFields): Limits {
  return {
    maxInFlight: change.max_in_flight ?? before.maxInFlight,
    requestsPerMinute: change.requests_per_minute ?? before.requestsPerMinute,
    tokensPerMinute: change.tokens_per_minute ?? before.tokensPerMinute,
  };
}

/** Returns `null` when no limit is set, so that most requests skip the limit checks. */
export function limitsInForce(limits: Limits): Limits | null {
  const { maxInFlight, requestsPerMinute, tokensPerMinute } = limits;
  return maxInFlight > 0 || requestsPerMinute > 0 || tokensPerMinute > 0 ? limits : null;
}

/** The limits as API fields. */
export function shownLimits({
  maxInFlight,
  requestsPerMinute,
  tokensPerMinute,
}: Limits): Pick<User, keyof LimitFields> {
  return { max_in_flight: maxInFlight, requests_per_minute: requestsPerMinute, tokens_per_minute: tokensPerMinute };
}

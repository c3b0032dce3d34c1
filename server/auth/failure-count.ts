/** How failed logins of one account, or from one address, delay the next ones. All times in milliseconds. */
export interface ThrottlePolicy {
  /** Failed tries before the first wait. */
  free: number;
  /** Longest wait after any number of failures. */
  ceiling: number;
}

/** Failures in a row, and when the next try is allowed. All times in milliseconds of a monotonic clock. */
export interface FailureCount {
  failures: number;
  /** Time of the last failure. */
  at: number;
  /** The next try is refused before this time. */
  until: number;
}

/** Each such period without a failure takes one failure off the count. */
export const FORGET_ONE_AFTER_MS = 600_000;
/** Highest count. After 20 failures the count is back at zero in 3 hours and 20 minutes. */
const MOST_FAILURES = 20;
const FIRST_WAIT_MS = 1_000;

/** How many failures still count. */
export function failuresAt(count: FailureCount | undefined, now: number): number {
  if (count === undefined) return 0;
  const forgotten = Math.floor(Math.max(0, now - count.at) / FORGET_ONE_AFTER_MS);
  return Math.max(0, count.failures - forgotten);
}

/** How long the next try must wait; 0: it need not wait. */
export function waitAt(count: FailureCount | undefined, now: number, { ceiling }: ThrottlePolicy): number {
  return count === undefined ? 0 : Math.min(Math.max(0, count.until - now), ceiling);
}

/** The count after one more failure. When the free tries are used up, the waits are 1, 2, 4 … seconds. */
export function withFailure(count: FailureCount | undefined, now: number, policy: ThrottlePolicy): FailureCount {
  const failures = Math.min(failuresAt(count, now) + 1, MOST_FAILURES);
  const beyond = failures - policy.free;
  const wait = beyond < 0 ? 0 : Math.min(FIRST_WAIT_MS * 2 ** beyond, policy.ceiling);
  return { failures, at: now, until: now + wait };
}

/** The count without one try; `null`: no failure is left to count. */
export function withoutOne(count: FailureCount, now: number): FailureCount | null {
  const before = { failures: count.failures - 1, at: count.at, until: now };
  return failuresAt(before, now) === 0 ? null : before;
}

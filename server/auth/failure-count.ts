/** How failed logins of one account, or from one address, slow the next ones down. All times in milliseconds. */
export interface ThrottlePolicy {
  /** Tries before the first wait. */
  free: number;
  /** The longest wait, however many have failed. */
  ceiling: number;
}

/** Failures in a row, and when the next try is taken. Milliseconds of a clock that nobody sets. */
export interface FailureCount {
  failures: number;
  /** The last one. */
  at: number;
  /** No try is taken before. */
  until: number;
}

/** For each of these without a failure, one is forgotten. */
export const FORGET_ONE_AFTER_MS = 600_000;
/** More are not counted: whoever stops failing has a clean record after three hours. */
const MOST_FAILURES = 20;
const FIRST_WAIT_MS = 1_000;

/** How many failures still count. */
export function failuresAt(count: FailureCount | undefined, now: number): number {
  if (count === undefined) return 0;
  const forgotten = Math.floor(Math.max(0, now - count.at) / FORGET_ONE_AFTER_MS);
  return Math.max(0, count.failures - forgotten);
}

/** How long the next try has to wait; 0: not at all. */
export function waitAt(count: FailureCount | undefined, now: number, { ceiling }: ThrottlePolicy): number {
  return count === undefined ? 0 : Math.min(Math.max(0, count.until - now), ceiling);
}

/** After one more failure: when the free ones are used up, 1 2 4 … seconds to wait. */
export function withFailure(count: FailureCount | undefined, now: number, policy: ThrottlePolicy): FailureCount {
  const failures = Math.min(failuresAt(count, now) + 1, MOST_FAILURES);
  const beyond = failures - policy.free;
  const wait = beyond < 0 ? 0 : Math.min(FIRST_WAIT_MS * 2 ** beyond, policy.ceiling);
  return { failures, at: now, until: now + wait };
}

/** As if one try had not been made; `null`: nothing is left to count. */
export function withoutOne(count: FailureCount, now: number): FailureCount | null {
  const before = { failures: count.failures - 1, at: count.at, until: now };
  return failuresAt(before, now) === 0 ? null : before;
}

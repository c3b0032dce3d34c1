import { UsernameSchema } from '@llamactl/contract/auth';
import { ApiError, retryIn } from '@llamactl/contract/errors';
import { BoundedMap } from './bounded-map.ts';
import { addressGroup, isLoopbackAddress } from './address-group.ts';
import { waitAt, withFailure, withoutOne, type FailureCount, type ThrottlePolicy } from './failure-count.ts';
import type { Clock } from './auth-ports.ts';

/** A login attempt that was admitted. Call exactly one of its methods, after the password check has ended or failed. */
export interface LoginAttempt {
  /** @returns end of the lock-out that this failure causes, in {@link Clock.elapsed}; `null`: the next wait is short */
  failed(): number | null;
  succeeded(): void;
  /** The password could not be checked. */
  withdrawn(): void;
}

/**
 * Waits of at most a minute. Many addresses together cannot slow the logins of an account below one try a minute;
 * {@link LoginThrottle} lists the exceptions. This policy also applies to loopback addresses: behind a proxy that is
 * missing in `trusted_proxies`, all callers have one.
 */
const MILD: ThrottlePolicy = { free: 5, ceiling: 60_000 };
/** Waits of at most a quarter of an hour: about 100 guesses a day. */
const STRICT: ThrottlePolicy = { free: 5, ceiling: 900_000 };

/** Waits from this length on raise an alert. */
const LOCKOUT_MS = 60_000;
const MOST_COUNTS = 10_000;
const MOST_ADDRESSES_OF_ACCOUNT = 8;
/** All texts that cannot be an account name count as this one account, which does not exist. */
const NO_ACCOUNT = '';

/**
 * Slows down password guessing, before anything is hashed. The account and the address of a try each have a wait, and
 * the longer one applies.
 *
 * An attack cannot lock anyone out permanently: waits have a ceiling, and failures are forgotten with time. The machine
 * itself, and addresses that logged in to the account since the start, wait only for their own failures. Failures of
 * other addresses do not delay them. A try during a wait is refused and not counted.
 *
 * A try counts as failed from its admission, so that of a thousand tries at once only the first few are free.
 */
export class LoginThrottle {
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #accounts = new BoundedMap<string, FailureCount>(MOST_COUNTS);
  readonly #addresses = new BoundedMap<string, FailureCount>(MOST_COUNTS);
  /** Addresses from which someone has logged in, by account. */
  readonly #homes = new BoundedMap<string, BoundedMap<string, true>>(MOST_COUNTS);

  constructor(clock: Pick<Clock, 'elapsed'>) {
    this.#clock = clock;
  }

  /** @throws {ApiError} `RATE_LIMITED` with `Retry-After` */
  admit(username: string, address: string): LoginAttempt {
    const account = UsernameSchema.safeParse(username).success ? username.toLowerCase() : NO_ACCOUNT;
    const group = addressGroup(address);
    const isLocal = isLoopbackAddress(address);
    const policy = isLocal ? MILD : STRICT;
    const isHome = isLocal || this.#homes.get(account)?.get(group) === true;

    const now = this.#clock.elapsed();
    const wait = Math.max(
      waitAt(this.#addresses.get(group), now, policy),
      isHome ? 0 : waitAt(this.#accounts.get(account), now, MILD),
    );
    if (wait > 0) throw tooMany(wait);

    const ofAddress = withFailure(this.#addresses.get(group), now, policy);
    this.#addresses.set(group, ofAddress);
    // Tries from a known address, failed or not, do not affect the count for other addresses.
    const ofAccount = isHome ? null : withFailure(this.#accounts.get(account), now, MILD);
    if (ofAccount !== null) this.#accounts.set(account, ofAccount);

    return {
      failed: () => {
        const until = Math.max(ofAddress.until, ofAccount?.until ?? 0);
        return until - now >= LOCKOUT_MS ? until : null;
      },
      succeeded: () => {
        this.#takeBack(this.#addresses, group);
        if (!isHome) this.#accounts.delete(account);
        this.#rememberHome(account, group);
      },
      withdrawn: () => {
        this.#takeBack(this.#addresses, group);
        if (!isHome) this.#takeBack(this.#accounts, account);
      },
    };
  }

  /**
   * Takes back only this one try. Otherwise a guesser could reset the count of an address by logging in to an account
   * of their own.
   */
  #takeBack(counts: BoundedMap<string, FailureCount>, key: string): void {
    const count = counts.get(key);
    if (count === undefined) return;
    const before = withoutOne(count, this.#clock.elapsed());
    if (before === null) counts.delete(key);
    else counts.set(key, before);
  }

  #rememberHome(account: string, group: string): void {
    const homes = this.#homes.get(account) ?? new BoundedMap<string, true>(MOST_ADDRESSES_OF_ACCOUNT);
    homes.set(group, true);
    this.#homes.set(account, homes);
  }
}

function tooMany(wait: number): ApiError {
  const seconds = Math.ceil(wait / 1_000);
  return new ApiError('RATE_LIMITED', `Too many logins have failed; try again in ${seconds} s.`, retryIn(seconds));
}

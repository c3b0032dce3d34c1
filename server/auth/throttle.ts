import { UsernameSchema } from '@llamactl/contract/auth';
import { ApiError } from '@llamactl/contract/errors';
import { BoundedMap } from './bounded-map.ts';
import { addressGroup, isLoopbackAddress } from './address-group.ts';
import { waitAt, withFailure, withoutOne, type FailureCount, type ThrottlePolicy } from './failure-count.ts';
import type { Clock } from './ports.ts';

/** One try that was let through. Exactly one of these is to be called, once the password was looked at or could not be. */
export interface LoginAttempt {
  /** @returns until when this locks somebody out, of {@link Clock.elapsed}; `null`: a short wait at most */
  failed(): number | null;
  succeeded(): void;
  /** Nothing was learnt about the password. */
  withdrawn(): void;
}

/**
 * A minute at most: many addresses together can slow the logins of an account, but to one try a minute, and what they do
 * not touch is named at {@link LoginThrottle}. The machine itself has the same bound, since behind a proxy that is not
 * among `trusted_proxies` everybody comes from there.
 */
const MILD: ThrottlePolicy = { free: 5, ceiling: 60_000 };
/** A quarter of an hour at most: 100 guesses a day. */
const STRICT: ThrottlePolicy = { free: 5, ceiling: 900_000 };

/** A wait that somebody should know of. */
const LOCKOUT_MS = 60_000;
const MOST_COUNTS = 10_000;
const MOST_ADDRESSES_OF_ACCOUNT = 8;
/** Texts that cannot be the name of an account are one account that nobody has. */
const NO_ACCOUNT = '';

/**
 * Slows down who guesses passwords, before anything is hashed: per account and per address, whichever wait is longer.
 *
 * Nobody is locked out for good, whoever attacks: waits have a ceiling, failures are forgotten with time, and an address
 * from which the account was logged in to since the start, and the machine itself, are judged by their own failures
 * alone, not by those that others made against the account. A try that comes too early counts for nothing.
 *
 * A try counts as failed from when it is let through, so that a thousand at once are not a thousand free ones.
 */
export class LoginThrottle {
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #accounts = new BoundedMap<string, FailureCount>(MOST_COUNTS);
  readonly #addresses = new BoundedMap<string, FailureCount>(MOST_COUNTS);
  /** Where the owner of an account has shown to be. */
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
    // What happens at home says nothing about the others who try, neither a slip nor a success.
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

  /** Only its own try: who guesses at other accounts does not buy new tries by logging in to their own. */
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
  return new ApiError('RATE_LIMITED', `Too many logins have failed; the next one is taken in ${seconds} s.`, {
    headers: { 'retry-after': String(seconds) },
  });
}

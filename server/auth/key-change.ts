import type { Key, UpdateKey } from '@llamactl/contract/auth';
import { ApiError, type Problem } from '@llamactl/contract/errors';
import type { Caller } from './caller.ts';
import type { StoredKey } from './auth-ports.ts';
import { endOfKey, expiryProblems, nameProblems } from './key-request.ts';

/** Facts that decide about a change of a key. */
export interface KeyChangeFacts {
  caller: Caller;
  /** The key before the change. */
  key: Key;
  /** Milliseconds since the epoch. */
  now: number;
}

type FixedProperty = Exclude<keyof UpdateKey, 'name' | 'expires_at'>;

const RELIED_ON = 'cannot be changed: the programs that have the key rely on it; make another key';
const LIMIT = 'cannot be changed: make another key, or change the limits of its account';

/** Why a property of a key stays as it was made. */
const FIXED: Readonly<Record<FixedProperty, string>> = {
  owner: 'cannot be changed: the key acts for this account; make a key for the other one',
  scopes: RELIED_ON,
  instances: RELIED_ON,
  may_start: RELIED_ON,
  max_in_flight: LIMIT,
  requests_per_minute: LIMIT,
  tokens_per_minute: LIMIT,
};

/**
 * Judges a change of a key, by the rules for a new one.
 *
 * @throws {ApiError} `VALIDATION_ERROR` with every problem; `FORBIDDEN` when the caller is a key that would end first
 */
export function judgeKeyChange(
  body: UpdateKey,
  { caller, key, now }: KeyChangeFacts,
): Pick<StoredKey, 'name' | 'expiresAt'> {
  const { name = key.name, expires_at: end } = body;
  const problems = [...nameProblems(name), ...expiryProblems(end ?? undefined, now), ...fixedProblems(body, key)];
  if (problems.length > 0) {
    throw new ApiError('VALIDATION_ERROR', 'The key was not changed: `errors` says what is wrong.', { problems });
  }
  if (end === undefined) return { name, expiresAt: key.expires_at };
  const latest = endOfKey(caller);
  if (latest !== null && (end === null || Date.parse(end) > latest)) {
    throw new ApiError('FORBIDDEN', 'Your key may not make a key last longer than itself; log in to change it.');
  }
  return { name, expiresAt: end === null ? null : new Date(end).toISOString() };
}

function fixedProblems(body: UpdateKey, key: Key): Problem[] {
  return Object.entries(FIXED).flatMap(([path, message]) => {
    const property = path as FixedProperty;
    const wanted = body[property];
    return wanted === undefined || isSame(wanted, key[property]) ? [] : [{ path, message }];
  });
}

/** The order of a list does not matter. */
function isSame(wanted: UpdateKey[FixedProperty], actual: UpdateKey[FixedProperty]): boolean {
  if (!Array.isArray(wanted) || !Array.isArray(actual)) return wanted === actual;
  const [one, other] = [new Set<string>(wanted), new Set<string>(actual)];
  return one.size === other.size && [...one].every((each) => other.has(each));
}

import { ApiError } from '@llamactl/contract/errors';
import type { StoredUser } from './auth-ports.ts';

/**
 * Credentials that are no longer valid: all of a changed account, those of one session, or one key. Every process
 * closes the connections and streams that were opened with them.
 */
export interface Dead {
  kind: 'account' | 'session' | 'key';
  /** Id of the account, the session or the key. */
  whose: string;
}

/** Gets all credentials that this process revokes. */
export type DeadListener = (dead: Dead) => void;

/** The reason with which `revoked` of callers aborts: what their sockets and the records of their requests say. */
export function endOfKey(): ApiError {
  return new ApiError('UNAUTHORIZED', 'The key was revoked.');
}

/** Like {@link endOfKey}, for a log-in. */
export function endOfLogIn(): ApiError {
  return new ApiError('UNAUTHORIZED', 'The log-in was ended.');
}

/** Like {@link endOfKey}, for everything of an account. @param user As it is after its change; `undefined`: it is deleted */
export function endOfAccount(user: Pick<StoredUser, 'disabled'> | undefined): ApiError {
  const change = user === undefined ? 'was deleted' : user.disabled ? 'was disabled' : 'has changed';
  return new ApiError('UNAUTHORIZED', `The account ${change}.`);
}

/**
 * Credentials that are good no more: all of an account, because that has changed; those of one login; or one key. What was
 * opened with them has to close, in whichever process it was opened.
 */
export interface Dead {
  kind: 'account' | 'session' | 'key';
  /** Id of the account, the session or the key. */
  whose: string;
}

/** Told of all that dies in this process. */
export type DeadListener = (dead: Dead) => void;

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

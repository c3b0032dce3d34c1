import type { AuditChange, Role, Scope } from '@llamactl/contract/auth';
import type { Limits } from './limits.ts';
import type { AlertSink } from '../instances/ports/alert-sink.ts';
import type { Randomness } from '../instances/ports/random-values.ts';
import type { Clock } from '../instances/ports/time.ts';

export type { AlertSink, Clock, Randomness };

/** External dependencies of accounts and keys. */

/** An account as it is stored. */
export interface StoredUser {
  /** Never reused, unlike the name. */
  id: string;
  username: string;
  role: Role;
  /** PHC string of argon2id. */
  passwordHash: string;
  disabled: boolean;
  /** RFC 3339. */
  createdAt: string;
  updatedAt: string;
  lastLoginAt: string | null;
  /**
   * Incremented by every change that revokes the account's tokens and keys. Each token and key stores the value from
   * when it was made.
   */
  tokenGeneration: number;
  /** Limits on `/v1`, for all its keys and tokens together. */
  limits: Limits;
}

/** A key for programs as it is stored; the key itself is not stored. */
export interface StoredKey {
  id: string;
  /** SHA-256 of the key, lower-case hexadecimal. */
  hash: string;
  /** First characters of the key, for people. */
  prefix: string;
  name: string;
  /** Id of the account that the key acts for. */
  ownerId: string;
  /** The owner's `tokenGeneration` when the key was made. The key is invalid once the two differ. */
  generation: number;
  scopes: Scope[];
  /** Ids of instances; `null`: all. Ids, not names: the key has no access to a new instance with an old name. */
  instances: string[] | null;
  mayStart: boolean;
  /** Limits on `/v1`, in addition to those of its owner. */
  limits: Limits;
  createdAt: string;
  expiresAt: string | null;
  /** RFC 3339, exact to the minute; `null`: never used. */
  lastUsedAt: string | null;
}

/** A secret that signs tokens. The two newest are valid: the newest signs, both verify. */
export interface StoredSigningKey {
  id: string;
  /** Base64url, 32 bytes. */
  secret: string;
  createdAt: string;
}

/** A revoked token: either one token that a refresh replaced, or all tokens of a session that was logged out. */
export interface RevokedToken {
  /** The token's `jti`, or the common prefix of all `jti` of the session. */
  id: string;
  /** Seconds since the epoch; the entry is not needed afterwards. */
  expiresAt: number;
}

/** A log-in, for the list of sessions. Verifying a token does not need it. */
export interface StoredSession {
  /** Common prefix of the `jti` of its tokens. */
  id: string;
  userId: string;
  /** The account's `tokenGeneration` when the session began. Its tokens are invalid once the two differ. */
  generation: number;
  /** Id of the key that signed its newest token. Without that key its tokens are invalid. */
  signingKey: string;
  /** RFC 3339. */
  createdAt: string;
  refreshedAt: string | null;
  /** Expiry of its newest token, RFC 3339. */
  expiresAt: string;
  /** Client address of the last refresh, or of the log-in if no refresh followed. */
  address: string;
  userAgent: string | null;
}

/**
 * Durable store of accounts, loaded once at the start. A resolved promise means that the change survives `kill -9` and
 * power loss.
 */
export interface AccountStore {
  load(): Promise<{
    users: StoredUser[];
    keys: StoredKey[];
    /** Newest first. */
    signingKeys: StoredSigningKey[];
    revoked: RevokedToken[];
    /** Oldest first. */
    sessions: StoredSession[];
  }>;
  /** Inserts or replaces. */
  saveUser(user: StoredUser): Promise<void>;
  /** Removes an account with its keys. */
  removeUser(id: string): Promise<void>;
  saveKey(key: StoredKey): Promise<void>;
  removeKey(id: string): Promise<void>;
  /** Keeps the two newest. */
  saveSigningKey(key: StoredSigningKey): Promise<void>;
  revoke(token: RevokedToken): Promise<void>;
  /** Removes revoked tokens that have expired. @param now Seconds since the epoch. */
  forgetRevoked(now: number): Promise<void>;
  /** Inserts or replaces. */
  saveSession(session: StoredSession): Promise<void>;
  /** Removes sessions; unknown ids are ignored. */
  removeSessions(ids: readonly string[]): Promise<void>;
  /** Stores when keys were last used, in batches. Ordinary requests cause no other write. */
  noteKeysUsed(uses: readonly { id: string; at: string }[]): Promise<void>;
}

/** Instances by name and by id, for the lists of keys. */
export interface InstanceNames {
  /** `null`: no instance has this name. */
  idOf(name: string): string | null;
  /** `null`: the instance was deleted. */
  nameOf(id: string): string | null;
}

/** A row of the audit trail, before it gets its number. */
export interface AuditEntry {
  /** RFC 3339. */
  timestamp: string;
  subject: string;
  address: string;
  action: string;
  target: string | null;
  status: number;
  requestId: string;
  /** Old and new values, bounded and without secrets; left out: none. */
  changes?: AuditChange[] | undefined;
  /** How many further changes there were; left out: none. */
  moreChanges?: number | undefined;
}

/** The id of a key, or that of a request for which the caller chose none: a target may have a name behind it, `ID (NAME)`. */
export const TARGET_ID = /^(?:[0-9a-f]{12}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** Selects rows of the audit trail. */
export interface AuditQuery {
  limit: number;
  /** Only rows with a smaller number, for paging; `null`: start from the newest. */
  beforeSeq: number | null;
  subject: string | null;
  /** Any of these operations; `null`: all. */
  actions: readonly string[] | null;
  /** An id also finds its targets `ID (NAME)`. */
  target: string | null;
  /**
   * Whether a part of subject, actions and target is enough, regardless of the case of ASCII letters. A subject without a
   * colon is searched in the text after `user:` or `key:`. Left out: the whole text must match.
   */
  isPart?: boolean | undefined;
  /** Only rows of this time or later: RFC 3339, UTC, with milliseconds. Left out: all. */
  since?: string | undefined;
  /** Only rows of before this time, in the same form. */
  until?: string | undefined;
  /** The least and the greatest status. Left out: all. */
  statuses?: readonly [least: number, greatest: number] | undefined;
}

/** The audit trail on disk. */
export interface AuditStore {
  append(entry: AuditEntry): Promise<void>;
  /** Newest first. */
  read(query: AuditQuery): Promise<(AuditEntry & { seq: number })[]>;
  /** Removes older rows. @param before RFC 3339. */
  prune(before: string): Promise<void>;
}

import type { Role, Scope } from '@llamactl/contract/auth';
import type { Limits } from './limits.ts';
import type { AlertSink, Clock, Randomness } from '../instances/ports.ts';

export type { AlertSink, Clock, Randomness };

/** What accounts and keys need of the outside. */

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
  /** Grows with everything that revokes the account's tokens and keys; both carry the number of their making. */
  tokenGeneration: number;
  /** On `/v1`, for the sum of its keys and tokens. */
  limits: Limits;
}

/** A key for programs as it is stored: never the key itself. */
export interface StoredKey {
  id: string;
  /** SHA-256 of the key, lower-case hexadecimal. */
  hash: string;
  /** Its first characters, for people. */
  prefix: string;
  name: string;
  /** Id of the account that it acts for. */
  ownerId: string;
  /** The owner's `tokenGeneration` when it was made: with any other, the key is dead. */
  generation: number;
  scopes: Scope[];
  /** Ids of instances, not names: a new instance of an old name is none of the key's. `null`: all. */
  instances: string[] | null;
  mayStart: boolean;
  /** On `/v1`, beside those of its owner. */
  limits: Limits;
  createdAt: string;
  expiresAt: string | null;
  /** To the minute. */
  lastUsedAt: string | null;
}

/** A secret with which tokens are signed. Two are valid at once: the newest signs, the one before still verifies. */
export interface StoredSigningKey {
  id: string;
  /** Base64url, 32 bytes. */
  secret: string;
  createdAt: string;
}

/** One token that a refresh has replaced, or the session of those that were logged out. */
export interface RevokedToken {
  /** The token's `jti`, or what all of its session begin with. */
  id: string;
  /** Seconds since the epoch; it may be forgotten afterwards. */
  expiresAt: number;
}

/** A log-in as it is listed. Its tokens are verified without it. */
export interface StoredSession {
  /** What the `jti` of its tokens begin with. */
  id: string;
  userId: string;
  /** The account's `tokenGeneration` when it began: with any other, its tokens are dead. */
  generation: number;
  /** Id of the key that signed its newest token: without that key its tokens are dead. */
  signingKey: string;
  /** RFC 3339. */
  createdAt: string;
  refreshedAt: string | null;
  /** End of its newest token, RFC 3339. */
  expiresAt: string;
  /** Client address of the log-in or its last refresh. */
  address: string;
  userAgent: string | null;
}

/** Durable memory of accounts. Read whole at the start; a resolved promise means: survives `kill -9` and power loss. */
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
  /** Its keys go with it. */
  removeUser(id: string): Promise<void>;
  saveKey(key: StoredKey): Promise<void>;
  removeKey(id: string): Promise<void>;
  /** Keeps the two newest. */
  saveSigningKey(key: StoredSigningKey): Promise<void>;
  revoke(token: RevokedToken): Promise<void>;
  /** Forgets revoked tokens that have expired. @param now Seconds since the epoch. */
  forgetRevoked(now: number): Promise<void>;
  /** Inserts or replaces. */
  saveSession(session: StoredSession): Promise<void>;
  /** Those that are not there are passed over. */
  removeSessions(ids: readonly string[]): Promise<void>;
  /** Notes when keys were last used, many at once; the only write that a request leads to, and seldom. */
  noteKeysUsed(uses: readonly { id: string; at: string }[]): Promise<void>;
}

/** Instances by name and by id, for the lists of keys. */
export interface InstanceNames {
  /** `null`: there is none of this name. */
  idOf(name: string): string | null;
  /** `null`: it was deleted. */
  nameOf(id: string): string | null;
}

/** A row of the audit trail before it has its number. */
export interface AuditEntry {
  /** RFC 3339. */
  timestamp: string;
  subject: string;
  address: string;
  action: string;
  target: string | null;
  status: number;
  requestId: string;
}

/** Which rows of the audit trail. */
export interface AuditQuery {
  limit: number;
  /** Only rows before this one, for paging; `null`: from the newest. */
  beforeSeq: number | null;
  subject: string | null;
  action: string | null;
  target: string | null;
}

/** The audit trail on disk. */
export interface AuditStore {
  append(entry: AuditEntry): Promise<void>;
  /** Newest first. */
  read(query: AuditQuery): Promise<(AuditEntry & { seq: number })[]>;
  /** Removes what is older. @param before RFC 3339. */
  prune(before: string): Promise<void>;
}

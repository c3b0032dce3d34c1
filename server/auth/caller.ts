import type { Role } from '@llamactl/contract/auth';
import type { NarrowScope } from '@llamactl/contract/permissions';
import type { Limits } from './limits.ts';

/** The author of a request, with its rights at that moment. Code that outlives the request must watch `revoked`. */
export interface Caller {
  /** `anonymous`: no credentials were needed. */
  kind: 'anonymous' | 'user' | 'key';
  /** For the log, the audit trail and the rate limit: `anonymous`, `user:NAME`, `key:ID (NAME)`. No secret. */
  subject: string;
  /** Name of the account, or of the key's owner; `null`: anonymous. */
  username: string | null;
  userId: string | null;
  /** Id of the token or key; `null`: anonymous. */
  credentialId: string | null;
  /** Name of the key; `null`: the caller has none. */
  keyName: string | null;
  /** `null`: no role; only `scopes` grant rights. */
  role: Role | null;
  scopes: ReadonlySet<NarrowScope>;
  /** Ids of the instances that the caller may see; `null`: all. */
  instances: ReadonlySet<string> | null;
  /** Whether its requests may start a stopped instance. */
  mayStart: boolean;
  /** Start of the token's log-in, milliseconds since the epoch; `null`: the caller has no token. */
  loggedInAt: number | null;
  /** Limits of the account on `/v1`; `null`: none. */
  accountLimits: Limits | null;
  /** Limits of the key on `/v1`, in addition to those of the account; `null`: none. */
  keyLimits: Limits | null;
  /** When its token or key expires, milliseconds since the epoch; `null`: never. */
  expiresAt: number | null;
  /**
   * When connections and streams that it opened must end, milliseconds since the epoch; `null`: never. The token of a
   * browser expires earlier: its page gets the next one.
   */
  openUntil: number | null;
  /**
   * Aborts when the credential is revoked or the account's role changes: its sockets and streams must end. The signal
   * lives as long as the credential, so remove listeners when they are no longer needed.
   */
  revoked: AbortSignal;
}

/** The caller of every request while authentication is off. It has all rights. */
export function anonymousAdmin(): Caller {
  return { ...anonymous(), role: 'admin' };
}

/** The caller of `/v1` without valid credentials while `auth.inference` is `open`. */
export function anonymousInference(): Caller {
  return { ...anonymous(), scopes: new Set(['inference']) };
}

function anonymous(): Caller {
  return {
    kind: 'anonymous',
    subject: 'anonymous',
    username: null,
    userId: null,
    credentialId: null,
    keyName: null,
    role: null,
    scopes: new Set(),
    instances: null,
    mayStart: true,
    loggedInAt: null,
    accountLimits: null,
    keyLimits: null,
    expiresAt: null,
    openUntil: null,
    revoked: new AbortController().signal,
  };
}

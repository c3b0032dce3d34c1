import type { Role } from '@llamactl/contract/auth';
import { PERMISSIONS, type NarrowScope, type Permission, type Requirement } from '@llamactl/contract/permissions';
import type { Limits } from './limits.ts';
import { isAtLeast } from './roles.ts';

/** Who makes a request, and what they may. Holds for this moment: whatever outlives the request watches `revoked`. */
export interface Caller {
  /** `anonymous`: nobody had to say who they are. */
  kind: 'anonymous' | 'user' | 'key';
  /** For the log, the audit trail and the rate limit: `anonymous`, `user:NAME`, `key:ID (NAME)`. No secret. */
  subject: string;
  /** The account; of a key, its owner's. `null`: anonymous. */
  username: string | null;
  userId: string | null;
  /** Id of the token or of the key; `null`: anonymous. */
  credentialId: string | null;
  /** `null`: none, only `scopes` count. */
  role: Role | null;
  scopes: ReadonlySet<NarrowScope>;
  /** Ids of the instances that exist for it; `null`: all. */
  instances: ReadonlySet<string> | null;
  /** Whether a request of it may start an instance that is stopped. */
  mayStart: boolean;
  /** When the log-in of its token began, milliseconds since the epoch; `null`: it has no token. */
  loggedInAt: number | null;
  /** Limits of the account on `/v1`; `null`: none. */
  accountLimits: Limits | null;
  /** Limits of the key on `/v1`, which hold beside those of the account; `null`: none. */
  keyLimits: Limits | null;
  /** When its token or key ends, milliseconds since the epoch; `null`: never. */
  expiresAt: number | null;
  /**
   * Aborted when the credential is dead before its time, or the account's role has changed: sockets and streams have to
   * end. It lasts as long as the credential: whoever listens takes the listener away again.
   */
  revoked: AbortSignal;
}

/** Everybody while authentication is off. */
export function anonymousAdmin(): Caller {
  return { ...anonymous(), role: 'admin' };
}

/** Whoever calls engines without credentials while `auth.inference` is `open`. */
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
    role: null,
    scopes: new Set(),
    instances: null,
    mayStart: true,
    loggedInAt: null,
    accountLimits: null,
    keyLimits: null,
    expiresAt: null,
    revoked: new AbortController().signal,
  };
}

/** Whether `caller` may do what needs `permission`. `null`: no credentials were given, or none that are good. */
export function mayCall(caller: Pick<Caller, 'role' | 'scopes'> | null, permission: Permission): boolean {
  const { role, scope }: Requirement = PERMISSIONS[permission];
  if (role === null) return true;
  if (caller === null) return false;
  return isAtLeast(caller.role, role) || (scope !== null && caller.scopes.has(scope));
}

/** Whether an instance exists for `caller`. @param instance Its id. */
export function maySee(caller: Pick<Caller, 'instances'>, instance: string): boolean {
  return caller.instances === null || caller.instances.has(instance);
}

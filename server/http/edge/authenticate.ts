import type { IncomingMessage } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import { PERMISSIONS, type Permission, type Requirement } from '@llamactl/contract/permissions';
import type { Authenticator, Credentials } from '../../auth/authenticator.ts';
import { mayCall, type Caller } from '../../auth/caller.ts';
import type { Access } from './access.ts';

/** Identifies the caller of a request. */
export type CallerFinder = Pick<Authenticator, 'authenticate' | 'authenticateInference'>;

/**
 * Returns the caller of a request. `null` for public routes, or when a self-authenticating route got no credentials.
 * Public routes ignore credentials, so that bad ones do not block a log-in.
 *
 * @throws {ApiError} `UNAUTHORIZED` or `TOKEN_EXPIRED`, either by throwing or by rejecting
 */
export function callerOf(
  raw: IncomingMessage,
  { permission, decidesItself }: Access,
  finder: CallerFinder,
): Caller | null | Promise<Caller | null> {
  if (permission === 'public') return null;
  const credentials = credentialsOf(raw);
  if (decidesItself === true && credentials.authorization === undefined && credentials.apiKey === undefined)
    return null;
  return permission === 'inference' ? finder.authenticateInference(credentials) : finder.authenticate(credentials);
}

/** Returns `FORBIDDEN` with the required rights, or `null` when the caller has the permission. */
export function refusalFor(caller: Caller, permission: Permission): ApiError | null {
  if (mayCall(caller, permission)) return null;
  const { role, scope }: Requirement = PERMISSIONS[permission];
  const needed = `the role ${role ?? 'viewer'}${role === 'admin' ? '' : ' or higher'}`;
  const alternative = scope === null ? '' : `, or a key with the scope ${scope}`;
  return new ApiError('FORBIDDEN', `This needs ${needed}${alternative}; ${rightsOf(caller)}.`);
}

function credentialsOf({ headers }: IncomingMessage): Credentials {
  const apiKey = headers['x-api-key'];
  return { authorization: headers.authorization, apiKey: typeof apiKey === 'string' ? apiKey : undefined };
}

function rightsOf({ kind, role, scopes }: Caller): string {
  if (kind !== 'key') return role === null ? 'you are not logged in' : `you are ${role}`;
  const rights = [role, ...scopes].filter((right) => right !== null);
  return rights.length === 0 ? 'your key has no rights any more' : `your key is for ${rights.join(', ')}`;
}

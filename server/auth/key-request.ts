import type { CreateKey, Scope } from '@llamactl/contract/auth';
import { ApiError, type Problem } from '@llamactl/contract/errors';
import type { Caller } from './caller.ts';
import { mayCall, maySee } from './permissions.ts';
import { changedLimits, LIMIT_PROPERTIES, NO_LIMITS, type LimitFields } from './limits.ts';
import type { InstanceNames, StoredKey, StoredUser } from './auth-ports.ts';

/** The properties of a new key, before its secret is made. */
export type KeyGrant = Pick<StoredKey, 'name' | 'scopes' | 'instances' | 'mayStart' | 'limits' | 'expiresAt'>;

/** Facts that decide about a request for a key. */
export interface KeyRequestFacts {
  caller: Caller;
  /**
   * The owner of the key. `null`: none was given, and the caller has no account. `undefined`: no account has the given
   * name.
   */
  owner: StoredUser | null | undefined;
  instances: Pick<InstanceNames, 'idOf'>;
  /** Milliseconds since the epoch. */
  now: number;
}

/**
 * Judges a request for a key. The key may not have more rights than its owner or its maker. A key made with another key
 * is bounded by that key in scopes, instances, starting and expiry.
 *
 * @throws {ApiError} `VALIDATION_ERROR` with every problem; `FORBIDDEN`
 */
export function judgeKeyRequest(body: CreateKey, facts: KeyRequestFacts): { grant: KeyGrant; owner: StoredUser } {
  const { caller, owner } = facts;
  const scopes = [...new Set<Scope>(body.scopes ?? ['inference'])];
  const instances = body.instances?.map((name) => idFor(name, facts)) ?? null;
  const known = instances && [...new Set(instances)].filter((id) => id !== null);
  const problems = [
    ...nameProblems(body.name),
    ...ownerProblems(owner),
    ...scopeProblems(scopes, instances !== null || caller.instances !== null),
    ...instanceProblems(body.instances ?? [], instances ?? []),
    ...expiryProblems(body.expires_at, facts.now),
    ...limitProblems(body, owner),
  ];
  if (problems.length > 0 || !owner) {
    throw new ApiError('VALIDATION_ERROR', 'The key was not created: `errors` says what is wrong.', { problems });
  }
  refuseAbove(scopes, owner, caller);
  refuseBeyondKey(body, caller);
  const grant = {
    name: body.name,
    scopes,
    instances: known ?? (caller.instances === null ? null : [...caller.instances]),
    mayStart: body.may_start ?? caller.mayStart,
    limits: changedLimits(NO_LIMITS, body),
    expiresAt: expiryOf(body.expires_at, caller),
  };
  return { grant, owner };
}

/**
 * Whether a key has no right that `caller` lacks. A caller with a key manages only keys of its owner that are within
 * its own rights.
 */
export function isWithin(
  { scopes, instances, mayStart }: Pick<StoredKey, 'scopes' | 'instances' | 'mayStart'>,
  caller: Caller,
): boolean {
  const isSeen = caller.instances === null || instances?.every((id) => maySee(caller, id)) === true;
  return isSeen && (caller.mayStart || !mayStart) && scopes.every((scope) => mayCall(caller, scope));
}

/** `null`: no such instance exists, or the caller may not see it. */
function idFor(name: string, { caller, instances }: KeyRequestFacts): string | null {
  const id = instances.idOf(name);
  return id !== null && maySee(caller, id) ? id : null;
}

/** Problems of the name of a key. */
export function nameProblems(name: string): Problem[] {
  // The name is logged and shown on terminals.
  return /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(name) ? [{ path: 'name', message: 'must be printable' }] : [];
}

function ownerProblems(owner: StoredUser | null | undefined): Problem[] {
  if (owner === null) return [{ path: 'owner', message: 'must be given, because no account is logged in' }];
  if (owner === undefined) return [{ path: 'owner', message: 'is not an account; GET /api/users lists them' }];
  return owner.disabled ? [{ path: 'owner', message: 'is disabled' }] : [];
}

/** Admin operations concern the whole server, so a key limited to some instances cannot have the scope `admin`. */
function scopeProblems(scopes: readonly Scope[], isLimited: boolean): Problem[] {
  if (!isLimited || !scopes.includes('admin')) return [];
  return [{ path: 'scopes', message: 'must be at most `operator` for a key that is limited to some instances' }];
}

function instanceProblems(names: readonly string[], ids: readonly (string | null)[]): Problem[] {
  return names.flatMap((name, index) =>
    ids[index] === null
      ? [{ path: `instances.${index}`, message: `cannot be ${JSON.stringify(name)}: no instance has this name` }]
      : [],
  );
}

/** Problems of the end of a key. @param now Milliseconds since the epoch. */
export function expiryProblems(expiresAt: string | undefined, now: number): Problem[] {
  const isPast = expiresAt !== undefined && Date.parse(expiresAt) <= now;
  return isPast ? [{ path: 'expires_at', message: 'must be in the future' }] : [];
}

/** The account's limits also apply to its keys, so a higher limit of a key would have no effect. */
function limitProblems(body: LimitFields, owner: StoredUser | null | undefined): Problem[] {
  if (!owner) return [];
  return Object.entries(LIMIT_PROPERTIES).flatMap(([path, property]) => {
    const most = owner.limits[property];
    const wanted = body[path as keyof LimitFields] ?? 0;
    if (most === 0 || wanted <= most) return [];
    return [{ path, message: `must be at most ${most}, the limit of the account ${owner.username}` }];
  });
}

function refuseAbove(scopes: readonly Scope[], owner: StoredUser, caller: Caller): void {
  for (const scope of scopes) {
    if (!mayCall(caller, scope)) {
      throw new ApiError('FORBIDDEN', `You may not do what the scope \`${scope}\` allows, so no key of yours may.`);
    }
    if (!mayCall({ role: owner.role, scopes: new Set() }, scope)) {
      throw new ApiError(
        'FORBIDDEN',
        `${owner.username} is ${owner.role} and may not do what the scope \`${scope}\` allows; raise the role first.`,
      );
    }
  }
}

function refuseBeyondKey(body: CreateKey, caller: Caller): void {
  if (caller.keyLimits !== null) {
    // A second key with the same limit would double it.
    throw new ApiError('FORBIDDEN', 'Your key has limits of its own, so it may not make keys; log in to make one.');
  }
  if (body.may_start === true && !caller.mayStart) {
    throw new ApiError('FORBIDDEN', 'Your key may not start instances, so it may not make a key that may.');
  }
  const end = endOfKey(caller);
  if (body.expires_at !== undefined && end !== null && Date.parse(body.expires_at) > end) {
    throw new ApiError('FORBIDDEN', 'Your key may not make a key that lasts longer than itself; log in to make one.');
  }
}

function expiryOf(given: string | undefined, caller: Caller): string | null {
  const at = given === undefined ? endOfKey(caller) : Date.parse(given);
  return at === null ? null : new Date(at).toISOString();
}

/** When the caller's key expires; `null` for a token: a new log-in would extend it anyway. */
export function endOfKey(caller: Caller): number | null {
  return caller.kind === 'key' ? caller.expiresAt : null;
}

import { ROLES, type Role, type Scope } from '@llamactl/contract/auth';

/** Whether `role` includes all rights of `needed`; `null`: no role. */
export function isAtLeast(role: Role | null, needed: Role): boolean {
  return role !== null && ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** The lower of two roles; `null` is lower than every role. */
export function lowerRole(one: Role | null, other: Role | null): Role | null {
  if (one === null || other === null) return null;
  return isAtLeast(one, other) ? other : one;
}

/** The highest role among a key's scopes; `null`: the scopes contain no role. */
export function roleOf(scopes: readonly Scope[]): Role | null {
  return ROLES.findLast((role) => scopes.includes(role)) ?? null;
}

import { ROLES, type Role, type Scope } from '@llamactl/contract/auth';

/** Whether `role` may everything that `needed` may; `null` is no role at all. */
export function isAtLeast(role: Role | null, needed: Role): boolean {
  return role !== null && ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** The lower one; `null` is lower than every role. */
export function lowerRole(one: Role | null, other: Role | null): Role | null {
  if (one === null || other === null) return null;
  return isAtLeast(one, other) ? other : one;
}

/** The highest role among a key's scopes; `null`: there is none. */
export function roleOf(scopes: readonly Scope[]): Role | null {
  return ROLES.findLast((role) => scopes.includes(role)) ?? null;
}

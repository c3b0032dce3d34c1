import type { Me, Role } from '@llamactl/client';

/** Roles, from least to most rights: each includes the rights of those before it. */
const ROLES: readonly Role[] = ['viewer', 'operator', 'admin'];

/** The role of the caller. While accounts are off, every caller may do everything. */
export function roleOf({ auth_enabled: isOn, caller }: Me): Role {
  return isOn ? (caller?.role ?? 'viewer') : 'admin';
}

/** Whether a role includes the rights of another. */
export function includes(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

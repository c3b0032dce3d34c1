import { PERMISSIONS, type Permission, type Requirement } from '@llamactl/contract/permissions';
import type { Caller } from './caller.ts';
import { isAtLeast } from './roles.ts';

/** Whether `caller` has `permission`. `null`: the request has no valid credentials. */
export function mayCall(caller: Pick<Caller, 'role' | 'scopes'> | null, permission: Permission): boolean {
  const { role, scope }: Requirement = PERMISSIONS[permission];
  if (role === null) return true;
  if (caller === null) return false;
  return isAtLeast(caller.role, role) || (scope !== null && caller.scopes.has(scope));
}

/** Whether `caller` may see an instance. @param instance Its id. */
export function maySee(caller: Pick<Caller, 'instances'>, instance: string): boolean {
  return caller.instances === null || caller.instances.has(instance);
}

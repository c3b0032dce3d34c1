import type { CostClass } from '@llamactl/contract/operation';
import type { Permission } from '@llamactl/contract/permissions';

/** The row of a route in docs/permissions.md. */
export interface Access {
  /** Of the operation. */
  id: string;
  permission: Permission;
  cost: CostClass;
  /** Credentials may also come in a way of the route's own: without any in the header it decides itself. */
  decidesItself?: boolean;
}

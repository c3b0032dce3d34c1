import type { CostClass } from '@llamactl/contract/operation';
import type { Permission } from '@llamactl/contract/permissions';

/** Access rule of a route: its row in docs/permissions.md. */
export interface Access {
  /** Id of the operation. */
  id: string;
  permission: Permission;
  cost: CostClass;
  /** The route also accepts credentials outside of the header, and then authenticates the caller itself. */
  decidesItself?: boolean;
}

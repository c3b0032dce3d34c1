import type { Role, Scope } from '@llamactl/contract/auth';

/** A scope that is for one thing alone and gives no role. */
export type NarrowScope = Exclude<Scope, Role>;

/** What a caller has to have: any of it is enough. */
export interface Requirement {
  /** The least role; `null`: everybody may, without credentials. */
  role: Role | null;
  /** What a key without a role may have instead. */
  scope: NarrowScope | null;
}

/** Who may what. The one table: routes name a row, docs/permissions.md prints it. */
export const PERMISSIONS = {
  public: { role: null, scope: null },
  viewer: { role: 'viewer', scope: null },
  operator: { role: 'operator', scope: null },
  admin: { role: 'admin', scope: null },
  /** What everybody does to what is their own: password, keys, tokens, tickets. */
  account: { role: 'viewer', scope: null },
  inference: { role: 'operator', scope: 'inference' },
  metrics: { role: 'viewer', scope: 'metrics' },
} as const satisfies Record<string, Requirement>;

/** A row of the table. */
export type Permission = keyof typeof PERMISSIONS;

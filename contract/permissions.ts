import type { Role, Scope } from './auth.ts';

/** A scope that is for one thing alone and gives no role. */
export type NarrowScope = Exclude<Scope, Role>;

/** What a caller has to have: any of it is enough. */
export interface Requirement {
  /** The least role; `null`: everybody may, without credentials. */
  role: Role | null;
  /** What a key without a role may have instead. */
  scope: NarrowScope | null;
  /** For people. */
  meaning: string;
}

/** Who may what. The one table: operations name a row, docs/permissions.md prints it. */
export const PERMISSIONS = {
  public: { role: null, scope: null, meaning: 'Everybody, without credentials.' },
  viewer: { role: 'viewer', scope: null, meaning: 'Reading.' },
  operator: { role: 'operator', scope: null, meaning: 'Starting, stopping, restarting; ending requests.' },
  admin: { role: 'admin', scope: null, meaning: 'Everything.' },
  account: {
    role: 'viewer',
    scope: null,
    meaning: "What is one's own: password, keys, tokens, tickets.",
  },
  inference: { role: 'operator', scope: 'inference', meaning: 'Calling engines under `/v1`.' },
  metrics: { role: 'viewer', scope: 'metrics', meaning: 'Reading figures in the form of Prometheus.' },
} as const satisfies Record<string, Requirement>;

/** A row of the table. */
export type Permission = keyof typeof PERMISSIONS;

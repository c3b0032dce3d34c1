import type { Role, Scope } from './auth.ts';

/** A scope for one purpose, which gives no role. */
export type NarrowScope = Exclude<Scope, Role>;

/** The role or scope that a caller needs for a permission. */
export interface Requirement {
  /** The lowest role; `null`: every caller, without credentials. */
  role: Role | null;
  /** The scope that a key without a role may have instead; `null`: none. */
  scope: NarrowScope | null;
  /** The text in docs/permissions.md. */
  meaning: string;
}

/** The permissions. Each operation names one; docs/permissions.md prints them. */
export const PERMISSIONS = {
  public: { role: null, scope: null, meaning: 'Public endpoints, without credentials.' },
  viewer: { role: 'viewer', scope: null, meaning: 'Reading.' },
  operator: { role: 'operator', scope: null, meaning: 'Starting, stopping, restarting; ending requests.' },
  admin: { role: 'admin', scope: null, meaning: 'Everything.' },
  account: {
    role: 'viewer',
    scope: null,
    meaning: "One's own password, keys, log-ins, usage, tokens and tickets.",
  },
  inference: { role: 'operator', scope: 'inference', meaning: 'Calling engines under `/v1`.' },
  metrics: { role: 'viewer', scope: 'metrics', meaning: 'Reading metrics in the text format of Prometheus.' },
} as const satisfies Record<string, Requirement>;

/** A row of the table. */
export type Permission = keyof typeof PERMISSIONS;

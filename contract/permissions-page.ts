import { ROLES, type Role } from './auth.ts';
import type { Operation } from './operation.ts';
import { OPERATIONS, PASS_THROUGH, type PassThrough } from './operations.ts';
import { PERMISSIONS, type NarrowScope, type Requirement } from './permissions.ts';
import { table } from './table.ts';

const NARROW_SCOPES: readonly NarrowScope[] = ['inference', 'metrics'];

/** The text of docs/permissions.md: who may call which operation, and its rate-limit class. */
export function permissionsPage(): string {
  return `# Permissions

<!-- Generated from contract/permissions.ts and contract/operations.ts by \`npm run generate\`. -->

Who may call each operation when authentication is on. When it is off, every caller is an admin. Each request needs one
permission of the first table. [access.md](access.md) explains how callers get roles and keys get scopes.

## Permissions

${table(['Permission', 'Allows', 'Lowest role', 'Or a key with the scope'], Object.entries<Requirement>(PERMISSIONS).map(meaningRow))}

Each role includes the rights of those before it: ${ROLES.join(', ')}. A key has the rights of its scopes that its owner has
too. A key that is limited to some instances gets 404 for other names, and lists omit other instances. A key that may not
start instances gets 403 for a request that would start one.

Missing or invalid credentials get 401, insufficient rights get 403.

## Operations

_Cost_ is the rate-limit class. \`rate_limit\` in the configuration sets how many _regular_ and _intensive_ requests each
caller may make per minute; _free_ requests are not limited. A yes means that the caller has the permission; the request
can still be refused for its content.

${table(
  ['Request', 'Permission', 'Cost', 'anonymous', ...ROLES, ...NARROW_SCOPES.map((scope) => `${scope} key`)],
  [
    ...Object.values<Operation>(OPERATIONS).map((operation) =>
      callRow(`${operation.method} ${operation.path}`, operation),
    ),
    ...Object.values<PassThrough>(PASS_THROUGH).map((each) => callRow(`${each.method ?? 'any'} ${each.path}`, each)),
  ],
)}

\`POST /api/auth/browser/token\` and \`DELETE /api/auth/browser\` need the cookie of a log-in, and no other credentials. Only our own
page may send them and \`POST /api/auth/browser\`.

With \`auth.inference: open\`, requests to \`/v1\` need no credentials. The WebSocket \`/api/ws\` also accepts credentials as
a subprotocol or a ticket.
`;
}

function meaningRow([name, { role, scope, meaning }]: [string, Requirement]): string[] {
  return [name, meaning, role ?? '–', scope === null ? '–' : `\`${scope}\``];
}

function callRow(request: string, { permission, cost }: Pick<Operation, 'permission' | 'cost'>): string[] {
  const { role, scope }: Requirement = PERMISSIONS[permission];
  const mark = (isAllowed: boolean): string => (role === null || isAllowed ? 'yes' : '–');
  return [
    `\`${request}\``,
    permission,
    cost,
    mark(false),
    ...ROLES.map((one: Role) => mark(role !== null && ROLES.indexOf(one) >= ROLES.indexOf(role))),
    ...NARROW_SCOPES.map((one) => mark(one === scope)),
  ];
}

import { ROLES, type Role } from './auth.ts';
import type { Operation } from './operation.ts';
import { OPERATIONS, PASS_THROUGH, type PassThrough } from './operations.ts';
import { PERMISSIONS, type NarrowScope, type Requirement } from './permissions.ts';
import { table } from './table.ts';

const NARROW_SCOPES: readonly NarrowScope[] = ['inference', 'metrics'];

/** docs/permissions.md: who may call what, and what a call counts as. */
export function permissionsPage(): string {
  return `# Permissions

<!-- Generated from contract/permissions.ts and contract/operations.ts by \`npm run generate\`. -->

Who may call what, once authentication is on; while it is off, every caller is an admin. Each request names one row of the
first table; [access.md](access.md) says how callers come to roles and keys to scopes.

## What the words mean

${table(['Permission', 'What for', 'Least role', 'Or a key with the scope'], Object.entries<Requirement>(PERMISSIONS).map(meaningRow))}

A role may everything that those before it may: ${ROLES.join(', ')}. A key has the rights of its scopes, and of those only what
its owner has too. A key that is limited to some instances sees no others: under their names it gets 404, and lists are
shorter for it. One that may not start instances gets 403 where a request would start one.

Without credentials, or with bad ones, the answer is 401; with too little, 403.

## What may be called

_Cost_ is the rate-limit class: of _regular_ and _intensive_ requests each caller has so many in a minute
(\`rate_limit\` in the configuration), _free_ ones are not counted. A yes means that the call is let through to where its
content is judged.

${table(
  ['Request', 'Permission', 'Cost', 'nobody', ...ROLES, ...NARROW_SCOPES.map((scope) => `${scope} key`)],
  [
    ...Object.values<Operation>(OPERATIONS).map((operation) =>
      callRow(`${operation.method} ${operation.path}`, operation),
    ),
    ...Object.values<PassThrough>(PASS_THROUGH).map((each) => callRow(`${each.method ?? 'any'} ${each.path}`, each)),
  ],
)}

With \`auth.inference: open\`, nobody needs credentials for \`/v1\`. The WebSocket \`/api/ws\` takes its credentials also as a
subprotocol or a ticket.
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

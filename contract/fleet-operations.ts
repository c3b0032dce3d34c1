import { z } from 'zod';
import { AppliedSchema, FleetSchema } from './fleet.ts';
import { operation } from './operation.ts';
import { FlagSchema } from './query.ts';

/** All instances as one document. */
export const FLEET_OPERATIONS = {
  applyFleet: operation({
    id: 'applyFleet',
    method: 'POST',
    path: '/api/apply',
    tag: 'Fleet',
    summary: 'Make the instances be as a document says; only what changed restarts',
    permission: 'admin',
    cost: 'intensive',
    query: z.strictObject({
      prune: FlagSchema.optional().describe('Remove the instances that the document does not name.'),
      dry_run: FlagSchema.optional().describe('Change nothing; answer what would be done.'),
    }),
    body: { schema: FleetSchema, optional: false, entries: 'instances' },
    yaml: 'body',
    success: { status: 200, schema: AppliedSchema },
    errors: ['ALIAS_CONFLICT', 'PORT_CONFLICT', 'RESERVED_OPTION', 'PRIVILEGED_OPTION'],
  }),
  exportFleet: operation({
    id: 'exportFleet',
    method: 'GET',
    path: '/api/export',
    tag: 'Fleet',
    summary: 'All instances as a document for apply, environment included: YAML, or JSON if `Accept` names it',
    permission: 'admin',
    cost: 'regular',
    yaml: 'answer',
    success: { status: 200, schema: FleetSchema },
    errors: [],
  }),
};

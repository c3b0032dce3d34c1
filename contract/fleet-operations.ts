import { z } from 'zod';
import { AppliedSchema, FleetSchema } from './fleet.ts';
import { operation } from './operation.ts';
import { FlagSchema, NamesSchema } from './query.ts';

/** All instances as one document. */
export const FLEET_OPERATIONS = {
  applyFleet: operation({
    id: 'applyFleet',
    method: 'POST',
    path: '/api/apply',
    tag: 'Fleet',
    summary: 'Create, change and remove instances to match a document; only changed ones restart',
    permission: 'admin',
    cost: 'intensive',
    query: z.strictObject({
      prune: FlagSchema.optional().describe('Remove instances that the document does not name.'),
      dry_run: FlagSchema.optional().describe('Change nothing; return the steps that would be made.'),
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
    summary:
      'All or some instances as a document for apply, with their environment: YAML, or JSON if `Accept` names it',
    permission: 'admin',
    cost: 'regular',
    query: z.strictObject({
      names: NamesSchema.optional().describe('Only these instances: names, separated by commas. Default all.'),
    }),
    yaml: 'answer',
    success: { status: 200, schema: FleetSchema },
    errors: ['INSTANCE_NOT_FOUND'],
  }),
};

import { z } from 'zod';
import { CreateInstanceSchema } from './instance.ts';

/** Instances as one document: what `GET /export` writes and `POST /apply` makes true. */
export const FleetSchema = z
  .strictObject({
    version: z.literal(1).optional().describe('Of this form; 1 is the only one.'),
    instances: z
      .array(CreateInstanceSchema)
      .max(5_000)
      .describe('Each as in `POST /instances`: what is left out has its default, also where it was set before.'),
  })
  .meta({ id: 'Fleet' });
export type Fleet = z.infer<typeof FleetSchema>;

/** What making a document true means for one instance. `restart`: changed, and its engine is launched anew for it. */
export const FLEET_ACTIONS = ['create', 'change', 'restart', 'nothing', 'remove'] as const;
const FleetActionSchema = z.enum(FLEET_ACTIONS).meta({ id: 'FleetAction' });
export type FleetAction = z.infer<typeof FleetActionSchema>;

export const FleetStepSchema = z
  .object({
    name: z.string(),
    action: FleetActionSchema,
    changes: z.array(z.string()).describe('Settings that differ, dotted: `options.threads`.'),
    warnings: z.array(z.string()).optional().describe('What was accepted but will need attention.'),
    error: z.string().optional().describe('Why this step failed; the others were made all the same.'),
  })
  .meta({ id: 'FleetStep' });
export type FleetStep = z.infer<typeof FleetStepSchema>;

/** Answer of `POST /apply`. */
export const AppliedSchema = z
  .object({
    message: z.string(),
    dry_run: z.boolean().describe('Nothing was changed: these are the steps that would be made.'),
    results: z.array(FleetStepSchema).describe('In the order of the document, then what is removed.'),
  })
  .meta({ id: 'Applied' });
export type Applied = z.infer<typeof AppliedSchema>;

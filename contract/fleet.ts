import { z } from 'zod';
import { CreateInstanceSchema } from './instance.ts';

/** The fleet as one document: `GET /export` returns it, `POST /apply` applies it. */
export const FleetSchema = z
  .strictObject({
    version: z.literal(1).optional().describe('Version of this format; always 1.'),
    instances: z
      .array(CreateInstanceSchema)
      .max(5_000)
      .describe(
        'Each as in `POST /instances`: a setting that is left out gets its default, even if it was set before.',
      ),
  })
  .meta({ id: 'Fleet' });
export type Fleet = z.infer<typeof FleetSchema>;

/** Effect of applying a document on one instance. `restart`: the instance is changed and its engine restarts. */
export const FLEET_ACTIONS = ['create', 'change', 'restart', 'nothing', 'remove'] as const;
const FleetActionSchema = z.enum(FLEET_ACTIONS).meta({ id: 'FleetAction' });
export type FleetAction = z.infer<typeof FleetActionSchema>;

export const FleetStepSchema = z
  .object({
    name: z.string(),
    action: FleetActionSchema,
    changes: z.array(z.string()).describe('Settings that differ, dotted: `options.threads`.'),
    warnings: z.array(z.string()).optional().describe('Accepted settings that need attention.'),
    error: z.string().optional().describe('Why this step failed; the other steps were made anyway.'),
  })
  .meta({ id: 'FleetStep' });
export type FleetStep = z.infer<typeof FleetStepSchema>;

/** Answer of `POST /apply`. */
export const AppliedSchema = z
  .object({
    message: z.string(),
    dry_run: z
      .boolean()
      .describe('Whether this was a dry run: nothing changed, and `results` has the steps that would be made.'),
    results: z.array(FleetStepSchema).describe('In the order of the document, then removals.'),
  })
  .meta({ id: 'Applied' });
export type Applied = z.infer<typeof AppliedSchema>;

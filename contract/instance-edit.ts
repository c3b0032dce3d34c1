import { z } from 'zod';
import { ProblemSchema } from './errors.ts';
import { EstimateSchema } from './estimate.ts';
import { InstanceSchema } from './instance.ts';

const WarningsSchema = z.array(z.string()).optional().describe('Accepted settings that need attention.');

/** The effect that a create or an update would have. */
export const PreviewSchema = z
  .object({
    problems: z
      .array(ProblemSchema)
      .describe(
        'Why it would be refused, beyond the form of the body, which gives an error as always; empty: it would succeed.',
      ),
    warnings: z.array(z.string()).describe('Accepted settings that need attention.'),
    effective_command: z.array(z.string()).describe('The argv of the next run; secrets are masked.'),
    changes: z.array(z.string()).describe('Settings that would differ, dotted: `options.threads`.'),
    restart_required: z.boolean().describe('Whether the running engine would keep older settings until a restart.'),
    estimate: EstimateSchema.nullable().describe(
      'The memory that it would need; `null`: unknown, for example because llamactl does not know its model.',
    ),
  })
  .meta({ id: 'InstancePreview' });
export type Preview = z.infer<typeof PreviewSchema>;

const PREVIEW = PreviewSchema.optional().describe(
  'Present for `dry_run`: nothing was changed, and `instance` is as it would be.',
);

export const CreatedSchema = z
  .object({ message: z.string(), instance: InstanceSchema, warnings: WarningsSchema, preview: PREVIEW })
  .meta({ id: 'InstanceCreated' });

export const UpdatedSchema = z
  .object({
    message: z.string(),
    instance: InstanceSchema,
    restart_required: z.boolean(),
    warnings: WarningsSchema,
    preview: PREVIEW,
  })
  .meta({ id: 'InstanceUpdated' });

import { z } from 'zod';
import { LongIntegerSchema } from './long-integer.ts';
import { windowUpTo } from './query.ts';

/** Longest time for which usage is counted, in seconds. */
export const LONGEST_USAGE_SECONDS = 30 * 86_400;

/** The kinds of rows of usage. */
export const USAGE_GROUPS = ['key', 'user', 'instance'] as const;
export const UsageGroupSchema = z.enum(USAGE_GROUPS).meta({ id: 'UsageGroup' });
export type UsageGroup = z.infer<typeof UsageGroupSchema>;

const TimestampSchema = z.iso.datetime();

/** Query of `GET /usage`. */
export const UsageQuerySchema = z.strictObject({
  by: UsageGroupSchema.optional().describe('What the figures are summed by. Default `key`.'),
  window: windowUpTo(LONGEST_USAGE_SECONDS)
    .optional()
    .describe('How far back: seconds, or `15m`, `24h`, `7d`. Default `30d`, at least one second, at most 30 days.'),
});

/** The requests of one key, account or instance. */
export const UsageRowSchema = z
  .object({
    id: z.string().nullable().describe('Id of the key; `null`: the row is of an account or an instance.'),
    name: z
      .string()
      .nullable()
      .describe(
        'Its name, also after it was deleted. `null`: requests without an account, or for a model that no instance has.',
      ),
    owner: z.string().nullable().describe('The account of the key; `null`: the row is of an account or an instance.'),
    deleted: z.boolean().describe('Whether the key, account or instance no longer exists.'),
    requests: z.int().describe('Requests to engines that ended, with those that were refused or failed.'),
    refused: z.int().describe('Requests that llamactl answered with an error, such as those beyond a limit.'),
    failed: z.int().describe('Requests that an engine answered with an error, or whose answer broke off.'),
    tokens_in: LongIntegerSchema.describe('Tokens of their prompts, cached ones too.'),
    tokens_out: LongIntegerSchema.describe('Tokens generated.'),
    last_used_at: TimestampSchema.describe('When the last of these requests ended.'),
  })
  .meta({ id: 'UsageRow' });
export type UsageRow = z.infer<typeof UsageRowSchema>;

/** Answer of `GET /usage`. */
export const UsageSchema = z
  .object({
    by: UsageGroupSchema,
    window: z.number().min(1).max(LONGEST_USAGE_SECONDS).describe('How far back, in seconds.'),
    since: TimestampSchema.describe(
      'Requests that ended since then are counted. At most one step before the window: a minute up to `1h`, 15 minutes up to `24h`, then 3 hours. Later if llamactl began to count later.',
    ),
    until: TimestampSchema.describe('The time of the answer.'),
    usage: z.array(UsageRowSchema).describe('Most tokens first.'),
  })
  .meta({ id: 'Usage' });
export type Usage = z.infer<typeof UsageSchema>;

import { z } from 'zod';
import { CauseSchema } from './cause.ts';
import { PhraseSchema } from './phrases.ts';
import { JsonValueSchema } from './request-additions.ts';
import { LongIntegerSchema } from './long-integer.ts';

/** Operations that a remedy can name. Those with `{name}` in their path are for the instance itself. */
export const REMEDY_OPERATIONS = [
  'updateInstance',
  'startInstance',
  'stopInstance',
  'restartInstance',
  'stopAllInstances',
] as const;
export type RemedyOperation = (typeof REMEDY_OPERATIONS)[number];

/** A step against the cause. */
export const RemedySchema = z
  .object({
    label: z.string().describe('The step for people, as on a button: `Use a context of 4096 tokens`.'),
    phrase: PhraseSchema.optional().describe('`label` as data; absent: no kind of phrase.'),
    operation: z
      .enum(REMEDY_OPERATIONS)
      .optional()
      .describe('Operation of the API that does it; for the instance, unless `body` has `names`.'),
    body: z.record(z.string(), JsonValueSchema).optional().describe('Body of `operation`; absent: it needs none.'),
    link: z
      .string()
      .optional()
      .describe(
        'Place where a person can do it, instead of `operation`: `log`, `settings`, `settings/FIELD`, `instances`, `instances/pinned`, `models`, `system`, or `configuration/KEY`. FIELD and KEY are dotted: `settings/options.ctx_size`.',
      ),
    tried: z
      .boolean()
      .optional()
      .describe('Whether the instance has these settings and failed again with them, for the same cause; absent: no.'),
    command: z
      .string()
      .optional()
      .describe(
        'A command for a shell on the machine, instead of `operation`; with `operation`, one that does it for all instances of the model; with `link`, one that does it where the place is locked.',
      ),
  })
  .meta({ id: 'Remedy' });
export type Remedy = z.infer<typeof RemedySchema>;

/** A fact behind the explanation. */
export const EvidenceSchema = z
  .object({
    what: z
      .string()
      .describe(
        '`process`, `port`, `last exit`, `log`, `restarts`, `memory`, `retry`, `waits for`, `tried` or `alert`.',
      ),
    text: z.string(),
    phrase: PhraseSchema.optional().describe('`text` as data; absent: a line of output, or the message of an alert.'),
    reason: PhraseSchema.optional().describe('Why the last run ended, if `text` says it.'),
  })
  .meta({ id: 'Evidence' });
export type Evidence = z.infer<typeof EvidenceSchema>;

/** Answer of `GET /instances/{name}/why`. */
export const WhySchema = z
  .object({
    sentence: z.string().describe('The state of the instance, and why, in one sentence.'),
    phrases: z
      .array(PhraseSchema)
      .optional()
      .describe('`sentence` as data, in its order. A phrase that ends in a reason has that reason after it.'),
    words: z
      .string()
      .optional()
      .describe('The reason in `sentence`, in the words of the engine, the system or llamactl; absent: none.'),
    cause: CauseSchema.nullable().describe('`null`: nothing is wrong.'),
    evidence: z.array(EvidenceSchema),
    remedies: z.array(RemedySchema).describe('The best one first; empty: nothing to do.'),
    log_seq: LongIntegerSchema.nullable().describe('`seq` of the line in its log that shows the cause; `null`: none.'),
  })
  .meta({ id: 'Why' });
export type Why = z.infer<typeof WhySchema>;

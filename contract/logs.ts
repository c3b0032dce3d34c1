import { z } from 'zod';
import { LongIntegerSchema } from './long-integer.ts';

/** From the least to the most serious; a filter takes its own level and all above. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export const LogLevelSchema = z.enum(LOG_LEVELS).meta({ id: 'LogLevel' });
export type LogLevel = z.infer<typeof LogLevelSchema>;

/** One line of an engine's output. */
export const LogEntrySchema = z
  .object({
    timestamp: z.iso.datetime().describe("RFC 3339, UTC: the engine's own clock, on the machine's time."),
    level: LogLevelSchema,
    message: z.string().describe('Without control characters; one that is very long is cut and ends in an ellipsis.'),
    seq: LongIntegerSchema.describe(
      "Where the line ends in the instance's log: grows over runs, rotations and restarts of llamactl, with holes.",
    ),
  })
  .meta({ id: 'LogEntry' });
export type LogEntry = z.infer<typeof LogEntrySchema>;

/** Lines that are gone: those with `from_seq` < `seq` ≤ `to_seq`. */
export const LogGapSchema = z
  .object({ gap: z.object({ from_seq: LongIntegerSchema, to_seq: LongIntegerSchema }) })
  .meta({ id: 'LogGap' });
export type LogGap = z.infer<typeof LogGapSchema>;

/** One thing of a followed log: a line, or where lines are missing. */
export const LogItemSchema = z.union([LogEntrySchema, LogGapSchema]).meta({ id: 'LogItem' });
export type LogItem = z.infer<typeof LogItemSchema>;

/** Lines that one request may ask for. */
export const MAX_LOG_LINES = 10_000;

/** The seed's answer of `GET /instances/{name}/logs`. */
export const LogsSchema = z
  .object({
    logs: z.array(LogEntrySchema),
    truncated: z
      .literal(true)
      .optional()
      .describe('The search for lines of this level ended before enough were found.'),
    gap: LogGapSchema.shape.gap.optional().describe('Lines after `after_seq` that are not kept any more.'),
  })
  .meta({ id: 'Logs' });
export type Logs = z.infer<typeof LogsSchema>;

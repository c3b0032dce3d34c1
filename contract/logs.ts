import { z } from 'zod';
import { LongIntegerSchema } from './long-integer.ts';

/** Log levels, from least to most serious. A filter includes its level and all above. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export const LogLevelSchema = z.enum(LOG_LEVELS).meta({ id: 'LogLevel' });
export type LogLevel = z.infer<typeof LogLevelSchema>;

/** One line of an engine's output. */
export const LogEntrySchema = z
  .object({
    timestamp: z.iso
      .datetime()
      .describe("RFC 3339, UTC, from the engine's own timestamps, converted to the machine's clock."),
    level: LogLevelSchema,
    message: z.string().describe('Without control characters; a very long line is cut and ends in an ellipsis.'),
    seq: LongIntegerSchema.describe(
      "Position of the line's end in the instance's log. Grows across runs, rotations and restarts of llamactl; not consecutive.",
    ),
    untimed: z
      .literal(true)
      .optional()
      .describe(
        'The line has no time of its own: `timestamp` is that of the line before it, or of the start of the run. Absent: it has one.',
      ),
  })
  .meta({ id: 'LogEntry' });
export type LogEntry = z.infer<typeof LogEntrySchema>;

/** Lines that are no longer kept: those with `from_seq` < `seq` ≤ `to_seq`. */
export const LogGapSchema = z
  .object({ gap: z.object({ from_seq: LongIntegerSchema, to_seq: LongIntegerSchema }) })
  .meta({ id: 'LogGap' });
export type LogGap = z.infer<typeof LogGapSchema>;

/** One item of a followed log: a line, or a gap where lines are missing. */
export const LogItemSchema = z.union([LogEntrySchema, LogGapSchema]).meta({ id: 'LogItem' });
export type LogItem = z.infer<typeof LogItemSchema>;

/** Longest text to search for. */
export const LONGEST_LOG_SEARCH = 200;

/** Most lines that one request can get. */
export const MAX_LOG_LINES = 10_000;

/** Answer of `GET /instances/{name}/logs`, as in the API reference. */
export const LogsSchema = z
  .object({
    logs: z.array(LogEntrySchema),
    truncated: z
      .literal(true)
      .optional()
      .describe('The search stopped at its limit of bytes before it found enough lines.'),
    next_seq: LongIntegerSchema.optional().describe(
      'Where a `truncated` search stopped. To go on, pass it as `before_seq`, or as `after_seq` if you gave one.',
    ),
    gap: LogGapSchema.shape.gap.optional().describe('Lines after `after_seq` that are no longer kept.'),
  })
  .meta({ id: 'Logs' });
export type Logs = z.infer<typeof LogsSchema>;

import { z } from 'zod';
import { LogLevelSchema, LONGEST_LOG_SEARCH } from './logs.ts';
import { CountSchema } from './query.ts';
import { JsonValueSchema } from './request-additions.ts';

/** Most lines of llamactl's own log in one answer. */
const MOST_LINES = 2_000;

/** Query of `GET /system/logs`. */
export const ServerLogQuerySchema = z.strictObject({
  lines: CountSchema(MOST_LINES, 1).optional().describe('How many lines, after filtering. Default 200.'),
  level: LogLevelSchema.optional().describe('Lines of this level and above.'),
  q: z
    .string()
    .min(1)
    .max(LONGEST_LOG_SEARCH)
    .optional()
    .describe('Only lines that contain this text in their message or fields, ignoring case.'),
});

/** One line of llamactl's own log. */
export const ServerLogEntrySchema = z
  .object({
    timestamp: z.iso.datetime(),
    level: LogLevelSchema,
    message: z.string(),
    fields: z.record(z.string(), JsonValueSchema).describe('The other fields of the line, such as `err`.'),
  })
  .meta({ id: 'ServerLogEntry' });
export type ServerLogEntry = z.infer<typeof ServerLogEntrySchema>;

/** Answer of `GET /system/logs`. */
export const ServerLogSchema = z
  .object({
    logs: z.array(ServerLogEntrySchema).describe('Oldest first.'),
    since: z.iso
      .datetime()
      .nullable()
      .describe('From here on all lines are kept; of earlier lines only warnings and errors. `null`: none is kept.'),
  })
  .meta({ id: 'ServerLog' });
export type ServerLog = z.infer<typeof ServerLogSchema>;

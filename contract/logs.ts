import { z } from 'zod';

export const LogLevelSchema = z.enum(['debug', 'info', 'warn', 'error']).meta({ id: 'LogLevel' });
export type LogLevel = z.infer<typeof LogLevelSchema>;

/** One line of an engine's output. */
export const LogEntrySchema = z
  .object({ timestamp: z.iso.datetime(), level: LogLevelSchema, message: z.string() })
  .meta({ id: 'LogEntry' });

/** The seed's answer of `GET /instances/{name}/logs`. */
export const LogsSchema = z.object({ logs: z.array(LogEntrySchema) }).meta({ id: 'Logs' });

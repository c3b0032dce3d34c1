import { z } from 'zod';
import { LogItemSchema, LogLevelSchema, LogsSchema, MAX_LOG_LINES } from './logs.ts';
import { operation } from './operation.ts';
import { CountSchema, FlagSchema, WindowSchema } from './query.ts';
import { StatsHistorySchema } from './stats.ts';

/** What an instance says and what it takes. */
export const LOG_OPERATIONS = {
  getInstanceLogs: operation({
    id: 'getInstanceLogs',
    method: 'GET',
    path: '/api/instances/{name}/logs',
    tag: 'Logs and stats',
    summary: 'The last lines of output, over runs and rotations; or all from now on, as they come',
    permission: 'viewer',
    cost: 'regular',
    query: z.strictObject({
      lines: CountSchema(MAX_LOG_LINES).optional().describe('How many, after the filter. Default 100.'),
      level: LogLevelSchema.optional().describe('Lines of this level and above.'),
      after_seq: CountSchema(Number.MAX_SAFE_INTEGER).optional().describe('Only lines after this one, oldest first.'),
      follow: FlagSchema.optional().describe(
        'Goes on as lines come, over restarts of the instance, until it is deleted: Server-Sent Events if `Accept` names them, else one JSON text a line.',
      ),
    }),
    requestHeaders: [
      { name: 'Last-Event-ID', description: 'The same as `after_seq`, from a browser that reconnects.' },
    ],
    success: { status: 200, schema: LogsSchema },
    streams: { schema: LogItemSchema, types: ['text/event-stream', 'application/x-ndjson'] },
    errors: ['INSTANCE_NOT_FOUND'],
  }),
  getInstanceStats: operation({
    id: 'getInstanceStats',
    method: 'GET',
    path: '/api/instances/{name}/stats',
    tag: 'Logs and stats',
    summary: 'Memory, CPU and I/O of the last hours, in steps that widen with age',
    permission: 'viewer',
    cost: 'regular',
    query: z.strictObject({
      window: WindowSchema.optional().describe(
        'How far back: seconds, or `15m`, `1h`, `24h`. Default `1h`, at least a second, at most a day.',
      ),
    }),
    success: { status: 200, schema: StatsHistorySchema },
    errors: ['INSTANCE_NOT_FOUND'],
  }),
};

import { z } from 'zod';
import { LogItemSchema, LogLevelSchema, LogsSchema, LONGEST_LOG_SEARCH, MAX_LOG_LINES } from './logs.ts';
import { operation } from './operation.ts';
import { CountSchema, FlagSchema, WindowSchema } from './query.ts';
import { FleetStatsSchema, MOST_FLEET_POINTS, StatsHistorySchema } from './stats.ts';

/** Logs and resource usage of an instance. */
export const LOG_OPERATIONS = {
  getInstanceLogs: operation({
    id: 'getInstanceLogs',
    method: 'GET',
    path: '/api/instances/{name}/logs',
    tag: 'Logs and stats',
    summary: 'The last lines of output, across runs and rotations; or new lines as they come',
    permission: 'viewer',
    cost: 'regular',
    query: z.strictObject({
      lines: CountSchema(MAX_LOG_LINES).optional().describe('How many lines, after filtering. Default 100.'),
      level: LogLevelSchema.optional().describe('Lines of this level and above.'),
      after_seq: CountSchema(Number.MAX_SAFE_INTEGER)
        .optional()
        .describe('Only lines with a greater `seq`, oldest first.'),
      before_seq: CountSchema(Number.MAX_SAFE_INTEGER)
        .optional()
        .describe(
          'Only lines with a smaller `seq`: the last of them, to scroll back. Not with `follow` or `after_seq`.',
        ),
      q: z
        .string()
        .min(1)
        .max(LONGEST_LOG_SEARCH)
        .optional()
        .describe(
          'Only lines whose message contains this text, ignoring case. Reads at most 16 MiB. A caller may run two searches at once, all together four. Not with `follow`.',
        ),
      follow: FlagSchema.optional().describe(
        'Send new lines as they come, across restarts, until the instance is deleted: Server-Sent Events if `Accept` names them, else one JSON text per line.',
      ),
    }),
    requestHeaders: [{ name: 'Last-Event-ID', description: 'Same as `after_seq`; a reconnecting browser sends it.' }],
    success: { status: 200, schema: LogsSchema },
    streams: { schema: LogItemSchema, types: ['text/event-stream', 'application/x-ndjson'] },
    errors: ['INSTANCE_NOT_FOUND'],
  }),
  getInstanceStats: operation({
    id: 'getInstanceStats',
    method: 'GET',
    path: '/api/instances/{name}/stats',
    tag: 'Logs and stats',
    summary: 'Memory, CPU, I/O and requests of the last hours, in steps that widen with age',
    permission: 'viewer',
    cost: 'regular',
    query: z.strictObject({
      window: WindowSchema.optional().describe(
        'How far back: seconds, or `15m`, `1h`, `24h`. Default `1h`, at least one second, at most one day.',
      ),
    }),
    success: { status: 200, schema: StatsHistorySchema },
    errors: ['INSTANCE_NOT_FOUND'],
  }),
  getFleetStats: operation({
    id: 'getFleetStats',
    method: 'GET',
    path: '/api/stats',
    tag: 'Logs and stats',
    summary: 'Resources and requests of all instances over time, in a few equal steps',
    permission: 'viewer',
    cost: 'regular',
    query: z.strictObject({
      window: WindowSchema.optional().describe('How far back: seconds, or `15m`, `1h`, `24h`. Default `15m`.'),
      points: CountSchema(MOST_FLEET_POINTS, 1).optional().describe('How many steps. Default 60.'),
    }),
    success: { status: 200, schema: FleetStatsSchema },
    errors: [],
  }),
};

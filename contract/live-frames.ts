import { z } from 'zod';
import { LoadSchema } from './load.ts';
import { LogEntrySchema } from './logs.ts';
import { LongIntegerSchema } from './long-integer.ts';
import { ActiveRequestSchema, FinishedRequestSchema } from './requests.ts';
import { StatsSchema } from './stats.ts';
import { ResourcesSchema } from './system.ts';

/** The fields that every frame has beside its type and its data. */
export const FRAME_FIELDS = {
  timestamp: z.iso.datetime().describe('RFC 3339, UTC.'),
  seq: LongIntegerSchema.describe(
    'Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one.',
  ),
};

/** Makes the schema of a frame that is not kept for replay. A slow client misses some of these frames. */
function passing<const Type extends string, Data extends z.ZodType>(type: Type, data: Data) {
  return z.object({ type: z.literal(type), ...FRAME_FIELDS, data });
}

/** Resources of a running instance, every `stats.interval`. */
export const StatsFrameSchema = passing('instance_stats_updated', z.object({ name: z.string(), stats: StatsSchema }));
export type StatsFrame = z.infer<typeof StatsFrameSchema>;

/** The requests of an instance, after a change of one of these figures: at most one frame each half second. */
export const RequestsFrameSchema = passing(
  'requests_updated',
  z.object({
    name: z.string(),
    in_flight: z.int().describe('Requests that its engine works on.'),
    waiting: z.int().describe('Requests that wait for its start, a slot or their turn.'),
    tokens_per_second: z
      .number()
      .describe('Tokens of streamed answers that its engine generates, over the last two seconds.'),
  }),
);
export type RequestsFrame = z.infer<typeof RequestsFrameSchema>;

/** The begin of a request to an engine, as `GET /requests` lists it. */
export const RequestStartedFrameSchema = passing('request_started', ActiveRequestSchema);
export type RequestStartedFrame = z.infer<typeof RequestStartedFrameSchema>;

/** The end of a request to an engine, as `GET /requests` lists it. */
export const RequestFinishedFrameSchema = passing('request_finished', FinishedRequestSchema);
export type RequestFinishedFrame = z.infer<typeof RequestFinishedFrameSchema>;

/** Resources of the machine, every `stats.interval`. */
export const SystemStatsFrameSchema = passing('system_stats_updated', z.object({ resources: ResourcesSchema }));
export type SystemStatsFrame = z.infer<typeof SystemStatsFrameSchema>;

/** Progress of a start, every second. */
export const LoadFrameSchema = passing('instance_load_progress', z.object({ name: z.string(), load: LoadSchema }));
export type LoadFrame = z.infer<typeof LoadFrameSchema>;

/** Fields of instances have changed without an event of their own: request the list again. */
export const InstancesRefreshedFrameSchema = passing(
  'instances_refreshed',
  z.object({
    reason: z
      .enum(['models', 'starts'])
      .describe(
        '`models`: a scan of models changed `model_info`; `starts`: a look changed `refused` of stopped instances.',
      ),
  }),
);
export type InstancesRefreshedFrame = z.infer<typeof InstancesRefreshedFrameSchema>;

/** Lines of a log to which the client subscribed, oldest first. */
export const LogLinesFrameSchema = passing(
  'log_lines',
  z.object({
    name: z.string().describe('The name in the subscription.'),
    lines: z.array(LogEntrySchema),
  }),
);
export type LogLinesFrame = z.infer<typeof LogLinesFrameSchema>;

/** Lines of a subscribed log that are left out: they are no longer kept, or the engine writes faster than the client reads. */
export const LogGapFrameSchema = passing(
  'log_gap',
  z.object({
    name: z.string().describe('The name in the subscription.'),
    from_seq: LongIntegerSchema.describe('The lines with a greater `seq` are missing, up to `to_seq`.'),
    to_seq: LongIntegerSchema,
  }),
);
export type LogGapFrame = z.infer<typeof LogGapFrameSchema>;

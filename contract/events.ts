import { z } from 'zod';
import { StatusSchema } from './instance.ts';
import { StatsSchema } from './stats.ts';

/** What happened to an instance, as the bus carries it and the WebSocket of the seed sends it. */
export const InstanceEventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('instance_status_changed'),
    data: z.object({
      name: z.string(),
      status: StatusSchema,
      previous_status: StatusSchema,
      reason: z.string().optional(),
    }),
  }),
  z.object({ type: z.literal('instance_created'), data: z.object({ name: z.string() }) }),
  z.object({ type: z.literal('instance_updated'), data: z.object({ name: z.string() }) }),
  z.object({ type: z.literal('instance_deleted'), data: z.object({ name: z.string() }) }),
  z.object({
    type: z.literal('system_alert'),
    data: z.object({
      level: z.enum(['warning', 'error']),
      code: z.string(),
      message: z.string(),
      state: z.enum(['raised', 'cleared']),
      instance: z.string().optional(),
    }),
  }),
]);
export type InstanceEvent = z.infer<typeof InstanceEventSchema>;

/** Resources of a running instance, every `stats.interval`; not kept for replay. */
export const StatsEventSchema = z.object({
  type: z.literal('instance_stats_updated'),
  data: z.object({ name: z.string(), stats: StatsSchema }),
});

const frame = {
  timestamp: z.iso.datetime().describe('RFC 3339, UTC.'),
  seq: z.int().describe('Grows with every kept frame, over restarts too; a stats frame repeats the last kept one.'),
};

/** One frame of the WebSocket `/api/ws`: what happened, when, and its place in the replay. */
export const FrameSchema = z.union([InstanceEventSchema.and(z.object(frame)), StatsEventSchema.extend(frame)]);

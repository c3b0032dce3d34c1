import { z } from 'zod';
import { StatusSchema } from './instance.ts';
import { LongIntegerSchema } from './long-integer.ts';
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
      cause: z
        .enum(['eviction', 'idle'])
        .optional()
        .describe('Why it stops although nobody asked for that: another needs its slot, or it was not used for long.'),
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

const frame = {
  timestamp: z.iso.datetime().describe('RFC 3339, UTC.'),
  seq: LongIntegerSchema.describe(
    'Grows with every kept frame, over restarts too; a stats frame repeats the last kept one.',
  ),
};

/** Resources of a running instance, every `stats.interval`; not kept for replay. */
export const StatsFrameSchema = z.object({
  type: z.literal('instance_stats_updated'),
  ...frame,
  data: z.object({ name: z.string(), stats: StatsSchema }),
});
export type StatsFrame = z.infer<typeof StatsFrameSchema>;

/** Events that were missed and are not there any more: whoever needs to know the present has to ask for it. */
export const GapFrameSchema = z.object({
  type: z.literal('gap'),
  ...frame,
  data: z.object({
    from_seq: LongIntegerSchema.describe('The first number of which nothing is known.'),
    to_seq: LongIntegerSchema.describe('The last one; the frames that follow are complete again.'),
    last_seq: LongIntegerSchema.describe('Of the newest event when this was told: what has a greater one came later.'),
  }),
});
export type GapFrame = z.infer<typeof GapFrameSchema>;

/** One frame of the WebSocket `/api/ws`: what happened, when, and its place in the replay. */
export const FrameSchema = z.union([InstanceEventSchema.and(z.object(frame)), StatsFrameSchema, GapFrameSchema]);
export type Frame = z.infer<typeof FrameSchema>;

/** What can be subscribed to; a `gap` is told to everybody whom it concerns. */
export const SUBSCRIBABLE_TYPES = [
  'instance_status_changed',
  'instance_stats_updated',
  'instance_created',
  'instance_updated',
  'instance_deleted',
  'system_alert',
  'download_progress',
] as const;

/** What a client of the WebSocket says: it replaces what it said before. */
export const SubscribeSchema = z.strictObject({
  type: z.literal('subscribe'),
  instances: z
    .array(z.string().max(63))
    .max(1_000)
    .optional()
    .describe('Names, in any case, also of instances still to come. Left out: all that the caller may see.'),
  types: z.array(z.enum(SUBSCRIBABLE_TYPES)).max(100).optional().describe('Left out: all.'),
});
export type Subscribe = z.infer<typeof SubscribeSchema>;

/** Why the server ended a WebSocket: its own codes beside those of RFC 6455. */
export const CLOSE_CODES = {
  /** The server stops or is replaced: connect again with `after_seq`. */
  goingAway: 1001,
  /** The client sent something that is no text. */
  unsupported: 1003,
  /** The client sent something that is no subscription, or too much. */
  policy: 1008,
  /** The client reads too slowly: connect again with `after_seq`. */
  tooSlow: 1013,
  /** The credentials have expired or were revoked: log in again. */
  unauthorized: 4401,
} as const;

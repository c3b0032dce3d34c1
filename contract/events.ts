import { z } from 'zod';
import { StatusSchema } from './instance.ts';
import { LongIntegerSchema } from './long-integer.ts';
import { StatsSchema } from './stats.ts';

/** An event about an instance, as the event bus carries it and the WebSocket sends it. */
export const DomainEventSchema = z.discriminatedUnion('type', [
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
        .describe(
          'Why llamactl stops it without a request: `eviction`: another instance needs its slot; `idle`: its idle timeout passed.',
        ),
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
export type DomainEvent = z.infer<typeof DomainEventSchema>;

const frame = {
  timestamp: z.iso.datetime().describe('RFC 3339, UTC.'),
  seq: LongIntegerSchema.describe(
    'Grows with every kept frame, also across restarts; a stats frame repeats the last kept one.',
  ),
};

/** Resources of a running instance, every `stats.interval`; not kept for replay. */
export const StatsFrameSchema = z.object({
  type: z.literal('instance_stats_updated'),
  ...frame,
  data: z.object({ name: z.string(), stats: StatsSchema }),
});
export type StatsFrame = z.infer<typeof StatsFrameSchema>;

/** Missed events that are no longer kept. A client that needs the current state must request it. */
export const GapFrameSchema = z.object({
  type: z.literal('gap'),
  ...frame,
  data: z.object({
    from_seq: LongIntegerSchema.describe('`seq` of the first missing event.'),
    to_seq: LongIntegerSchema.describe('`seq` of the last missing event; the frames after it are complete.'),
    last_seq: LongIntegerSchema.describe(
      '`seq` of the newest event when this frame was sent; later events have greater numbers.',
    ),
  }),
});
export type GapFrame = z.infer<typeof GapFrameSchema>;

/** One frame of the WebSocket `/api/ws`: an event, its time, and its position in the replay. */
export const FrameSchema = z.union([DomainEventSchema.and(z.object(frame)), StatsFrameSchema, GapFrameSchema]);
export type Frame = z.infer<typeof FrameSchema>;

/** The types of frames to which a client can subscribe. A `gap` needs no subscription. */
export const SUBSCRIBABLE_TYPES = [
  'instance_status_changed',
  'instance_stats_updated',
  'instance_created',
  'instance_updated',
  'instance_deleted',
  'system_alert',
  'download_progress',
] as const;

/** A subscription that a client sends over the WebSocket. It replaces the client's previous one. */
export const SubscribeSchema = z.strictObject({
  type: z.literal('subscribe'),
  instances: z
    .array(z.string().max(63))
    .max(1_000)
    .optional()
    .describe('Names, ignoring case, also of future instances. Left out: all that the caller may see.'),
  types: z.array(z.enum(SUBSCRIBABLE_TYPES)).max(100).optional().describe('Left out: all.'),
});
export type Subscribe = z.infer<typeof SubscribeSchema>;

/** Close codes of the WebSocket: those of RFC 6455 and one of llamactl. */
export const CLOSE_CODES = {
  /** The server stops or is replaced: connect again with `after_seq`. */
  goingAway: 1001,
  /** The client sent a frame that is not text. */
  unsupported: 1003,
  /** The client sent a message that is not a subscription, or sent too much. */
  policy: 1008,
  /** The client reads too slowly: connect again with `after_seq`. */
  tooSlow: 1013,
  /** The credentials have expired or were revoked: log in again. */
  unauthorized: 4401,
} as const;

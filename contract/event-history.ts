import { z } from 'zod';
import { CauseSchema } from './cause.ts';
import { DomainEventSchema } from './events.ts';
import { FRAME_FIELDS } from './live-frames.ts';
import { LongIntegerSchema } from './long-integer.ts';
import { CountSchema } from './query.ts';

/** How many events llamactl keeps, also over a restart. The WebSocket replays the newest 1 000 of them. */
export const MOST_KEPT_EVENTS = 10_000;
/** Most entries of one answer. */
const MOST_LISTED = 500;

/** A kept event, as the WebSocket sent it. */
export const PastEventSchema = DomainEventSchema.and(z.object(FRAME_FIELDS)).meta({ id: 'PastEvent' });
export type PastEvent = z.infer<typeof PastEventSchema>;

const page = {
  instance: z
    .string()
    .max(63)
    .optional()
    .describe('Only about this instance, under its earlier names too, or about a deleted one of this name.'),
  before_seq: CountSchema(Number.MAX_SAFE_INTEGER).optional().describe('Only with a smaller `seq`.'),
  limit: CountSchema(MOST_LISTED, 1).optional().describe('How many; default 100.'),
};

/** Query of `GET /events`. */
export const EventsQuerySchema = z.strictObject({
  ...page,
  type: z
    .enum(DomainEventSchema.options.map(({ shape }) => shape.type.value))
    .optional()
    .describe('Only events of this type.'),
});

/** Query of `GET /system/alerts/history`. */
export const AlertHistoryQuerySchema = z.strictObject(page);

const bounds = {
  more: z.boolean().describe('Whether older ones match; ask for them with `before_seq`.'),
  oldest_seq: LongIntegerSchema.nullable().describe(
    'The oldest kept event of all instances: nothing is known of earlier times. `null`: no event is kept.',
  ),
};

/** Answer of `GET /events`. */
export const EventsSchema = z
  .object({ events: z.array(PastEventSchema).describe('Newest first.'), ...bounds })
  .meta({ id: 'Events' });
export type Events = z.infer<typeof EventsSchema>;

/** An alert that was raised, and cleared or not. */
export const PastAlertSchema = z
  .object({
    seq: LongIntegerSchema.describe('`seq` of the event with which it was raised; for `before_seq`.'),
    level: z.enum(['warning', 'error']),
    code: z.string().describe('Kind of alert; stable.'),
    message: z.string().describe('The last message.'),
    instance: z.string().optional().describe('The affected instance; absent: the whole system.'),
    cause: CauseSchema.optional().describe('The cause, if the alert was about the end of a run.'),
    raised_at: z.iso.datetime().nullable().describe('`null`: before the oldest kept event.'),
    cleared_at: z.iso.datetime().nullable().describe('`null`: it is still raised.'),
  })
  .meta({ id: 'PastAlert' });
export type PastAlert = z.infer<typeof PastAlertSchema>;

/** Answer of `GET /system/alerts/history`. */
export const AlertHistorySchema = z
  .object({ alerts: z.array(PastAlertSchema).describe('The one that was raised last comes first.'), ...bounds })
  .meta({ id: 'AlertHistory' });
export type AlertHistory = z.infer<typeof AlertHistorySchema>;

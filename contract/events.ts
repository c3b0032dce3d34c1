import { z } from 'zod';
import { CauseSchema } from './cause.ts';
import { DecisionSchema } from './decisions.ts';
import { type DownloadProgress, DownloadProgressSchema } from './download.ts';
import { StatusSchema } from './instance.ts';
import {
  FRAME_FIELDS,
  InstancesRefreshedFrameSchema,
  LoadFrameSchema,
  LogGapFrameSchema,
  LogLinesFrameSchema,
  RequestFinishedFrameSchema,
  RequestsFrameSchema,
  RequestStartedFrameSchema,
  StatsFrameSchema,
  SystemStatsFrameSchema,
} from './live-frames.ts';
import { LogLevelSchema } from './logs.ts';
import { LongIntegerSchema } from './long-integer.ts';
import { PhraseSchema } from './phrases.ts';
import { REFUSAL_FIELDS } from './refused-start.ts';
import { AuthorSchema, TriggerSchema } from './trigger.ts';

/** Makes the schema of an event about one instance. `data` has the name of the instance. */
function ofInstance<const Type extends string, Fields extends z.ZodRawShape>(type: Type, fields: Fields) {
  return z.object({ type: z.literal(type), data: z.object({ name: z.string(), ...fields }) });
}

/** The old and the new value of a changed setting. */
const ChangedValueSchema = z
  .object({
    setting: z.string().describe('As in `changed`.'),
    from: z.union([z.string(), z.number(), z.boolean()]).nullable().describe('`null`: it was not set.'),
    to: z.union([z.string(), z.number(), z.boolean()]).nullable().describe('`null`: it is no longer set.'),
  })
  .meta({ id: 'ChangedValue' });
export type ChangedValue = z.infer<typeof ChangedValueSchema>;

/**
 * An event of the domain, as the event bus carries it and the WebSocket sends it. Each kind has a row here. `name` and
 * `instance` of `data` always name the instance that the event is about: only callers who may see it get the event.
 */
export const DomainEventSchema = z.discriminatedUnion('type', [
  ofInstance('instance_status_changed', {
    status: StatusSchema,
    previous_status: StatusSchema,
    reason: z.string().optional(),
    phrase: PhraseSchema.optional().describe('`reason` as data; absent: no kind of phrase.'),
    cause: z
      .enum(['eviction', 'idle'])
      .optional()
      .describe(
        'Why llamactl stops it without a request: `eviction`: another instance needs its slot; `idle`: its idle timeout passed.',
      ),
    trigger: TriggerSchema.optional().describe(
      'Who or what made it change; a later status of the same start or stop repeats it. Absent: unknown.',
    ),
  }),
  ofInstance('instance_start_refused', {
    ...REFUSAL_FIELDS,
    trigger: TriggerSchema.optional().describe('Who or what requested the start. Absent: unknown.'),
  }),
  ofInstance('instance_created', { caller: AuthorSchema }),
  ofInstance('instance_updated', {
    previous_name: z.string().optional().describe('Present after a rename: the name until now.'),
    changed: z
      .array(z.string())
      .optional()
      .describe('The settings that changed: `port`, `options.ctx_size`. Absent: none of them.'),
    values: z
      .array(ChangedValueSchema)
      .optional()
      .describe(
        'The values of those in `changed` that are numbers, booleans or short texts: never secrets, variables, arguments or prompts. Absent: none of them.',
      ),
    reason: z.string().optional().describe('The finding of llamactl, if no caller changed the instance.'),
    caller: AuthorSchema,
  }),
  ofInstance('instance_deleted', { caller: AuthorSchema }),
  z.object({
    type: z.literal('system_alert'),
    data: z.object({
      level: z.enum(['warning', 'error']),
      code: z.string(),
      message: z.string(),
      state: z.enum(['raised', 'cleared']),
      instance: z.string().optional(),
      cause: CauseSchema.optional(),
    }),
  }),
  z.object({ type: z.literal('download_progress'), data: DownloadProgressSchema }),
]);
export type DomainEvent = z.infer<typeof DomainEventSchema>;

/** Name of the instance that an event is about; `null`: none, so all callers get the event. */
export function instanceOf({ data }: DomainEvent): string | null {
  if ('name' in data) return data.name;
  return ('instance' in data ? data.instance : null) ?? null;
}

/** The name that an instance had until this event, which reports its rename; `undefined`: another event. */
export function previousNameOf({ type, data }: DomainEvent): string | undefined {
  return type === 'instance_updated' ? data.previous_name : undefined;
}

/** Progress of a download; not kept for replay, unlike the changes of its state, which have the same type. */
export interface DownloadFrame {
  type: 'download_progress';
  timestamp: string;
  seq: number;
  data: DownloadProgress;
}

/** A decision of the server with its reason; not kept for replay, and sent only to clients that subscribe to `decision`. */
export const DecisionFrameSchema = z.object({ type: z.literal('decision'), ...FRAME_FIELDS, data: DecisionSchema });
export type DecisionFrame = z.infer<typeof DecisionFrameSchema>;

/** Missed events that are no longer kept. A client that needs the current state must request it. */
export const GapFrameSchema = z.object({
  type: z.literal('gap'),
  ...FRAME_FIELDS,
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
export const FrameSchema = z.union([
  DomainEventSchema.and(z.object(FRAME_FIELDS)),
  StatsFrameSchema,
  RequestsFrameSchema,
  RequestStartedFrameSchema,
  RequestFinishedFrameSchema,
  SystemStatsFrameSchema,
  LoadFrameSchema,
  InstancesRefreshedFrameSchema,
  DecisionFrameSchema,
  LogLinesFrameSchema,
  LogGapFrameSchema,
  GapFrameSchema,
]);
export type Frame = z.infer<typeof FrameSchema>;

/** The types of frames that a client gets only if its subscription names them. */
export const NAMED_TYPES = [
  'requests_updated',
  'request_started',
  'request_finished',
  'system_stats_updated',
  'instance_load_progress',
  'instances_refreshed',
  'decision',
] as const;

/** The types of frames to which a client can subscribe. A `gap` needs no subscription, and `logs` brings lines of logs. */
export const SUBSCRIBABLE_TYPES = [
  ...DomainEventSchema.options.map(({ shape }) => shape.type.value),
  'instance_stats_updated',
  ...NAMED_TYPES,
] as const;

/** Most logs that a client can follow at once. */
export const MOST_FOLLOWED_LOGS = 16;

const LogSubscriptionSchema = z.strictObject({
  instance: z.string().max(63).describe('Name of the instance, ignoring case.'),
  level: LogLevelSchema.optional().describe('Lines of this level and above.'),
  after_seq: z
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('Begin after this line. Left out: with the next new line.'),
});

/** A subscription that a client sends over the WebSocket. It replaces the client's previous one. */
export const SubscribeSchema = z.strictObject({
  type: z.literal('subscribe'),
  instances: z
    .array(z.string().max(63))
    .max(1_000)
    .optional()
    .describe('Names, ignoring case, also of future instances. Left out: all that the caller may see.'),
  types: z
    .array(z.enum(SUBSCRIBABLE_TYPES))
    .max(100)
    .optional()
    .describe(`Left out: all but ${NAMED_TYPES.map((type) => `\`${type}\``).join(', ')}.`),
  logs: z
    .array(LogSubscriptionSchema)
    .max(MOST_FOLLOWED_LOGS)
    .optional()
    .describe('Logs whose lines to send. An entry that the previous subscription had too goes on where it is.'),
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

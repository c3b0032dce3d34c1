import { z } from 'zod';
import { LongIntegerSchema } from './long-integer.ts';
import { CountSchema } from './query.ts';

/** Where a request to an engine stands. */
export const REQUEST_PHASES = ['starting', 'queued', 'processing', 'streaming'] as const;
export const RequestPhaseSchema = z.enum(REQUEST_PHASES).meta({ id: 'RequestPhase' });
export type RequestPhase = z.infer<typeof RequestPhaseSchema>;

/** What became of a request to an engine. */
export const REQUEST_OUTCOMES = [
  'ok',
  'client_error',
  'engine_error',
  'refused',
  'aborted',
  'cancelled',
  'broken',
] as const;
export const RequestOutcomeSchema = z.enum(REQUEST_OUTCOMES).meta({ id: 'RequestOutcome' });
export type RequestOutcome = z.infer<typeof RequestOutcomeSchema>;

/** The doors that lead to engines. */
export const REQUEST_DOORS = ['v1', 'proxy'] as const;
export type RequestDoor = (typeof REQUEST_DOORS)[number];

/** Finished requests that are remembered. */
export const MOST_FINISHED_REQUESTS = 200;

const TimestampSchema = z.iso.datetime().describe('RFC 3339, UTC.');
const seconds = z.number().min(0);
const tokens = z.int().min(0).nullable();

const facts = {
  id: z.string().describe('Its `X-Request-Id`; with `~` and a number behind it where another one has the same.'),
  caller: z
    .string()
    .nullable()
    .describe('Who made it: `user:NAME`, `key:ID (NAME)` or `anonymous`; `null` for viewers, unless it is their own.'),
  instance: z.string().nullable().describe('`null`: none has been found for it yet, or none has this name.'),
  model: z
    .string()
    .nullable()
    .describe('As it was asked for, at most 200 characters; `null`: asked for by name, under `/proxy`.'),
  door: z.enum(REQUEST_DOORS).describe('`v1`: the gateway; `proxy`: the pass-through of the instance.'),
  method: z.string(),
  path: z.string().describe('As the engine gets it, without the query, at most 200 characters.'),
  started_at: TimestampSchema.describe('When it was known what it is for: its body had come as far as that takes.'),
  waited: seconds
    .nullable()
    .describe(
      'Seconds until an engine had it, the last one if its engine died and it was sent again; `null`: none has it now.',
    ),
  stream: z.boolean().nullable().describe('The answer comes in events, or over a WebSocket; `null`: not known yet.'),
  time_to_first_token: seconds
    .nullable()
    .describe('Seconds from `started_at`, waiting included; `null`: nothing came yet, or the answer is no stream.'),
  tokens_in: tokens.describe('Of the prompt, cached ones too, as the engine told; `null`: it did not.'),
  tokens_out: tokens.describe('Generated so far, as the engine told, else as counted.'),
  tokens_estimated: z.boolean().describe('`tokens_out` is counted in pieces of the stream: the engine did not tell.'),
  tokens_per_second: z
    .number()
    .nullable()
    .describe('From the first to the last that came; `null`: not enough came, or no stream.'),
  bytes_out: LongIntegerSchema.describe('Of the answer’s body, so far.'),
};

/** A request on its way. */
export const ActiveRequestSchema = z
  .object({
    ...facts,
    phase: RequestPhaseSchema.describe(
      '`starting`: waits until the instance runs; `queued`: until it is its turn; `processing`: the engine has it; `streaming`: the answer comes.',
    ),
  })
  .meta({ id: 'ActiveRequest' });
export type ActiveRequest = z.infer<typeof ActiveRequestSchema>;

/** A request that is over: figures, never content. */
export const FinishedRequestSchema = z
  .object({
    ...facts,
    outcome: RequestOutcomeSchema.describe(
      '`ok`: the whole answer came; `client_error`, `engine_error`: the whole answer, a 4xx or 5xx of the engine; ' +
        '`refused`: llamactl answered with an error; `aborted`: the caller left; `cancelled`: by `DELETE /api/requests/{request_id}`; ' +
        '`broken`: the engine gave no answer or broke off in the middle.',
    ),
    status: z.int().nullable().describe('Of the answer; `null`: there was none.'),
    finished_at: TimestampSchema,
    duration: seconds.describe('Seconds from `started_at`.'),
  })
  .meta({ id: 'FinishedRequest' });
export type FinishedRequest = z.infer<typeof FinishedRequestSchema>;

/** Query of `GET /requests`. */
export const RequestsQuerySchema = z.strictObject({
  finished: CountSchema(MOST_FINISHED_REQUESTS)
    .optional()
    .describe('How many of the finished ones to show; default 50.'),
});

/** Answer of `GET /requests`. */
export const RequestsSchema = z
  .object({
    in_flight: z.array(ActiveRequestSchema).describe('Oldest first.'),
    finished: z.array(FinishedRequestSchema).describe('Newest first.'),
  })
  .meta({ id: 'Requests' });
export type Requests = z.infer<typeof RequestsSchema>;

/** An id in a path. */
export const RequestIdSchema = z.string().regex(/^[A-Za-z0-9._-]{1,128}(?:~\d{1,16})?$/, 'is not of the form of an id');

/** The figures of a request that is over, as far as it is counted. */
export type RequestFigures = Pick<
  FinishedRequest,
  | 'instance'
  | 'door'
  | 'outcome'
  | 'duration'
  | 'waited'
  | 'time_to_first_token'
  | 'tokens_in'
  | 'tokens_out'
  | 'tokens_per_second'
  | 'bytes_out'
>;

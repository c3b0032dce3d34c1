import { z } from 'zod';
import { LongIntegerSchema } from './long-integer.ts';
import { CountSchema } from './query.ts';

/** The phase of a request to an engine. */
export const REQUEST_PHASES = ['starting', 'queued', 'processing', 'streaming'] as const;
export const RequestPhaseSchema = z.enum(REQUEST_PHASES).meta({ id: 'RequestPhase' });
export type RequestPhase = z.infer<typeof RequestPhaseSchema>;

/** How a request to an engine ended. */
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

/** The entry points that lead to engines. */
export const REQUEST_DOORS = ['v1', 'proxy'] as const;
export type RequestDoor = (typeof REQUEST_DOORS)[number];

/** How many finished requests llamactl remembers, also over a restart. */
export const MOST_FINISHED_REQUESTS = 5_000;
/** Most finished requests of one answer. */
const MOST_LISTED_REQUESTS = 200;

const TimestampSchema = z.iso.datetime().describe('RFC 3339, UTC.');
const seconds = z.number().min(0);
const tokens = z.int().min(0).nullable();

const facts = {
  id: z.string().describe('Its `X-Request-Id`, followed by `~` and a number if another request has the same one.'),
  caller: z
    .string()
    .nullable()
    .describe(
      '`user:NAME`, `key:ID (NAME)` or `anonymous`; viewers get `null` for requests of others. `address:ADDRESS`: refused ' +
        'before it had a record, without valid credentials; with the beginning of an unknown key: `address:ADDRESS (llk_3RCRoi…)`.',
    ),
  instance: z.string().nullable().describe('`null`: not yet known, or no instance has this name.'),
  model: z
    .string()
    .nullable()
    .describe(
      'The `model` of the request, at most 200 characters; `null`: the path names the instance, under `/proxy`, or the ' +
        'request was refused before its body was read.',
    ),
  door: z.enum(REQUEST_DOORS).describe('`v1`: the gateway; `proxy`: the pass-through of the instance.'),
  method: z.string(),
  path: z.string().describe('Path that the engine gets, without the query, at most 200 characters.'),
  started_at: TimestampSchema.describe('When llamactl had read enough of the body to know the model.'),
  waited: seconds
    .nullable()
    .describe(
      'Seconds until an engine got the request; the last engine, if one died and llamactl retried. `null`: no engine has it now.',
    ),
  starting: seconds.describe('Seconds of the wait for a slot and the start of the instance, so far.'),
  queued: seconds.describe('Seconds of the wait for its turn at a running instance, so far.'),
  prompt_seconds: seconds
    .nullable()
    .describe('Seconds in which the engine computed the prompt, as it reported; `null`: not reported.'),
  user_agent: z
    .string()
    .nullable()
    .describe(
      '`User-Agent` of the request, at most 200 characters; `null`: it has none, or it is of another caller and you are a viewer.',
    ),
  stream: z
    .boolean()
    .nullable()
    .describe('Whether the answer is a stream of events or a WebSocket; `null`: not yet known.'),
  time_to_first_token: seconds
    .nullable()
    .describe('Seconds from `started_at`, including waiting; `null`: nothing came yet, or the answer is not a stream.'),
  tokens_in: tokens.describe(
    'Tokens of the prompt, including cached ones, as the engine reported; `null`: not reported.',
  ),
  cached_tokens: tokens.describe('Tokens of the prompt that the engine had computed before; `null`: not reported.'),
  tokens_out: tokens.describe('Tokens generated so far, as the engine reported or else as counted.'),
  tokens_estimated: z
    .boolean()
    .describe('Whether `tokens_out` is a count of stream chunks because the engine reported no number.'),
  tokens_per_second: z
    .number()
    .nullable()
    .describe('Rate between the first and the last token; `null`: too few tokens, or not a stream.'),
  bytes_out: LongIntegerSchema.describe('Bytes of the answer body sent so far.'),
};

/** A request in flight. */
export const ActiveRequestSchema = z
  .object({
    ...facts,
    phase: RequestPhaseSchema.describe(
      '`starting`: waits for the instance to start; `queued`: waits for its turn; `processing`: the engine works on it; `streaming`: the answer is arriving.',
    ),
    position: z
      .int()
      .min(1)
      .nullable()
      .describe('Its place among the requests that wait for the instance; 1 is next. `null`: it does not wait.'),
  })
  .meta({ id: 'ActiveRequest' });
export type ActiveRequest = z.infer<typeof ActiveRequestSchema>;

/** Why a request failed. */
const RequestErrorSchema = z
  .object({
    code: z
      .string()
      .nullable()
      .describe('The code of the error that llamactl or the engine answered; `null`: it has none.'),
    message: z.string().describe('At most 500 characters.'),
  })
  .meta({ id: 'RequestError' });
export type RequestError = z.infer<typeof RequestErrorSchema>;

/** A finished request: figures, never content. */
export const FinishedRequestSchema = z
  .object({
    ...facts,
    outcome: RequestOutcomeSchema.describe(
      '`ok`: complete answer; `client_error`, `engine_error`: complete answer with a 4xx or 5xx of the engine; ' +
        '`refused`: llamactl answered with an error; `aborted`: the caller disconnected; `cancelled`: by `DELETE /api/requests/{request_id}`, or by the end of the credentials, as `error` says; ' +
        '`broken`: the engine gave no answer or an incomplete one, or llamactl was killed.',
    ),
    seq: LongIntegerSchema.describe('Grows with every finished request; for `before_seq`.'),
    status: z.int().nullable().describe('HTTP status of the answer; `null`: no answer.'),
    error: RequestErrorSchema.nullable().describe('Why it failed; `null`: it did not, or the engine did not say.'),
    finished_at: TimestampSchema,
    duration: seconds.describe('Seconds from `started_at`.'),
    count: z
      .int()
      .min(2)
      .optional()
      .describe(
        'How many refused requests the row stands for: of one caller, with one code, within a minute. Absent: one.',
      ),
  })
  .meta({ id: 'FinishedRequest' });
export type FinishedRequest = z.infer<typeof FinishedRequestSchema>;

/** Query of `GET /requests`. */
export const RequestsQuerySchema = z.strictObject({
  finished: CountSchema(MOST_LISTED_REQUESTS).optional().describe('How many finished requests to return; default 50.'),
  before_seq: CountSchema(Number.MAX_SAFE_INTEGER).optional().describe('Only requests that finished before this one.'),
  instance: z.string().max(63).optional().describe('Only requests for this instance.'),
  caller: z
    .string()
    .max(200)
    .optional()
    .describe('Only requests of this caller, as `caller` names it, or without the name of a key.'),
  outcome: RequestOutcomeSchema.optional().describe('Only finished requests with this outcome.'),
  slower_than: z
    .string()
    .regex(/^\d{1,9}(?:\.\d{1,6})?$/, 'must be a number of seconds')
    .transform(Number)
    .optional()
    .describe('Only finished requests that took longer than this many seconds.'),
});

/** Answer of `GET /requests`. */
export const RequestsSchema = z
  .object({
    in_flight: z.array(ActiveRequestSchema).describe('Oldest first.'),
    finished: z.array(FinishedRequestSchema).describe('Newest first.'),
    more: z.boolean().describe('Whether older finished requests match; ask for them with `before_seq`.'),
  })
  .meta({ id: 'Requests' });
export type Requests = z.infer<typeof RequestsSchema>;

/** The id of a request in a path. */
export const RequestIdSchema = z.string().regex(/^[A-Za-z0-9._-]{1,128}(?:~\d{1,16})?$/, 'is not a valid id');

/** The figures of a finished request that metrics count. */
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

import { AuditChangeSchema } from '@llamactl/contract/auth';
import { ProblemSchema } from '@llamactl/contract/errors';
import { z } from 'zod';
import type { Vocabulary } from './channel.ts';

/**
 * The messages between predecessor and successor, one line of JSON each.
 *
 * The two may be of different versions, and either may be the later one. So new fields are optional, the other side may ignore
 * new types of messages, and an enumeration may get an unknown value.
 */

const count = z.int().min(0);
const text = z.string();
/** Id of a request for a lease, chosen by the predecessor. */
const id = count;

/** Whether the engine exited on its own and the instance starts again; left out: no, or unknown. */
const died = z.boolean().optional();

const RunSchema = z.object({ instance: text, run: count });

/** How a run is used. `lastUsed`: by `Clock.elapsed`, which counts from the machine's boot and is the same for both. */
const UseSchema = z.object({ ...RunSchema.shape, open: count, lastUsed: z.number().nullable() });

/** The first message: identifies the predecessor, and gives the values that a reload cannot change. */
const HelloSchema = z.object({
  type: z.literal('hello'),
  pid: z.int(),
  version: text,
  dataDirectory: text,
  /** As configured. */
  address: z.object({ host: text, port: count }),
  /** The actual port. */
  listening: count,
  /** The number of this reload. */
  reload: count,
  /** Who requested it, as the log names callers; left out: unknown. */
  requestedBy: text.optional(),
});
export type Hello = z.infer<typeof HelloSchema>;

const PartySchema = z.object({ id: text, name: text }).nullable();

/** Messages from the predecessor. */
const ToSuccessorSchema = z.discriminatedUnion('type', [
  HelloSchema,
  /** The successor now owns the data directory and the engines. */
  z.object({ type: z.literal('take'), uses: z.array(UseSchema) }),
  /** How many leases of a run the predecessor still holds, for requests that it finishes. */
  z.object({ type: z.literal('leases'), ...RunSchema.shape, open: count }),
  /** A request in the predecessor needs an engine. */
  z.object({
    type: z.literal('acquire'),
    id,
    instance: text,
    caller: text,
    /** Who sent the request, and its `X-Request-Id`; left out: unknown. */
    subject: text.optional(),
    requestId: text.optional(),
    mayStart: z.boolean(),
    onlyRunning: z.boolean(),
    /** The run that died under the request before it answered; left out: a first request. */
    after: RunSchema.optional(),
  }),
  /** That request is over, or no longer waits. */
  z.object({ type: z.literal('release'), id }),
  /** A request that holds a lease has received the head of its answer. */
  z.object({ type: z.literal('begun'), id }),
  /**
   * All requests that the predecessor still serves, about once a second. Each is an `ActiveRequest` of the API; one that this version
   * cannot read is left out.
   */
  z.object({ type: z.literal('requests'), list: z.array(z.unknown()) }),
  /** A request to an engine has ended in the predecessor; it counts towards the usage of account, key and instance. */
  z.object({
    type: z.literal('used'),
    request: z.object({
      account: PartySchema,
      key: PartySchema,
      instance: PartySchema,
      outcome: z.enum(['refused', 'failed', 'other']),
      tokensIn: z.number(),
      tokensOut: z.number(),
    }),
  }),
  /**
   * The record of a request to an engine that has ended in the predecessor: a `FinishedRequest` of the API. One that this version
   * cannot read is left out.
   */
  z.object({ type: z.literal('finished'), request: z.unknown() }),
  /** A request that belongs in the audit trail has ended in the predecessor. */
  z.object({
    type: z.literal('audit'),
    entry: z.object({
      subject: text,
      address: text,
      action: text,
      target: text.nullable(),
      status: z.int(),
      requestId: text,
      changes: z.array(AuditChangeSchema).optional(),
      moreChanges: z.int().optional(),
    }),
  }),
]);
export type ToSuccessor = z.infer<typeof ToSuccessorSchema>;
export const TO_SUCCESSOR: Vocabulary<ToSuccessor> = { schema: ToSuccessorSchema, types: typesOf(ToSuccessorSchema) };

const ErrorSchema = z.object({
  code: text,
  message: text,
  extras: z.object({
    details: text.optional(),
    problems: z.array(ProblemSchema).optional(),
    reason: text.optional(),
    status: z.int().optional(),
    headers: z.record(text, text).optional(),
  }),
});
export type SentError = z.infer<typeof ErrorSchema>;

const LeaseSchema = z.object({
  instance: text,
  record: z.object({
    id: text,
    settings: z.object({
      upstream_model: text.optional(),
      request_defaults: z.record(text, z.json()).optional(),
      request_strip: z.array(text).optional(),
      system_prompt: text.optional(),
      isolated: z.boolean().optional(),
    }),
  }),
  target: z.object({
    port: count,
    healthPath: text,
    key: text.nullable(),
    isolated: z.boolean().optional(),
    /** The socket on which the run listens; `null`: it does not listen; left out: unknown. */
    listener: z.object({ link: text, socket: text }).nullable().optional(),
  }),
  /** Number of the run. */
  run: count.optional(),
});
export type SentLease = z.infer<typeof LeaseSchema>;

/** Messages from the successor. */
const FromSuccessorSchema = z.discriminatedUnion('type', [
  /** The successor is ready to take over: it has done everything that it can without the data directory. */
  z.object({ type: z.literal('prepared') }),
  /** The successor cannot serve, and ends. */
  z.object({ type: z.literal('refused'), reason: text }),
  /** The successor serves. `door`: path of the Unix socket for requests that came to the predecessor. */
  z.object({ type: z.literal('ready'), door: text }),
  z.object({ type: z.literal('waiting'), id }),
  z.object({ type: z.literal('granted'), id, lease: LeaseSchema }),
  z.object({ type: z.literal('denied'), id, error: ErrorSchema }),
  /** A lease must end now: its engine died, or its time is over. */
  z.object({ type: z.literal('revoked'), id, died }),
  /** The predecessor must now end all leases that it has reported for this run by `leases`. */
  z.object({ type: z.literal('break'), ...RunSchema.shape, died }),
  /** Connections opened with these credentials must close. `kind`: see `Dead` of the accounts. */
  z.object({ type: z.literal('dead'), kind: text, whose: text }),
  /** The predecessor must end this request of its list. */
  z.object({ type: z.literal('cancel'), request: text }),
  /** The service ends: the predecessor finishes only requests that end soon. */
  z.object({ type: z.literal('end') }),
]);
export type FromSuccessor = z.infer<typeof FromSuccessorSchema>;
export const FROM_SUCCESSOR: Vocabulary<FromSuccessor> = {
  schema: FromSuccessorSchema,
  types: typesOf(FromSuccessorSchema),
};

interface Alternatives {
  options: readonly { shape: { type: { value: string } } }[];
}

function typesOf({ options }: Alternatives): ReadonlySet<string> {
  return new Set(options.map(({ shape }) => shape.type.value));
}

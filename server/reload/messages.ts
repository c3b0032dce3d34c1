import { ProblemSchema } from '@llamactl/contract/errors';
import { z } from 'zod';
import type { Vocabulary } from './channel.ts';

/**
 * What the server that goes and the one that comes say to each other: a line of JSON each.
 *
 * They are of two versions, and either may be the later one. So a new field can be left out, a new type of message is one
 * that the other may overlook, and what is an enumeration here may be a word there that nobody knows yet.
 */

const count = z.int().min(0);
const text = z.string();
/** Of a request for a lease; chosen by the one who asks. */
const id = count;

/** The engine exited by itself, and the instance comes back; left out: not so, or not known. */
const died = z.boolean().optional();

const RunSchema = z.object({ instance: text, run: count });

/** How a run is used. `lastUsed`: of the clock of the machine's boot, which both have (`Clock.elapsed`). */
const UseSchema = z.object({ ...RunSchema.shape, open: count, lastUsed: z.number().nullable() });

/** The first thing said: who goes, and what cannot change with the process. */
const HelloSchema = z.object({
  type: z.literal('hello'),
  pid: z.int(),
  version: text,
  dataDirectory: text,
  /** As configured. */
  address: z.object({ host: text, port: count }),
  /** The port that is really listened on. */
  listening: count,
  /** The number of this change. */
  reload: count,
});
export type Hello = z.infer<typeof HelloSchema>;

/** From the one who goes. */
const ToSuccessorSchema = z.discriminatedUnion('type', [
  HelloSchema,
  /** The data directory and the engines are yours. */
  z.object({ type: z.literal('take'), uses: z.array(UseSchema) }),
  /** So many leases of a run are held here, by requests that are being finished. */
  z.object({ type: z.literal('leases'), ...RunSchema.shape, open: count }),
  /** A request that is still here needs an engine. */
  z.object({
    type: z.literal('acquire'),
    id,
    instance: text,
    caller: text,
    mayStart: z.boolean(),
    onlyRunning: z.boolean(),
    /** The run that died under the request before it answered; left out: a first request. */
    after: RunSchema.optional(),
  }),
  /** It is over, or no longer waits. */
  z.object({ type: z.literal('release'), id }),
  /** The head of the answer has come to a request that holds a lease. */
  z.object({ type: z.literal('begun'), id }),
  /** A request ended here that belongs into the audit trail. */
  z.object({
    type: z.literal('audit'),
    entry: z.object({
      subject: text,
      address: text,
      action: text,
      target: text.nullable(),
      status: z.int(),
      requestId: text,
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
      isolated: z.boolean().optional(),
    }),
  }),
  target: z.object({
    port: count,
    healthPath: text,
    key: text.nullable(),
    isolated: z.boolean().optional(),
    /** The socket by which the run listens; `null`: it does not; left out: that cannot be proven. */
    listener: z.object({ link: text, socket: text }).nullable().optional(),
  }),
  /** Number of the run that it is of. */
  run: count.optional(),
});
export type SentLease = z.infer<typeof LeaseSchema>;

/** From the one who comes. */
const FromSuccessorSchema = z.discriminatedUnion('type', [
  /** Everything that can be done without the data directory is done. */
  z.object({ type: z.literal('prepared') }),
  /** It cannot serve, and ends. */
  z.object({ type: z.literal('refused'), reason: text }),
  /** It answers. `door`: path of the Unix socket for requests that came to the other one. */
  z.object({ type: z.literal('ready'), door: text }),
  z.object({ type: z.literal('waiting'), id }),
  z.object({ type: z.literal('granted'), id, lease: LeaseSchema }),
  z.object({ type: z.literal('denied'), id, error: ErrorSchema }),
  /** The lease must end now: its engine died, or its time is over. */
  z.object({ type: z.literal('revoked'), id, died }),
  /** The same for all that were told by `leases`. */
  z.object({ type: z.literal('break'), ...RunSchema.shape, died }),
  /** What was opened with these credentials has to close. `kind`: see `Dead` of the accounts. */
  z.object({ type: z.literal('dead'), kind: text, whose: text }),
  /** The service ends: nothing needs to be finished any more that does not end soon. */
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

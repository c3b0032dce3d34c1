import { z } from 'zod';
import { StatusSchema } from './instance.ts';

const milliseconds = z.number().int();

/**
 * The decisions that the server can trace, with the inputs of each. Every value is a scalar, so that a client can show
 * decisions that it does not know. `docs/events.md` describes them.
 */
export const DECISIONS = {
  /** Decision of the scheduler about an instance that waits for a slot. */
  slot: z.object({
    outcome: z.enum(['granted', 'waits', 'hopeless']),
    /** The limit that stands in the instance's way: `max_running`, `group`, `exclusive`, or `memory DEVICE`; `null`: none. */
    limit: z.string().nullable(),
    /** How much the limit allows, and how much is taken; memory in bytes. An `exclusive` group allows no other instance. */
    most: z.number(),
    taken: z.number(),
    may_evict: z.boolean(),
    waited_ms: milliseconds,
  }),
  /** The scheduler stops an unused instance for another. */
  eviction: z.object({ idle_ms: milliseconds }),
  /** Whether the memory of a stopped instance is free, as it was measured. */
  memory: z.object({
    outcome: z.enum(['freed', 'still_held']),
    device: z.string(),
    /** Bytes that the instance held, and how many of them are still in use. */
    held: z.number(),
    left: z.number(),
    waited_ms: milliseconds,
  }),
  /** The scheduler does not stop an instance although another waits for a slot. */
  spared: z.object({
    because: z.enum(['pinned', 'starting', 'in_use', 'just_used', 'used_later', 'stopping']),
    leases: z.number().int(),
    idle_ms: milliseconds.nullable(),
  }),
  /** An instance in constant use gives no new leases, because another has waited long for its slot. */
  closing: z.object({ leases: z.number().int(), waited_ms: milliseconds }),
  /** An unused instance is stopped at its idle timeout. */
  idle_stop: z.object({ idle_timeout: z.number() }),
  /** Decision of an instance's waiting room about a request. */
  request: z.object({
    outcome: z.enum(['starts', 'waits', 'leased', 'refused', 'left']),
    status: StatusSchema,
    /** Requests that wait for the instance, this one included. */
    waiting: z.number().int(),
    waited_ms: milliseconds,
    leases: z.number().int(),
    concurrency: z.number().int().nullable(),
    reason: z.string().nullable(),
  }),
  /** Decision of the restart policy about a run that ended by itself. */
  restart: z.object({
    outcome: z.enum(['restart', 'failed']),
    because: z.enum(['died', 'auto_restart_off', 'max_restarts', 'first_start']),
    cause: z.string(),
    restarts: z.number().int(),
    max_restarts: z.number().int(),
    delay_ms: milliseconds.nullable(),
  }),
  /** Decision about a request by a limit of its caller. */
  admission: z.object({
    outcome: z.enum(['admitted', 'refused']),
    caller: z.string(),
    limit: z.enum(['requests_per_minute', 'tokens_per_minute', 'max_in_flight', 'regular', 'intensive']),
    most: z.number(),
    counted: z.number(),
    retry_after_ms: milliseconds.nullable(),
  }),
  /** Whether a request whose engine gave no answer is sent once more. */
  retry: z.object({
    outcome: z.enum(['again', 'given_up']),
    because: z.enum([
      'engine_died',
      'engine_lives',
      'not_restarted',
      'not_inference',
      'body_gone',
      'second_death',
      'caller_left',
    ]),
  }),
  /** The instance that a request names. */
  route: z.object({ named: z.string(), by: z.enum(['name', 'alias', 'unknown']) }),
} as const;

export type DecisionKind = keyof typeof DECISIONS;
export type DecisionInputs<Kind extends DecisionKind> = z.infer<(typeof DECISIONS)[Kind]>;

/** The decision, as it is sent to clients. */
export const DecisionSchema = z.object({
  decision: z.enum(Object.keys(DECISIONS) as [DecisionKind, ...DecisionKind[]]).describe('The kind of decision.'),
  instance: z
    .string()
    .optional()
    .describe('Name of the instance that it is about; left out: none, or none that exists.'),
  other: z.string().optional().describe('Name of the instance for which this one is stopped, or not stopped.'),
  message: z.string().describe('The decision and its reason, for people. It continues the name of the instance.'),
  request_id: z.string().optional().describe('`X-Request-Id` of the request that it is about.'),
  inputs: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .describe('The inputs of the decision and its outcome.'),
});
export type DecisionData = z.infer<typeof DecisionSchema>;

import { ApiError, type Problem } from '@llamactl/contract/errors';
import type { Operation } from '@llamactl/contract/operation';
import { PATH_PARAMETERS, type PathRule } from '@llamactl/contract/path-parameters';
import { z } from 'zod';
import type { Caller } from '../auth/caller.ts';
import { Sealed } from '../instances/life/mailbox.ts';
import { Moved, type InstanceManager } from '../instances/use-cases.ts';
import { StoreClosed } from '../instances/ports/instance-store.ts';
import type { Clock } from '../instances/ports/time.ts';
import type { Sliced, SlicedWork } from '../sliced-work.ts';
import { CallerGone, disconnectSignal } from './disconnect.ts';
import type { HttpApp, HttpReply, HttpRequest } from './plugin.ts';
import { LIST_BODY_LIMIT } from './bodies/body.ts';
import { judgeSized } from './bodies/judge-body.ts';
import { judge, validationError } from './bodies/problems.ts';
import { keysAt } from './bodies/schema-keys.ts';
import { OPEN_TURNSTILE, type Turnstile } from './edge/turnstile.ts';

/** The names in braces of an operation's path. */
type PathParameter<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathParameter<Rest>
  : never;

type QueryOf<Op extends Operation> = Op extends { query: infer Schema extends z.ZodType } ? z.output<Schema> : object;
type BodyOf<Op extends Operation> = Op extends { body: { schema: infer Schema extends z.ZodType } }
  ? z.output<Schema>
  : undefined;

type CallerOf<Op extends Operation> = Op['permission'] extends 'public' ? null : Caller;

/** Input of a handler, validated by the schemas of the operation. */
export interface Input<Op extends Operation> {
  params: Record<PathParameter<Op['path']>, string>;
  query: QueryOf<Op>;
  /** An empty object when the body is optional and missing. */
  body: BodyOf<Op>;
  /** `null` for public operations. */
  caller: CallerOf<Op>;
  /** The instances that the caller may see and start; handlers have no other access to instances. */
  readonly manager: InstanceManager;
  request: HttpRequest;
  reply: HttpReply;
  /** The predecessor has already carried out the command; the handler only waits for the outcome. */
  isBegun: boolean;
  /**
   * Aborts when the caller hangs up, its credentials are revoked or expire, or the server stops. Each read creates a
   * new signal.
   */
  readonly signal: AbortSignal;
}

/** Dependencies of all handlers. */
export interface BindParts {
  /** Returns the instances that a caller may see and start. */
  managerFor: (caller: Caller | null) => InstanceManager;
  clock: Pick<Clock, 'now' | 'after'>;
  /** Validates requests. */
  work: SlicedWork;
  /** Aborts when the server stops; waiting callers then get an error. */
  shutdown: AbortSignal | undefined;
  /** Default: the server is never replaced. */
  turnstile?: Turnstile | undefined;
}

type Output<Op extends Operation> = z.input<Op['success']['schema']>;

/** Registers the handler of an operation. A handler whose answer is not JSON sends it itself and returns the reply. */
export type Bind = <Op extends Operation>(
  operation: Op,
  handler: (input: Input<Op>) => Output<Op> | HttpReply | Promise<Output<Op> | HttpReply>,
) => void;

/** Largest body of a public operation, in bytes: enough for a name and a password with all characters escaped. */
const PUBLIC_BODY_LIMIT = 16_384;

const NO_QUERY = z.strictObject({});
const NO_BODY = z.strictObject({}, { error: 'must be left out: this operation takes none' });

export function binder(
  app: HttpApp,
  { managerFor, clock, work, shutdown, turnstile = OPEN_TURNSTILE }: BindParts,
): Bind {
  return (operation, handler) => {
    const { id, permission, cost, yaml } = operation;
    const entries = operation.body?.entries;
    app.route({
      method: operation.method,
      url: operation.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      ...(permission === 'public' ? { bodyLimit: PUBLIC_BODY_LIMIT } : {}),
      ...(entries === undefined ? {} : { bodyLimit: LIST_BODY_LIMIT }),
      config: {
        takesYaml: yaml === 'body',
        ...(entries === undefined ? {} : { entries }),
        access: { id, permission, cost },
      },
      handler: async (request, reply) => {
        // The server was replaced while the body arrived.
        if (!turnstile.isOpen) return passOn(turnstile, request, reply, 'not begun');
        const { params, query, body } = await work.run(check(operation, request), request.over);
        // The server may have been replaced during the checks.
        if (!turnstile.isOpen) return passOn(turnstile, request, reply, 'not begun');
        reply.code(operation.success.status);
        const { caller } = request;
        const input = {
          params,
          query,
          body,
          caller,
          request,
          reply,
          isBegun: request.isBegun === true,
          get manager() {
            return managerFor(caller);
          },
          get signal() {
            return disconnectSignal(reply.raw, { shutdown, caller, clock });
          },
        };
        const leave = turnstile.enter(() => reply.raw.headersSent);
        try {
          const output = await handler(input as Input<typeof operation>);
          leave();
          return output;
        } catch (error) {
          leave();
          if (error instanceof Moved) return passOn(turnstile, request, reply, 'begun');
          // The caller hung up, so send no answer.
          if (error instanceof CallerGone) return reply.hijack();
          const isForNext = !turnstile.isOpen && isUndone(request, error) && !reply.raw.headersSent;
          if (isForNext) return passOn(turnstile, request, reply, 'not begun');
          throw error;
        }
      },
    });
  };
}

/** Whether a failed request changed nothing, because the hand-over had already taken away what it needed. */
function isUndone({ method }: HttpRequest, error: unknown): boolean {
  if (error instanceof Sealed || error instanceof StoreClosed) return true;
  return method === 'GET' && !(error instanceof ApiError);
}

/**
 * Passes a request whose body was read to the successor. A command that was carried out here is not repeated there,
 * because a newer command may follow it.
 */
async function passOn(
  turnstile: Turnstile,
  request: HttpRequest,
  reply: HttpReply,
  stage: 'not begun' | 'begun',
): Promise<HttpReply> {
  const { raw, body, originalUrl } = request;
  reply.hijack();
  request.isPassedOn = true;
  await turnstile.passOn({
    request: raw,
    response: reply.raw,
    head: request.upgradeHead,
    url: originalUrl,
    body: body === undefined ? null : Buffer.from(JSON.stringify(body)),
    isBegun: stage === 'begun' || request.isBegun === true,
  });
  return reply;
}

/** Validates path, query and body together, so that one answer lists every problem. */
function* check(
  operation: Operation,
  request: HttpRequest,
): Sliced<{ params: unknown; query: unknown; body: unknown }> {
  const params = request.params as Record<string, string>;
  for (const [name, value] of Object.entries(params)) checkPathParameter(name, value);
  const query = judge(operation.query ?? NO_QUERY, request.query);
  const body = yield* judgeBody(operation, request.body);
  const problems = [...(query.problems ?? []), ...(body.problems ?? [])];
  if (problems.length > 0) throw validationError(problems);
  return { params, query: query.value, body: body.value };
}

/**
 * Rejects a name that breaks the rules for names as not found. The message does not repeat the name, which may have any
 * length and content.
 */
function checkPathParameter(name: string, value: string): void {
  const parameter = (PATH_PARAMETERS as Readonly<Record<string, PathRule | undefined>>)[name];
  if (parameter === undefined || judge(parameter.schema, value).problems === null) return;
  const [problem] = judge(parameter.schema, value).problems ?? [];
  throw new ApiError(parameter.missing, `${parameter.missingSentence}: it ${problem?.message ?? 'is none'}.`);
}

function* judgeBody(operation: Operation, body: unknown): Sliced<{ value: unknown; problems: null | Problem[] }> {
  if (operation.body === undefined)
    return body === undefined ? { value: undefined, problems: null } : judge(NO_BODY, body);
  const { schema, optional } = operation.body;
  if (body === undefined && !optional) return { value: null, problems: [{ path: '', message: missingBody(schema) }] };
  return yield* judgeSized(operation.body, body === undefined ? {} : body);
}

/** The message for a missing body, with its required or possible fields. */
function missingBody(schema: z.ZodType): string {
  const { problems } = judge(schema, {});
  const required = (problems ?? []).map(({ path }) => path);
  if (required.length > 0) return `is missing: this request needs a JSON object with at least ${required.join(', ')}`;
  const known = keysAt(schema, []);
  return `is missing: this request needs a JSON object${known.length === 0 ? '' : ` with any of ${known.join(', ')}`}`;
}

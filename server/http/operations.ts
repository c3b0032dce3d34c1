import type { IncomingHttpHeaders } from 'node:http';
import type { AuditChange } from '@llamactl/contract/auth';
import { ApiError, type Problem } from '@llamactl/contract/errors';
import type { Operation } from '@llamactl/contract/operation';
import type { z } from 'zod';
import type { Caller } from '../auth/caller.ts';
import type { InstanceManager } from '../instances/use-cases.ts';
import type { SlicedWork } from '../sliced-work.ts';
import { Answer, type Result } from './answer.ts';
import { validationError } from './bodies/problems.ts';
import { refusalFor } from './edge/gate.ts';
import type { RecordedChange } from './recorded-change.ts';
import { suggestion } from '../suggestion.ts';
import { validated, type GivenValues } from './operation-input.ts';

/** The names in braces of an operation's path. */
type PathParameter<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathParameter<Rest>
  : never;

type QueryOf<Op extends Operation> = Op extends { query: infer Schema extends z.ZodType } ? z.output<Schema> : object;
type BodyOf<Op extends Operation> = Op extends { body: { schema: infer Schema extends z.ZodType } }
  ? z.output<Schema>
  : undefined;

type CallerOf<Op extends Operation> = Op['permission'] extends 'public'
  ? Op extends { credentials: infer Kind }
    ? Kind extends 'cookie'
      ? Caller
      : Kind extends 'optional'
        ? Caller | null
        : null
    : null
  : Caller;

/** A call before its values are validated. */
export interface Given extends GivenValues {
  /** Names in lower case. Default: none. */
  headers?: Readonly<IncomingHttpHeaders> | undefined;
  /** Address of the client. */
  readonly address: string;
  /** Whether the caller wants only the headers of the answer. Default: false. */
  isHead?: boolean | undefined;
  /**
   * Whether the predecessor has already carried out the command, so that only the outcome is awaited. Default: false.
   */
  isBegun?: boolean | undefined;
  /** Gets the object of the call, for the audit trail, if the path does not name it. */
  concerns?: ((target: string | null) => void) | undefined;
  /** Gets what the call has changed, for its row of the audit trail. */
  edited?: ((changes: readonly AuditChange[]) => void) | undefined;
  /** Gets further objects that the call has changed, for the audit trail. */
  changed?: ((changes: readonly RecordedChange[]) => void) | undefined;
}

/** Input of a handler, validated by the schemas of the operation. */
export interface Input<Op extends Operation> {
  params: Record<PathParameter<Op['path']>, string>;
  query: QueryOf<Op>;
  /** An empty object when the body is optional and missing. */
  body: BodyOf<Op>;
  /** `null` for public operations, unless their `credentials` say otherwise. */
  caller: CallerOf<Op>;
  /** The instances that the caller may see and start; handlers have no other access to instances. */
  readonly manager: InstanceManager;
  headers: Readonly<IncomingHttpHeaders>;
  /** Address of the client. */
  readonly address: string;
  /** Whether the caller wants only the headers of the answer. */
  isHead: boolean;
  /** Whether the predecessor has already carried out the command, so that the handler only waits for the outcome. */
  isBegun: boolean;
  /** Sets the object of the call for the audit trail; call it before anything can fail. */
  concerns: (target: string | null) => void;
  /** Adds old and new values to the row of the call in the audit trail; call it only once the change is made. */
  edited: (changes: readonly AuditChange[]) => void;
  /** Adds a row to the audit trail for each of these objects, also after the caller hung up. */
  changed: (changes: readonly RecordedChange[]) => void;
  /** Aborts when the answer is no longer needed. Its reason says why. */
  readonly signal: AbortSignal;
}

type Output<Op extends Operation> = z.input<Op['success']['schema']>;
type Answered<Op extends Operation> = Output<Op> | Answer<Output<Op>>;

/** A call whose values were refused. */
export interface RefusedInput<Op extends Operation> {
  params: Record<PathParameter<Op['path']>, string>;
  /** As given. */
  body: unknown;
  /** The problems of the form. */
  problems: readonly Problem[];
  manager: InstanceManager;
}

/**
 * Finds problems that the form of a refused body does not show, so that one answer lists every problem. An error that it
 * throws replaces the refusal.
 */
export type ProblemFinder<Op extends Operation> = (input: RefusedInput<Op>) => Promise<Problem[]>;

/** Sets the handler of an operation. */
export type Bind = <Op extends Operation>(
  operation: Op,
  handler: (input: Input<Op>) => Answered<Op> | Promise<Answered<Op>>,
  findMore?: ProblemFinder<Op>,
) => void;

/** Who makes a call, and when it ends. */
export interface CallContext {
  /** `null`: not authenticated. */
  caller: Caller | null;
  readonly signal: AbortSignal;
  /** Aborts when the call is over, which ends its validation. `null`: the validation is always completed. */
  over: AbortSignal | null;
}

export interface OperationsParts {
  /** Returns the instances that a caller may see and start. */
  managerFor: (caller: Caller | null) => InstanceManager;
  /** Validates calls. */
  work: SlicedWork;
}

/** The operations of the API and their handlers. Knows no HTTP: the routes are one way to call operations. */
export class Operations {
  readonly #parts: OperationsParts;
  readonly #handlers = new Map<Operation, (input: unknown) => unknown>();
  readonly #finders = new Map<Operation, (input: unknown) => Promise<Problem[]>>();

  constructor(parts: OperationsParts) {
    this.#parts = parts;
  }

  readonly bind: Bind = (operation, handler, findMore) => {
    this.#handlers.set(operation, (input) => handler(input as Input<typeof operation>));
    if (findMore !== undefined)
      this.#finders.set(operation, (input) => findMore(input as RefusedInput<typeof operation>));
  };

  /** The operations that have a handler. */
  get all(): Iterable<Operation> {
    return this.#handlers.keys();
  }

  /**
   * Calls an operation. Rejects with the `ApiError` of a refusal, with the reason of the signal, or, while another server takes
   * over, with `Sealed`, `StoreClosed` or `Moved`. Call it within a request that the turnstile counts.
   *
   * @param caller `null`: only public operations
   */
  async invoke(operation: Operation, given: Given, caller: Caller | null, signal: AbortSignal): Promise<Result> {
    const call = await this.prepare(operation, given, { caller, signal, over: signal });
    return call();
  }

  /** Checks the permission and all values of a call; the returned function carries it out. */
  async prepare(operation: Operation, given: Given, context: CallContext): Promise<() => Promise<Result>> {
    const { managerFor } = this.#parts;
    checkPermission(operation, context.caller);
    const isAnybodys = operation.permission === 'public' && operation.credentials === undefined;
    const caller = isAnybodys ? null : context.caller;
    const values = await this.#validated(operation, given, caller, context.over);
    const handler = this.#handlers.get(operation);
    if (handler === undefined) throw new Error(`the operation ${operation.id} has no handler`);
    const input = {
      ...values,
      caller,
      headers: given.headers ?? {},
      isHead: given.isHead === true,
      isBegun: given.isBegun === true,
      concerns: given.concerns ?? (() => undefined),
      edited: given.edited ?? (() => undefined),
      changed: given.changed ?? (() => undefined),
      get address() {
        return given.address;
      },
      get manager() {
        return managerFor(caller);
      },
      get signal() {
        return context.signal;
      },
    };
    return async () => {
      try {
        return resultOf(operation, await handler(input));
      } catch (error) {
        throw withNearName(error, given.params?.['name'], () => managerFor(caller).list());
      }
    };
  }

  async #validated(operation: Operation, given: Given, caller: Caller | null, over: AbortSignal | null) {
    const { managerFor, work } = this.#parts;
    try {
      return await work.run(validated(operation, given), over);
    } catch (error) {
      const findMore = this.#finders.get(operation);
      if (findMore === undefined || !(error instanceof ApiError) || error.code !== 'VALIDATION_ERROR') throw error;
      const { params = {}, body } = given;
      const { problems = [] } = error.extras;
      const more = await findMore({ params, body, problems, manager: managerFor(caller) });
      throw more.length === 0 ? error : validationError([...problems, ...more]);
    }
  }
}

/** Adds the most similar name to "instance not found". Returns other errors unchanged. @param name Of the path. */
function withNearName(error: unknown, name: string | undefined, list: () => readonly { name: string }[]): unknown {
  if (name === undefined || !(error instanceof ApiError) || error.code !== 'INSTANCE_NOT_FOUND') return error;
  const names = list().map((instance) => instance.name);
  const near = suggestion(name, names);
  if (near === null || names.includes(name)) return error;
  const meant = `${error.message.replace(/\.$/, '')}; did you mean ${JSON.stringify(near)}?`;
  return new ApiError(error.code, meant, error.extras);
}

function checkPermission({ permission, credentials }: Operation, caller: Caller | null): void {
  if (permission === 'public' && credentials !== 'cookie') return;
  if (caller === null) throw new ApiError('UNAUTHORIZED', 'This operation needs credentials.');
  const refusal = refusalFor(caller, permission);
  if (refusal !== null) throw refusal;
}

function resultOf({ success }: Operation, answered: unknown): Result {
  if (!(answered instanceof Answer))
    return { status: success.status, headers: {}, content: { kind: 'json', value: answered } };
  const { content, headers, status } = answered as Answer<unknown>;
  return { status: status ?? success.status, headers, content };
}

import { ApiError, retryIn } from '@llamactl/contract/errors';
import { suggestion } from '../suggestion.ts';
import { pause } from '../instances/ports/time.ts';
import type { Lease } from '../instances/slots/leases.ts';
import type { CallContext, GatewayDependencies, GatewayInstance, GatewayInstances } from './gateway-ports.ts';

/** How long to wait for the reason of an engine's death: its leases end some 50 ms after its connections. */
const REASON_NOTICE_MS = 500;
const LONGEST_ECHO = 100;
/** `Retry-After` for an instance whose state soon ends by itself. */
const { headers: RETRY_SOON } = retryIn(1);
/**
 * Makes clients report an error at once. The SDKs of OpenAI and Anthropic retry a 503 twice, each time after `Retry-After`:
 * a minute of silence for a model that cannot start (measured).
 */
const NO_RETRY = { 'x-should-retry': 'false' };

/** Converts an error of `acquire` for `/v1`, where instances are models and "not running" is an error of the server (503). */
export function modelFailure(
  error: unknown,
  model: string,
  caller: Pick<CallContext, 'instances' | 'mayStart' | 'problemsInLibrary'>,
): unknown {
  if (!(error instanceof ApiError)) return error;
  if (error.code === 'INSTANCE_NOT_FOUND') {
    const { cause } = error;
    return unknownModel(model, caller.problemsInLibrary(model), { cause, instances: caller.instances.list() });
  }
  if (error.code === 'START_FAILED') {
    const { message, extras } = error;
    return new ApiError('START_FAILED', message, { ...extras, headers: retryHeaders(false, extras.headers) });
  }
  if (error.code !== 'INSTANCE_NOT_RUNNING') return error;
  const { instances, mayStart } = caller;
  const instance = findInstance(instances.list(), model);
  const reason = error.extras.reason ?? instance?.reason ?? undefined;
  const headers = retryHeaders(isPassing(instance), error.extras.headers);
  return new ApiError(
    'INSTANCE_NOT_RUNNING',
    notRunning(model, { instance, reason, retryAfter: headers['retry-after'], mayStart }),
    {
      status: 503,
      ...(reason === undefined ? {} : { reason }),
      headers,
    },
  );
}

/**
 * Returns the headers that say whether and when to retry a request that got no engine. No other code of the gateway
 * decides this.
 *
 * @param isPassing Whether the instance's state ends by itself soon.
 * @param known Headers of the refusal by the instances' domain. Their `Retry-After` wins.
 */
function retryHeaders(isPassing: boolean, known?: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return isPassing ? (known ?? RETRY_SOON) : { ...known, ...NO_RETRY };
}

/**
 * The error for a model name that no instance has.
 *
 * @param problems Why the model of this machine with this name cannot be loaded; empty: no reason is known. `null`: no
 *   model has the name, or the caller may not list models.
 * @param more.instances Those that the caller may use: one of them may be meant.
 */
export function unknownModel(
  model: string,
  problems: readonly string[] | null = null,
  { cause, instances = [] }: { cause?: unknown; instances?: readonly GatewayInstance[] } = {},
): ApiError {
  if (problems !== null && problems.length > 0) {
    return new ApiError(
      'INSTANCE_NOT_FOUND',
      `The model ${quoted(model)} is a model without an instance, and cannot be loaded: ${problems.join('; ')}.`,
      { cause },
    );
  }
  if (problems !== null) {
    const word = /^[\w.:/@+-]{1,100}$/.test(model) ? model : 'NAME';
    return new ApiError(
      'INSTANCE_NOT_FOUND',
      `The model ${quoted(model)} is a model without an instance: llamactl run ${word} creates one and starts it.`,
      { cause },
    );
  }
  const listed = instances.filter(({ unlisted }) => !unlisted).flatMap(({ name, aliases }) => [name, ...aliases]);
  const near = suggestion(model, listed);
  const hint = near === null ? '.' : `; did you mean ${quoted(near)}?`;
  return new ApiError(
    'INSTANCE_NOT_FOUND',
    `The model ${quoted(model)} does not exist: no instance has this name or alias${hint} GET /v1/models lists the models that can be used.`,
    { cause },
  );
}

/** The error for a path under `/v1` by which callers of one engine would reach each other's data. */
export function crossesCallers(): ApiError {
  return new ApiError(
    'NOT_FOUND',
    "This path is blocked, because it gives callers of one engine access to each other's data. Administrators reach it under /api/instances/NAME/proxy.",
  );
}

/** The error for a path that begins with `/v1` twice. */
export function repeatedVersion(path: string): ApiError {
  const meant = path.replace(/^(\/v1)+(?=\/)/, '/v1');
  return new ApiError(
    'NOT_FOUND',
    `The path has /v1 twice; ${quoted(meant)} has it once. This client adds /v1 itself: give it a base URL without it.`,
  );
}

/** The error for a name under `/api/instances` that no instance has. */
export function unknownInstance(name: string): ApiError {
  return new ApiError('INSTANCE_NOT_FOUND', `There is no instance ${quoted(name)}. GET /api/instances lists them.`);
}

/** Finds an instance by its name, ignoring case, or by its exact alias. */
export function findInstance(list: readonly GatewayInstance[], name: string): GatewayInstance | undefined {
  const lowerCase = name.toLowerCase();
  return (
    list.find((instance) => instance.name.toLowerCase() === lowerCase) ??
    list.find((instance) => instance.aliases.includes(name))
  );
}

/**
 * Builds the error for a leased engine that gave no answer. Waits briefly for the reason of the engine's death or stop.
 *
 * @param isSecond The request was already sent to a second run, which died too.
 */
export async function noAnswerFailure(
  lease: Lease,
  callerSignal: AbortSignal,
  { instances, clock }: Pick<GatewayDependencies, 'clock'> & { instances: GatewayInstances },
  isSecond = false,
): Promise<ApiError> {
  await pause(clock, REASON_NOTICE_MS, AbortSignal.any([lease.signal, callerSignal]));
  const name = lease.instance;
  const instance = findInstance(instances.list(), name);
  if (lease.signal.aborted && (instance?.status === 'stopping' || instance?.status === 'stopped')) {
    return new ApiError('INSTANCE_NOT_RUNNING', `${quoted(name)} was stopped before its engine had answered.`, {
      status: 503,
    });
  }
  if (lease.signal.aborted && instance !== undefined && instance.reason !== null) {
    const { status, reason } = instance;
    const ended = isSecond ? 'ended a second time before it had answered this request' : 'ended before it had answered';
    const sentence = `The engine of ${quoted(name)} ${ended}; the instance is ${status}: ${reason}`;
    return new ApiError('INSTANCE_NOT_RUNNING', sentence, {
      status: 502,
      reason,
      // No third attempt: the second run served only this request.
      headers: isSecond || status === 'restarting' ? retryHeaders(!isSecond) : {},
    });
  }
  return new ApiError('INSTANCE_NOT_RUNNING', `The engine of ${quoted(name)} gave no answer, or an invalid one.`, {
    status: 502,
  });
}

interface Absence {
  instance: GatewayInstance | undefined;
  reason: string | undefined;
  /** Seconds. */
  retryAfter: string | undefined;
  /** Whether the caller may start instances. */
  mayStart: boolean;
}

function notRunning(model: string, { instance, reason, retryAfter, mayStart }: Absence): string {
  const because = reason === undefined ? '' : `: ${reason}`;
  if (instance === undefined) return `The model ${quoted(model)} is not running${because}`;
  if (isPassing(instance)) return `The model ${quoted(model)} is ${instance.status}${because}. Try again in a moment.`;
  if (instance.status === 'failed' && retryAfter !== undefined)
    return `The model ${quoted(model)} has failed${because}. A request in ${retryAfter} s tries again.`;
  const state = instance.status === 'failed' ? `has failed${because}` : 'is not running';
  const remedy = mayStart
    ? `Start it with POST /api/instances/${instance.name}/start.`
    : 'Your key may not start it; ask somebody who may.';
  return `The model ${quoted(model)} ${state}. ${remedy}`;
}

function isPassing(instance: GatewayInstance | undefined): boolean {
  return instance !== undefined && ['starting', 'stopping', 'restarting', 'running'].includes(instance.status);
}

function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST_ECHO ? `${text.slice(0, LONGEST_ECHO)}…` : text);
}

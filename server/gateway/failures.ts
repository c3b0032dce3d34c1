import type { IncomingMessage } from 'node:http';
import type { DecisionInputs } from '@llamactl/contract/decisions';
import { ApiError, retryIn } from '@llamactl/contract/errors';
import type { Clock } from '../instances/ports/time.ts';
import { EngineDied, type Lease, type LeaseOrigin } from '../instances/slots/leases.ts';
import type { Trace } from '../instances/ports/trace.ts';
import { requestLength } from './headers.ts';
import type { HeldBody } from './held-body.ts';
import type { GatewayDependencies, GatewayInstance, GatewayInstances } from './ports.ts';

/** How long to wait for the reason of an engine's death: its leases end some 50 ms after its connections. */
const REASON_NOTICE_MS = 500;
const LONGEST_ECHO = 100;
/** For a state that ends by itself soon. */
const { headers: RETRY_SOON } = retryIn(1);
/**
 * Makes clients report an error at once. The SDKs of OpenAI and Anthropic retry a 503 twice, each time after `Retry-After`:
 * a minute of silence for a model that cannot start (measured).
 */
const NO_RETRY = { 'x-should-retry': 'false' };

/** Converts an error of `acquire` for `/v1`, where instances are models and "not running" is an error of the server (503). */
export function modelFailure(error: unknown, model: string, instances: GatewayInstances): unknown {
  if (!(error instanceof ApiError)) return error;
  if (error.code === 'INSTANCE_NOT_FOUND') return unknownModel(model);
  if (error.code === 'START_FAILED') {
    const { message, extras } = error;
    return new ApiError('START_FAILED', message, { ...extras, headers: retryHeaders(false, extras.headers) });
  }
  if (error.code !== 'INSTANCE_NOT_RUNNING') return error;
  const instance = findInstance(instances.list(), model);
  const reason = error.extras.reason ?? instance?.reason ?? undefined;
  const headers = retryHeaders(isPassing(instance), error.extras.headers);
  return new ApiError('INSTANCE_NOT_RUNNING', notRunning(model, instance, reason, headers['retry-after']), {
    status: 503,
    ...(reason === undefined ? {} : { reason }),
    headers,
  });
}

/**
 * Returns the headers that say whether and when to retry a request that got no engine. No other code of the gateway decides it.
 *
 * @param isPassing Whether the instance's state ends by itself soon.
 * @param known Headers of the domain's refusal. Their time wins.
 */
function retryHeaders(isPassing: boolean, known?: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return isPassing ? (known ?? RETRY_SOON) : { ...known, ...NO_RETRY };
}

/** The error for a model name that no instance has. */
export function unknownModel(model: string): ApiError {
  return new ApiError(
    'INSTANCE_NOT_FOUND',
    `The model ${quoted(model)} does not exist: no instance has this name or alias. GET /v1/models lists the models that can be used.`,
  );
}

/** The error for a path under `/v1` by which callers of one engine would reach each other's data. */
export function crossesCallers(): ApiError {
  return new ApiError(
    'NOT_FOUND',
    "This path is blocked, because it gives callers of one engine access to each other's data. Administrators reach it under /api/instances/NAME/proxy.",
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
 * Builds the error for a leased engine that gave no answer. It waits briefly for the reason of the engine's death or stop.
 *
 * @param isSecond The request was already sent to a second run, which died too.
 */
export async function noAnswerFailure(
  lease: Lease,
  callerSignal: AbortSignal,
  { instances, clock }: Pick<GatewayDependencies, 'clock'> & { instances: GatewayInstances },
  isSecond = false,
): Promise<ApiError> {
  await firstAbort([lease.signal, callerSignal], REASON_NOTICE_MS, clock);
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

function notRunning(
  model: string,
  instance: GatewayInstance | undefined,
  reason: string | undefined,
  retryAfter: string | undefined,
): string {
  const because = reason === undefined ? '' : `: ${reason}`;
  if (instance === undefined) return `The model ${quoted(model)} is not running${because}`;
  if (isPassing(instance)) return `The model ${quoted(model)} is ${instance.status}${because}. Try again in a moment.`;
  if (instance.status === 'failed' && retryAfter !== undefined)
    return `The model ${quoted(model)} has failed${because}. A request in ${retryAfter} s tries again.`;
  const state = instance.status === 'failed' ? `has failed${because}` : 'is not running';
  return `The model ${quoted(model)} ${state}. Start it with POST /api/instances/${instance.name}/start.`;
}

function isPassing(instance: GatewayInstance | undefined): boolean {
  return instance !== undefined && ['starting', 'stopping', 'restarting', 'running'].includes(instance.status);
}

function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST_ECHO ? `${text.slice(0, LONGEST_ECHO)}…` : text);
}

/**
 * How long a request that may be sent again waits for the news that its engine died. The news needs the end of the whole
 * run and a write to the disk, which a busy machine delays.
 */
const DEATH_NOTICE_MS = 5_000;
/** How long it waits if the engine still listens: the engine gave a broken answer, or is about to die. */
const ALIVE_NOTICE_MS = 500;

/** A request that was sent to an engine, which gave no answer. */
export interface Attempt {
  lease: Lease;
  requestId: string;
  trace: Trace;
}

/**
 * Whether a request may be sent to the engine's next run: it only computes, and its whole body is in memory. A streamed body
 * is gone after it was sent, and the memory of a sent body may have been reclaimed. If the body is still in memory, this
 * call keeps it there.
 *
 * @param path Without the query.
 * @param inferencePaths See `EngineAdapter.inferencePaths`.
 */
export function maySendAgain(
  attempt: Attempt,
  { request, path, body }: { request: IncomingMessage; path: string; body: HeldBody | null },
  inferencePaths: ReadonlySet<string>,
): boolean {
  const isInference = request.method === 'POST' && inferencePaths.has(path);
  const isThere = isInference && (body === null ? requestLength(request) === 0 : body.keep());
  if (!isThere && attempt.trace.isOn) noteRetry(attempt, isInference ? 'body_gone' : 'not_inference');
  return isThere;
}

/**
 * Waits for the reason why an engine gave no answer.
 *
 * @returns the run, if its engine died by itself and the instance restarts; else `null`
 */
export async function lostRun(
  attempt: Attempt,
  callerSignal: AbortSignal,
  { instances, clock }: Pick<GatewayDependencies, 'clock'> & { instances: GatewayInstances },
): Promise<LeaseOrigin | null> {
  const { lease, trace } = attempt;
  const { signal, origin, instance: name } = lease;
  await firstAbort([signal, callerSignal], ALIVE_NOTICE_MS, clock);
  const isKnown = signal.aborted || callerSignal.aborted;
  if (!isKnown && mayBeDead(lease)) await firstAbort([signal, callerSignal], DEATH_NOTICE_MS - ALIVE_NOTICE_MS, clock);
  const hasDied = !callerSignal.aborted && signal.reason instanceof EngineDied;
  const status = findInstance(instances.list(), name)?.status;
  const comesBack = status === 'restarting' || status === 'starting' || status === 'running';
  if (trace.isOn) noteRetry(attempt, reasonFor(callerSignal.aborted, hasDied, comesBack && origin !== null));
  return hasDied && comesBack ? origin : null;
}

function reasonFor(hasLeft: boolean, hasDied: boolean, comesBack: boolean): DecisionInputs<'retry'>['because'] {
  if (hasLeft) return 'caller_left';
  if (!hasDied) return 'engine_lives';
  return comesBack ? 'engine_died' : 'not_restarted';
}

/** Traces whether a request without an answer is sent once more. Call it only while the trace is on. */
export function noteRetry({ lease, requestId, trace }: Attempt, because: DecisionInputs<'retry'>['because']): void {
  const outcome = because === 'engine_died' ? 'again' : 'given_up';
  trace.note({ kind: 'retry', instance: { name: lease.instance }, requestId, inputs: { outcome, because } });
}

/** Whether the engine may be dead: nothing proves that its run still listens on the port. */
function mayBeDead({ target: { witness } }: Lease): boolean {
  const listener = witness?.listener() ?? null;
  return listener === null || listener === 'unknown';
}

/** Resolves when one of the signals has aborted, or after `milliseconds`. */
export function firstAbort(
  signals: readonly AbortSignal[],
  milliseconds: number,
  clock: Pick<Clock, 'after'>,
): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      cancel();
      for (const signal of signals) signal.removeEventListener('abort', settle);
      resolve();
    };
    const cancel = clock.after(milliseconds, settle);
    for (const signal of signals) signal.addEventListener('abort', settle);
    if (signals.some((signal) => signal.aborted)) settle();
  });
}

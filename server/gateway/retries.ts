import type { IncomingMessage } from 'node:http';
import type { DecisionInputs } from '@llamactl/contract/decisions';
import { EngineDied, type Lease, type LeaseOrigin } from '../instances/slots/leases.ts';
import type { Trace } from '../instances/ports/trace.ts';
import { requestLength } from './upload.ts';
import { findInstance } from './failures.ts';
import { firstAbort } from './first-abort.ts';
import { pathOnly } from './path-only.ts';
import type { CallContext, GatewayDependencies, GatewayInstances } from './ports.ts';
import type { Route } from './route.ts';

/**
 * How long a request that may be sent again waits for the news that its engine died. The news needs the end of the whole
 * run and a write to the disk, which a busy machine delays.
 */
const DEATH_NOTICE_MS = 5_000;
/** How long it waits if the engine still listens: the engine gave a broken answer, or is about to die. */
const ALIVE_NOTICE_MS = 500;

/**
 * Whether a request may be sent to the engine's next run: it only computes, and its whole body is in memory. A streamed body
 * is gone after it was sent, and the memory of a sent body may have been reclaimed. If the body is still in memory, this
 * call keeps it there.
 *
 * @param inferencePaths See `EngineAdapter.inferencePaths`.
 * @param lease The lease of the engine that gave no answer.
 */
export function maySendAgain(
  {
    request,
    route,
    context,
  }: { request: IncomingMessage; route: Route; context: Pick<CallContext, 'url' | 'requestId'> },
  inferencePaths: ReadonlySet<string>,
  lease: Lease,
  trace: Trace,
): boolean {
  const isInference = request.method === 'POST' && inferencePaths.has(pathOnly(context.url));
  const isThere = isInference && (route.body === null ? requestLength(request) === 0 : route.body.keep());
  if (!isThere && trace.isOn) {
    noteRetry({ trace, requestId: context.requestId }, lease, isInference ? 'body_gone' : 'not_inference');
  }
  return isThere;
}

/**
 * Waits for the reason why an engine gave no answer.
 *
 * @returns the run, if its engine died by itself and the instance restarts; else `null`
 */
export async function lostRun(
  lease: Lease,
  callerSignal: AbortSignal,
  parts: Pick<GatewayDependencies, 'clock' | 'trace'> & { instances: GatewayInstances; requestId: string },
): Promise<LeaseOrigin | null> {
  const { instances, clock, trace } = parts;
  const { signal, origin, instance: name } = lease;
  await firstAbort([signal, callerSignal], ALIVE_NOTICE_MS, clock);
  const isKnown = signal.aborted || callerSignal.aborted;
  if (!isKnown && mayBeDead(lease)) await firstAbort([signal, callerSignal], DEATH_NOTICE_MS - ALIVE_NOTICE_MS, clock);
  const hasDied = !callerSignal.aborted && signal.reason instanceof EngineDied;
  const status = findInstance(instances.list(), name)?.status;
  const comesBack = status === 'restarting' || status === 'starting' || status === 'running';
  if (trace.isOn) noteRetry(parts, lease, outcomeOf(callerSignal.aborted, hasDied, comesBack && origin !== null));
  return hasDied && comesBack ? origin : null;
}

function outcomeOf(hasLeft: boolean, hasDied: boolean, comesBack: boolean): DecisionInputs<'retry'>['because'] {
  if (hasLeft) return 'caller_left';
  if (!hasDied) return 'engine_lives';
  return comesBack ? 'engine_died' : 'not_restarted';
}

/** Traces whether a request without an answer is sent once more. Call it only while the trace is on. */
export function noteRetry(
  { trace, requestId }: Pick<GatewayDependencies, 'trace'> & { requestId: string },
  { instance: name }: Pick<Lease, 'instance'>,
  because: DecisionInputs<'retry'>['because'],
): void {
  const outcome = because === 'engine_died' ? 'again' : 'given_up';
  trace.note({ kind: 'retry', instance: { name }, requestId, inputs: { outcome, because } });
}

/** Whether the engine may be dead: nothing proves that its run still listens on the port. */
function mayBeDead({ target: { witness } }: Lease): boolean {
  const listener = witness?.listener() ?? null;
  return listener === null || listener === 'unknown';
}

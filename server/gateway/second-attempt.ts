import type { IncomingMessage } from 'node:http';
import type { DecisionInputs } from '@llamactl/contract/decisions';
import { EngineDied, type Lease, type LeaseOrigin } from '../instances/slots/leases.ts';
import { pause } from '../instances/ports/time.ts';
import type { Trace } from '../instances/ports/trace.ts';
import { findInstance } from './failures.ts';
import { requestLength } from './headers.ts';
import type { HeldBody } from './held-body.ts';
import type { GatewayDependencies, GatewayInstances } from './gateway-ports.ts';

/**
 * How long a request that may be sent again waits for the news that its engine died. The news needs the end of the whole
 * run and a write to the disk, which a busy machine delays.
 */
const DEATH_NOTICE_MS = 5_000;
/** How long such a request waits if the engine still listens: the engine gave a broken answer, or is about to die. */
const ALIVE_NOTICE_MS = 500;

/** A request that was sent to an engine and got no answer. */
export interface Attempt {
  lease: Lease;
  requestId: string;
  trace: Trace;
}

/**
 * Whether a request may be sent to the engine's next run: the request only computes, and its whole body is in memory. A
 * streamed body is gone after it was sent, and the memory of a sent body may have been reclaimed. If the body is still
 * in memory, this call keeps it there.
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
  const known = AbortSignal.any([signal, callerSignal]);
  await pause(clock, ALIVE_NOTICE_MS, known);
  if (!known.aborted && mayBeDead(lease)) await pause(clock, DEATH_NOTICE_MS - ALIVE_NOTICE_MS, known);
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

import type { IncomingMessage } from 'node:http';
import { EngineDied, type Lease, type LeaseOrigin } from '../instances/slots/leases.ts';
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
 */
export function maySendAgain(
  { request, route, context }: { request: IncomingMessage; route: Route; context: Pick<CallContext, 'url'> },
  inferencePaths: ReadonlySet<string>,
): boolean {
  if (request.method !== 'POST' || !inferencePaths.has(pathOnly(context.url))) return false;
  return route.body === null ? requestLength(request) === 0 : route.body.keep();
}

/**
 * Waits for the reason why an engine gave no answer.
 *
 * @returns the run, if its engine died by itself and the instance restarts; else `null`
 */
export async function lostRun(
  lease: Lease,
  callerSignal: AbortSignal,
  { instances, clock }: Pick<GatewayDependencies, 'clock'> & { instances: GatewayInstances },
): Promise<LeaseOrigin | null> {
  const { signal, origin, instance: name } = lease;
  await firstAbort([signal, callerSignal], ALIVE_NOTICE_MS, clock);
  const isKnown = signal.aborted || callerSignal.aborted;
  if (!isKnown && mayBeDead(lease)) await firstAbort([signal, callerSignal], DEATH_NOTICE_MS - ALIVE_NOTICE_MS, clock);
  if (callerSignal.aborted || !(signal.reason instanceof EngineDied)) return null;
  const status = findInstance(instances.list(), name)?.status;
  const comesBack = status === 'restarting' || status === 'starting' || status === 'running';
  return comesBack ? origin : null;
}

/** Whether the engine may be dead: nothing proves that its run still listens on the port. */
function mayBeDead({ target: { witness } }: Lease): boolean {
  const listener = witness?.listener() ?? null;
  return listener === null || listener === 'unknown';
}

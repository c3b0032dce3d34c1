import { EngineDied, type Lease, type LeaseOrigin } from '../instances/leases.ts';
import { requestLength } from './body.ts';
import { findInstance } from './failures.ts';
import { firstAbort } from './first-abort.ts';
import { pathOnly } from './path-only.ts';
import type { GatewayDependencies, GatewayInstances } from './ports.ts';
import type { Exchange } from './relay.ts';

/**
 * How long a request that may be sent again waits for the news that its engine died, milliseconds. The news needs the end of
 * the whole run and a write to the disk, which a busy machine delays.
 */
const DEATH_NOTICE_MS = 5_000;

/**
 * Whether a request may be sent to the next run of its engine: it only computes, and its whole body is at hand. A body that
 * is streamed is gone once it was sent.
 *
 * @param inferencePaths See `EngineAdapter.inferencePaths`.
 */
export function maySendAgain(
  { request, path, body }: Pick<Exchange, 'request' | 'path' | 'body'>,
  inferencePaths: ReadonlySet<string>,
): boolean {
  if (request.method !== 'POST' || !inferencePaths.has(pathOnly(path))) return false;
  return body !== null || requestLength(request) === 0;
}

/**
 * Waits until it is known why an engine gave no answer.
 *
 * @returns the run, if its engine died by itself and the instance comes back; else `null`
 */
export async function lostRun(
  lease: Lease,
  callerSignal: AbortSignal,
  { instances, clock }: Pick<GatewayDependencies, 'clock'> & { instances: GatewayInstances },
): Promise<LeaseOrigin | null> {
  const { signal, origin, instance: name } = lease;
  await firstAbort([signal, callerSignal], DEATH_NOTICE_MS, clock);
  if (callerSignal.aborted || !(signal.reason instanceof EngineDied)) return null;
  const status = findInstance(instances.list(), name)?.status;
  const comesBack = status === 'restarting' || status === 'starting' || status === 'running';
  return comesBack ? origin : null;
}

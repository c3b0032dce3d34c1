import type { ServerResponse } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import type { Caller } from '../auth/caller.ts';
import type { Clock } from '../instances/ports/time.ts';
import { Moved } from '../instances/use-cases.ts';
import { watchWelcome } from './edge/welcome.ts';

/** Abort reason when the caller hung up. */
export class CallerGone extends Error {
  override readonly name = 'CallerGone';
}

/**
 * Returns a signal that aborts when a request is over: it is answered, or the caller hung up. The reason is
 * {@link CallerGone} in both cases, because after its answer a request has nothing left to abort.
 */
export function overSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  const end = (): void => controller.abort(new CallerGone('The caller hung up.'));
  if (response.destroyed) end();
  else response.once('close', end);
  return controller.signal;
}

export interface DisconnectParts {
  /** Aborts when the server stops; waiting callers then get an error. */
  shutdown: AbortSignal | undefined;
  caller: Caller | null;
  clock: Pick<Clock, 'now' | 'after'>;
}

/**
 * Returns a signal that aborts when the answer is no longer needed here. The reason says why:
 *
 * - {@link CallerGone}: the caller hung up;
 * - an `ApiError` to answer with: the credentials were revoked or expired, or the server is stopping;
 * - {@link Moved}: another server continues the request.
 */
export function disconnectSignal(response: ServerResponse, { shutdown, caller, clock }: DisconnectParts): AbortSignal {
  const controller = new AbortController();
  const onShutdown = (): void => {
    const isMoved = shutdown?.reason instanceof Moved;
    const refusal = new ApiError('SHUTTING_DOWN', 'llamactl is stopping. Ask again when it is back.');
    controller.abort(isMoved ? shutdown.reason : refusal);
  };
  if (shutdown?.aborted === true) onShutdown();
  shutdown?.addEventListener('abort', onShutdown, { once: true });
  const stopWatching = watchWelcome(caller, clock, (refusal) => controller.abort(refusal));
  response.once('close', () => {
    shutdown?.removeEventListener('abort', onShutdown);
    stopWatching();
    if (!response.writableFinished) controller.abort(new CallerGone('The caller hung up.'));
  });
  return controller.signal;
}

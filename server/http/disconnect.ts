import type { ServerResponse } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import type { Caller } from '../auth/caller.ts';
import { Moved } from '../instances/life/moved.ts';
import type { Clock } from '../instances/ports.ts';
import { watchWelcome } from './edge/welcome.ts';

/** Why a caller is no longer waited for. */
export class CallerGone extends Error {
  override readonly name = 'CallerGone';
}

export interface DisconnectParts {
  /** Aborts when waiting callers should be told that the server stops. */
  shutdown: AbortSignal | undefined;
  caller: Caller | null;
  clock: Pick<Clock, 'now' | 'after'>;
}

/**
 * Aborts when nobody waits for the answer any more: the caller hung up (the reason is {@link CallerGone}), or may not go
 * on waiting, or we are shutting down (the reason is the `ApiError` to answer with), or another server goes on with it
 * (the reason is {@link Moved}).
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

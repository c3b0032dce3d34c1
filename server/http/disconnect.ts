import type { ServerResponse } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';

/** Why a caller is no longer waited for. */
export class CallerGone extends Error {
  override readonly name = 'CallerGone';
}

/**
 * Aborts when nobody waits for the answer any more: the caller hung up (the reason is {@link CallerGone}) or we are
 * shutting down (the reason is the `ApiError` to answer with).
 */
export function disconnectSignal(response: ServerResponse, shutdown: AbortSignal | undefined): AbortSignal {
  const controller = new AbortController();
  const onShutdown = (): void =>
    controller.abort(new ApiError('SHUTTING_DOWN', 'llamactl is stopping. Ask again when it is back.'));
  if (shutdown?.aborted === true) onShutdown();
  shutdown?.addEventListener('abort', onShutdown, { once: true });
  response.once('close', () => {
    shutdown?.removeEventListener('abort', onShutdown);
    if (!response.writableFinished) controller.abort(new CallerGone('The caller hung up.'));
  });
  return controller.signal;
}

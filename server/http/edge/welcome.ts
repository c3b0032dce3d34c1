import { ApiError } from '@llamactl/contract/errors';
import type { Caller } from '../../auth/caller.ts';
import type { Clock } from '../../instances/ports/time.ts';

/**
 * Watches the credentials of a caller during a long request or WebSocket. Calls `onOver` once, when the credentials are
 * revoked or expire.
 *
 * @returns a function that stops watching; must be called
 */
export function watchWelcome(
  caller: Caller | null,
  clock: Pick<Clock, 'now' | 'after'>,
  onOver: (refusal: ApiError) => void,
): () => void {
  if (caller === null) return () => undefined;
  const { revoked, expiresAt } = caller;
  let cancel = (): void => undefined;
  const stop = (): void => {
    cancel();
    revoked.removeEventListener('abort', onRevoked);
  };
  const end = (refusal: ApiError): void => {
    stop();
    onOver(refusal);
  };
  const onRevoked = (): void => end(new ApiError('UNAUTHORIZED', 'The credentials of this request were revoked.'));
  const wait = (until: number): void => {
    const left = until - clock.now();
    if (left <= 0) end(new ApiError('TOKEN_EXPIRED', 'The credentials of this request have expired.'));
    // A timer waits for less than a month at a time.
    else cancel = clock.after(left, () => wait(until));
  };
  revoked.addEventListener('abort', onRevoked, { once: true });
  if (revoked.aborted) onRevoked();
  else if (expiresAt !== null) wait(expiresAt);
  return stop;
}

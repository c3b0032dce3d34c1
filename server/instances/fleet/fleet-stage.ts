import { ApiError } from '@llamactl/contract/errors';
import { Sealed } from '../life/mailbox.ts';
import { Moved } from '../life/moved.ts';

/** Progress of an apply. */
export interface Stage {
  /**
   * Whether changes are being written. The caller then gets their outcome even if its signal aborts: a second apply would
   * report that nothing had to be done.
   */
  isWriting: boolean;
  /** Aborted when the caller no longer waits, for any reason. */
  signal: AbortSignal | undefined;
  /** Aborted when this server must not apply the document: see {@link calledOff}. */
  calledOff: AbortSignal;
}

/**
 * Returns a signal that aborts when another server takes over the apply, or when the caller gets a refusal, which must
 * change nothing. It does not abort when the caller just leaves: the document may still be wanted, so it is applied.
 */
export function calledOff(signal: AbortSignal | undefined): AbortSignal {
  const controller = new AbortController();
  const look = (): void => {
    const reason: unknown = signal?.reason;
    if (reason instanceof Moved || reason instanceof ApiError) controller.abort(reason);
  };
  signal?.addEventListener('abort', look, { once: true });
  if (signal?.aborted === true) look();
  return controller.signal;
}

/** Returns the outcome of `work`, or rejects when the caller leaves. The work then continues, unless it is called off. */
export function unlessAborted<Value>(
  work: Promise<Value>,
  stage: Stage,
  onFault: (error: unknown, what: string) => void,
): Promise<Value> {
  const { signal } = stage;
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      if (stage.isWriting) return;
      reject(signal.reason instanceof Error ? signal.reason : new Error('no longer waited for'));
      work.catch((error: unknown) => {
        // It was called off, or the next server does it when the request is repeated.
        const isRefused = error instanceof Sealed || error instanceof Moved || error instanceof ApiError;
        if (!isRefused) onFault(error, 'apply');
      });
    };
    signal.addEventListener('abort', leave, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}

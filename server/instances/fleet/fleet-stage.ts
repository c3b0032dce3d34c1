import { ApiError } from '@llamactl/contract/errors';
import { Sealed } from '../life/mailbox.ts';
import { Moved } from '../life/moved.ts';

/** How far an apply has come. */
export interface Stage {
  /** Its outcome is waited for: who asked anew would be told that nothing had to be done. */
  isWriting: boolean;
  /** Aborted when the caller no longer waits, for whatever reason. */
  signal: AbortSignal | undefined;
  /** Aborted when the caller is told that it is not done here: see {@link calledOff}. */
  calledOff: AbortSignal;
}

/**
 * Aborts when another server was asked to do it, or the caller is answered with a refusal, which must have changed nothing.
 * Of a caller who has just left nobody knows whether the document was still wanted: it is applied.
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

/** The outcome, unless the caller leaves before. What is left behind goes on to its end, unless it is called off. */
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
        // It was called off, or another server does it if somebody asks for it again.
        const isRefused = error instanceof Sealed || error instanceof Moved || error instanceof ApiError;
        if (!isRefused) onFault(error, 'apply');
      });
    };
    signal.addEventListener('abort', leave, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}

import type { IncomingMessage, ServerResponse } from 'node:http';

/** The caller's end of one request. */
export interface Caller {
  /** Aborted when the caller's connection is gone before its answer was complete. */
  signal: AbortSignal;
  /** Stops watching. */
  release(): void;
}

/** Watches for the caller to leave. */
export function watchCaller(request: IncomingMessage, response: ServerResponse): Caller {
  const controller = new AbortController();
  const leave = (): void => {
    if (!response.writableFinished) controller.abort();
  };
  response.once('close', leave);
  // Its `close` is no event any more for a connection that was lost before we came to look.
  if (request.socket.destroyed) leave();
  return {
    signal: controller.signal,
    release: () => {
      response.removeListener('close', leave);
    },
  };
}

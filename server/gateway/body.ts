import type { IncomingMessage } from 'node:http';
import type { EngineCall } from './engine-call.ts';
import type { BodyLength } from './headers.ts';
import { requestTrailers } from './headers.ts';

/** Methods that Node, and HTTP, take to have no body unless the request says otherwise. */
const BODYLESS_METHODS = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

/** How long the body of a request will be. */
export function requestLength(request: IncomingMessage): BodyLength {
  if (request.headers['transfer-encoding'] !== undefined) return 'chunked';
  const length = request.headers['content-length'];
  if (length !== undefined) return Number(length);
  return BODYLESS_METHODS.has(request.method ?? '') ? 'none' : 0;
}

/** The body of a caller's request on its way to an engine. */
export interface Upload {
  /** The engine takes more. */
  drained(): void;
  /** Lets go of the request; what is left of its body stays unread. */
  stop(): void;
}

/**
 * Passes a body on, piece by piece as it comes, trailers too, no faster than the engine takes it.
 *
 * @param crossing Trailers that stay back, in lower case.
 */
export function upload(
  request: IncomingMessage,
  call: Pick<EngineCall, 'write' | 'end'>,
  crossing: ReadonlySet<string>,
): Upload {
  const onData = (piece: Buffer): void => {
    if (!call.write(piece)) request.pause();
  };
  const onEnd = (): void => call.end(requestTrailers(request.rawTrailers, crossing));
  request.on('data', onData);
  request.once('end', onEnd);
  return {
    drained: () => void request.resume(),
    stop: () => {
      request.off('data', onData);
      request.off('end', onEnd);
    },
  };
}

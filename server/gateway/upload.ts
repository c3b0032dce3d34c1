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

/** Pieces up to this many bytes wait for the end of the turn, so that those of one read leave together. */
const SMALL_PIECE = 4_096;

/**
 * Passes a body on as it comes, trailers too, no faster than the engine takes it.
 *
 * @param crossing Trailers that stay back, in lower case.
 * @param soon Calls what it is given at the end of this turn of the event loop.
 */
export function upload(
  request: IncomingMessage,
  call: Pick<EngineCall, 'write' | 'end'>,
  crossing: ReadonlySet<string>,
  soon: (send: () => void) => void,
): Upload {
  let small: Buffer[] = [];
  const sendSmall = (): void => {
    if (small.length === 0) return;
    const [first] = small;
    const piece = small.length === 1 && first !== undefined ? first : Buffer.concat(small);
    small = [];
    if (!call.write(piece)) request.pause();
  };
  const onData = (piece: Buffer): void => {
    if (piece.length <= SMALL_PIECE) {
      small.push(piece);
      if (small.length === 1) soon(sendSmall);
      return;
    }
    sendSmall();
    if (!call.write(piece)) request.pause();
  };
  const onEnd = (): void => {
    sendSmall();
    call.end(requestTrailers(request.rawTrailers, crossing));
  };
  request.on('data', onData);
  request.once('end', onEnd);
  return {
    drained: () => void request.resume(),
    stop: () => {
      small = [];
      request.off('data', onData);
      request.off('end', onEnd);
    },
  };
}

import type { IncomingMessage } from 'node:http';
import { requestTrailers } from './headers.ts';
import type { EngineCall } from './upstream.ts';

/** A caller's body that is being streamed to an engine. */
export interface Upload {
  /** Continues, because the engine takes more bytes. */
  drained(): void;
  /** Stops the upload; the rest of the body stays unread. */
  stop(): void;
}

/** Pieces up to this many bytes wait for the end of the turn, so that all pieces of one read are written together. */
const SMALL_PIECE = 4_096;

/**
 * Streams a body with its trailers to an engine, no faster than the engine takes it.
 *
 * @param crossing Trailers to drop, in lower case.
 * @param soon Calls its argument at the end of this turn of the event loop.
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

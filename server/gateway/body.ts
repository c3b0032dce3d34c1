import type { IncomingMessage, OutgoingMessage } from 'node:http';
import type { BodyLength } from './headers.ts';

/** Methods that Node, and HTTP, take to have no body unless the request says otherwise. */
const BODYLESS_METHODS = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

/** How long the body of a request will be. */
export function requestLength(request: IncomingMessage): BodyLength {
  if (request.headers['transfer-encoding'] !== undefined) return 'chunked';
  const length = request.headers['content-length'];
  if (length !== undefined) return Number(length);
  return BODYLESS_METHODS.has(request.method ?? '') ? 'none' : 0;
}

/** How long the body of an answer is, or for HEAD and 304 would be; `null`: not told. */
export function answerLength(answer: IncomingMessage): number | null {
  const length = answer.headers['content-length'];
  return length === undefined || answer.headers['transfer-encoding'] !== undefined ? null : Number(length);
}

/**
 * Passes a body on, chunk by chunk as it comes, trailers too, no faster than the sink takes it. The returned function
 * lets go of the source; what is left of it stays unread.
 */
export function passBody(
  source: IncomingMessage,
  sink: OutgoingMessage,
  trailers: (raw: string[]) => [string, string][],
): () => void {
  const onData = (chunk: Buffer): void => {
    if (!sink.write(chunk)) source.pause();
  };
  const onDrain = (): void => {
    source.resume();
  };
  const onEnd = (): void => {
    const passed = trailers(source.rawTrailers);
    if (passed.length > 0) sink.addTrailers(passed);
    sink.end();
  };
  source.on('data', onData);
  source.once('end', onEnd);
  sink.on('drain', onDrain);
  return () => {
    source.off('data', onData);
    source.off('end', onEnd);
    sink.off('drain', onDrain);
  };
}

/** Resolves when the answer has passed to its last byte; rejects when either side broke before. */
export function passed(source: IncomingMessage, sink: OutgoingMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    sink.once('finish', resolve);
    sink.once('error', reject);
    sink.once('close', () => reject(new Error('the caller left')));
    source.once('error', reject);
    source.once('close', () => {
      if (!source.complete) reject(new Error('the engine broke off in the middle of its answer'));
    });
    if (source.destroyed && !source.complete) reject(new Error('the engine broke off in the middle of its answer'));
  });
}

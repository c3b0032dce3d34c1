import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests of one connection that may be without their answer at once. Browsers and client libraries send one. */
const MOST_UNANSWERED = 32;
/** Chunks of a body that may have any length. */
const FREE_CHUNKS = 4_096;
/** Bytes that they have on average where there are more. A chunk that two reads bring counts twice. */
const LEAST_AVERAGE = 64;

/** The code of the error for a body in chunks that are too small. */
export const SMALL_CHUNKS = 'ERR_SMALL_CHUNKS';

/**
 * Bounds the work that one connection can make in one turn of the event loop. Node hands over everything that one read of
 * the socket brings: 1 500 pipelined requests held all other callers for 0.6 s, and a body in chunks of one byte cost
 * hundreds of megabytes, without any credentials.
 */
export class ConnectionBounds {
  readonly #refuse: (error: Error, socket: Socket) => void;
  readonly #unanswered = new WeakMap<Socket, { count: number }>();

  /** @param refuse Answers an error of the parser's kind, and ends the connection. */
  constructor(refuse: (error: Error, socket: Socket) => void) {
    this.#refuse = refuse;
  }

  /** For every request, before anything is done for it. False: its connection is ended, and the request is not served. */
  admit(request: IncomingMessage, response: ServerResponse): boolean {
    const { socket } = request;
    const unanswered = this.#unanswered.get(socket) ?? this.#first(socket);
    if (unanswered.count >= MOST_UNANSWERED || socket.destroyed) {
      socket.destroy();
      return false;
    }
    unanswered.count += 1;
    // `close` comes once, and `once` would cost three objects more.
    response.on('close', () => (unanswered.count -= 1));
    if (request.headers['transfer-encoding'] !== undefined) this.#boundChunks(request, response);
    return true;
  }

  #first(socket: Socket): { count: number } {
    const unanswered = { count: 0 };
    this.#unanswered.set(socket, unanswered);
    return unanswered;
  }

  /** Every chunk comes to a request by its `push`. */
  #boundChunks(request: IncomingMessage, response: ServerResponse): void {
    // Once a request has its answer, Node drops a body that was never read, past `push`. So it is read once, and resumed here.
    request.read(0);
    response.once('finish', () => {
      if (!request.complete) request.resume();
    });
    const push = request.push.bind(request);
    let chunks = 0;
    let bytes = 0;
    request.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
      if (chunk === null) return push(chunk, encoding);
      chunks += 1;
      bytes += chunk.byteLength;
      if (chunks <= FREE_CHUNKS || bytes >= chunks * LEAST_AVERAGE) return push(chunk, encoding);
      if (!request.destroyed) {
        const head = Buffer.from(`${request.method ?? 'GET'} ${request.url ?? '/'} HTTP/1.1\r\n`, 'latin1');
        const error = new Error('the chunks of the body are too small');
        this.#refuse(Object.assign(error, { code: SMALL_CHUNKS, rawPacket: head }), request.socket);
      }
      // What is left of this read is dropped.
      request.push = () => true;
      return true;
    };
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../instances/ports/time.ts';

/** Most unanswered requests of one connection. Browsers and client libraries send one at a time. */
const MOST_UNANSWERED = 32;
/** Chunks of a body that may have any size. */
const FREE_CHUNKS = 4_096;
/**
 * Least average size, in bytes, of the chunks of a body with more than {@link FREE_CHUNKS}. A chunk that arrives in two
 * reads counts twice.
 */
const LEAST_AVERAGE = 64;

/** The code of the error for a body in chunks that are too small. */
export const SMALL_CHUNKS = 'ERR_SMALL_CHUNKS';

/**
 * Limits the work that one connection can cause in one turn of the event loop: Node processes everything that one read
 * of the socket returns. Without the limit, 1 500 pipelined requests blocked all other callers for 0.6 s, and a body in
 * chunks of one byte cost hundreds of megabytes. Neither needed credentials.
 */
export class ConnectionBounds {
  readonly #refuse: (error: Error, socket: Socket) => void;
  readonly #unanswered = new WeakMap<Socket, { count: number }>();

  /** @param refuse Answers an error like one of the parser, and closes the connection. */
  constructor(refuse: (error: Error, socket: Socket) => void) {
    this.#refuse = refuse;
  }

  /**
   * Checks every request before it is processed. False: its connection is closed, and the request must not be served.
   */
  admit(request: IncomingMessage, response: ServerResponse): boolean {
    const { socket } = request;
    const unanswered = this.#unanswered.get(socket) ?? this.#first(socket);
    if (unanswered.count >= MOST_UNANSWERED || socket.destroyed) {
      socket.destroy();
      return false;
    }
    unanswered.count += 1;
    // `close` is emitted once; `once` would allocate three more objects.
    response.on('close', () => (unanswered.count -= 1));
    if (request.headers['transfer-encoding'] !== undefined) this.#boundChunks(request, response);
    return true;
  }

  #first(socket: Socket): { count: number } {
    const unanswered = { count: 0 };
    this.#unanswered.set(socket, unanswered);
    return unanswered;
  }

  /** Counts the chunks of a body. Node delivers every chunk with `push`. */
  #boundChunks(request: IncomingMessage, response: ServerResponse): void {
    // When a request is answered, Node drops a body that was never read without calling `push`. So read once here, and
    // resume after the answer.
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
      // Drop the rest of this read.
      request.push = () => true;
      return true;
    };
  }
}

/**
 * Limits bodies that still arrive after the answer to their request. Node would read and drop them without a time
 * limit.
 */
export class UnreadBodies {
  readonly #clock: Clock;
  readonly #limit: number;
  /** The last request of each connection that was answered before its body had ended. */
  readonly #answered = new WeakMap<Socket, IncomingMessage>();

  /** @param limit Milliseconds that such a body may take before its connection is closed. */
  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /**
   * Watches a request; call it for every request.
   *
   * If a body that came with its head is refused at once, the answer may finish before Node has noted the end of the
   * body. Nothing reads such a request to its end, so it emits no `close`. Its timer once cut the connection a minute
   * later, in the middle of another answer.
   */
  watch(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    this.#answered.delete(socket);
    response.once('finish', () => {
      if (request.complete) return;
      this.#answered.set(socket, request);
      const cancel = this.#clock.after(this.#limit, () => {
        if (!request.complete) socket.destroy();
      });
      request.once('close', cancel);
    });
  }

  /**
   * Whether incoming bytes belong to a request that is already answered. The client would take a second answer for that of
   * its next request.
   */
  isOf(socket: Socket): boolean {
    return this.#answered.get(socket)?.complete === false;
  }
}

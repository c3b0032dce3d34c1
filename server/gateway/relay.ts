import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import type { Clock } from '../instances/ports/time.ts';
import type { Lease } from '../instances/slots/leases.ts';
import { resetConnection } from '../reset-connection.ts';
import type { AnswerHead } from './answer-parser.ts';
import { type RawHeaders, requestHeaders, requestLength, responseHeaders, responseTrailers } from './headers.ts';
import type { HeldBody } from './held-body.ts';
import type { HeldStream } from './loading-keepalive.ts';
import type { StalledReaders, WaitingAnswer } from './stalled-readers.ts';
import { upload, type Upload } from './upload.ts';
import type { AnswerReceiver, EngineCall, RequestBody, TurnEnd, Upstream } from './upstream.ts';

/** Thrown when the engine gave no answer and nothing was sent to the caller yet. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** One request to an engine, and the caller's answer. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  /** Path and query as the engine gets them, byte for byte. */
  path: string;
  /** The request's body if it was read; released as soon as the answer begins. `null`: the body is streamed. */
  body: HeldBody | null;
  requestId: string;
  /** Headers that llamactl sends with every answer. */
  headers: RawHeaders;
  /** Request headers to drop, in lower case. */
  crossing: ReadonlySet<string>;
  /** Aborted when the caller has left. */
  callerSignal: AbortSignal;
  /** Observes the answer. */
  observer?: AnswerObserver;
  /** The answer, if it may have begun before an engine was leased. */
  held?: HeldStream | null;
}

/** Observes an answer as the engine sent it. If the observer throws, the answer breaks off. */
export interface AnswerObserver {
  head(status: number, rawHeaders: RawHeaders): void;
  /** Receives a part of the body. The bytes are overwritten as soon as this method returns. */
  bytes(bytes: Buffer): void;
}

/** Shortest interval between two 102 answers that pass: short enough for a proxy that closes silent connections. */
const INFORMATION_MS = 1_000;
/** Parts of an answer up to this many bytes are copied as text, which Node writes together with the text before it. */
const LONGEST_TEXT = 16_384;

/**
 * Passes a request to the leased engine and streams its answer back.
 *
 * Resolves when the last byte was sent or the answer broke off. If the answer broke off, breaks the caller's connection
 * too: after a clean end, a truncated answer would look complete. Once the promise settles, the engine no longer works
 * on the request, and the rest of the request's body is discarded.
 *
 * @throws {NoAnswer} as a rejection, if the engine fails while the caller can still get an error
 */
export function relay(exchange: Exchange, lease: Lease, shared: RelayServices): Promise<void> {
  return new Promise((resolve, reject) => {
    new Passage(exchange, lease, { resolve, reject }, shared).begin();
  });
}

/** Objects that all requests in flight share. */
export interface RelayServices {
  upstream: Upstream;
  turnEnd: TurnEnd;
  stalledReaders: StalledReaders;
  clock: Pick<Clock, 'elapsed'>;
}

class Passage implements AnswerReceiver, WaitingAnswer {
  readonly #exchange: Exchange;
  readonly #lease: Lease;
  readonly #settle: { resolve: () => void; reject: (error: Error) => void };
  readonly #shared: RelayServices;
  #call: EngineCall | null = null;
  #upload: Upload | null = null;
  /** The head was written to the connection, not only set on the response. */
  #isHeadSent = false;
  #isWaiting = false;
  /** Stops watching a caller for which bytes wait. `null`: the caller is not watched. */
  #unwatch: (() => void) | null = null;
  /** When the last 102 passed, by the clock's `elapsed`. */
  #informedAt = Number.NEGATIVE_INFINITY;
  #isOver = false;
  /** How the engine's answer continues a stream that began with comments. */
  #goesOn: 'not yet' | 'as it comes' | 'as one event' = 'not yet';

  constructor(
    exchange: Exchange,
    lease: Lease,
    settle: { resolve: () => void; reject: (error: Error) => void },
    shared: RelayServices,
  ) {
    this.#exchange = exchange;
    this.#lease = lease;
    this.#settle = settle;
    this.#shared = shared;
  }

  begin(): void {
    const { request, path, callerSignal, crossing } = this.#exchange;
    const { target, signal } = this.#lease;
    callerSignal.addEventListener('abort', this.#onAbort);
    signal.addEventListener('abort', this.#onAbort);
    if (callerSignal.aborted || signal.aborted) return this.#onAbort();
    try {
      const { headers, body } = this.#message(this.#exchange.body);
      this.#call = this.#shared.upstream.call({ target, method: request.method ?? 'GET', path, headers, body }, this);
      if (body === 'sized' || body === 'chunked') {
        this.#upload = upload(request, this.#call, crossing, (send) => this.#shared.turnEnd.add(send));
      }
    } catch (error) {
      this.failed(error);
    }
  }

  #message(body: HeldBody | null): { headers: string[]; body: RequestBody } {
    const { request, requestId, crossing } = this.#exchange;
    const { port, key } = this.#lease.target;
    const length = body === null ? requestLength(request) : body.byteLength;
    const peer = request.socket.remoteAddress;
    const headers = requestHeaders(request.rawHeaders, { requestId, port, key, peer, body: length, crossing });
    if (body !== null) return { headers, body };
    if (length === 'none' || length === 'chunked') return { headers, body: length };
    return { headers, body: length === 0 ? 'none' : 'sized' };
  }

  /**
   * Passes a 102, which says that the engine is still at work. At most one a second passes, and none while bytes wait for
   * the caller: an engine may send any number, and unread ones would fill the memory of this process. Drops 100, which
   * llamactl itself has sent, and 103, which concerns pages. HTTP/1.0 has no interim answers.
   */
  information(status: number): void {
    const { request, response } = this.#exchange;
    if (status !== 102 || request.httpVersionMinor === 0 || response.headersSent) return;
    const now = this.#shared.clock.elapsed();
    if (now - this.#informedAt < INFORMATION_MS || response.socket?.writableLength !== 0) return;
    this.#informedAt = now;
    response.writeProcessing();
  }

  get connection(): Socket | null {
    return this.#exchange.response.socket;
  }

  /** Resets the caller's connection, which ends the request as if the caller had left. */
  stalled(): void {
    this.#unwatch = null;
    resetConnection(this.#exchange.request.socket);
  }

  head({ status, phrase, rawHeaders, length }: AnswerHead): void {
    const { request, response, headers, body, observer, held } = this.#exchange;
    // From here on the request is not sent again.
    body?.release();
    observer?.head(status, rawHeaders);
    this.#lease.begun();
    response.once('error', this.#onCallerLost);
    if (held?.hasBegun === true) {
      this.#goesOn = held.accepts(status, rawHeaders) ? 'as it comes' : 'as one event';
      this.#isHeadSent = true;
      return;
    }
    const facts = { status, method: request.method ?? 'GET', length };
    response.writeHead(status, phrase, responseHeaders(rawHeaders, headers, facts));
    // A body of known length is written together with the head.
    this.#isHeadSent = length !== null;
  }

  data(bytes: Buffer): void {
    const { observer, held } = this.#exchange;
    observer?.bytes(bytes);
    this.#lease.passed(bytes);
    if (this.#goesOn === 'as one event') return held?.collect(bytes);
    const crowded = this.#write(bytes);
    if (crowded === null) return;
    this.#call?.pause();
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#watch();
    crowded.once('drain', this.#onDrain);
  }

  /** Writes bytes to the caller. @returns the stream whose `drain` to wait for; `null`: more can be written at once */
  #write(bytes: Buffer): Writable | null {
    const { response } = this.#exchange;
    const { socket } = response;
    const isShort = bytes.length <= LONGEST_TEXT;
    const text = isShort ? bytes.toString('latin1') : '';
    // Node writes a chunk in four pieces, which costs a seventh more than one piece. The response has no socket while an
    // earlier answer is being written, and a socket that the caller has half closed is not writable.
    if (isShort && this.#isHeadSent && response.chunkedEncoding && socket?.writable === true) {
      return socket.write(`${bytes.length.toString(16)}\r\n${text}\r\n`, 'latin1') ? null : socket;
    }
    this.#isHeadSent = true;
    const isWelcome = isShort ? response.write(text, 'latin1') : response.write(Buffer.from(bytes));
    return isWelcome ? null : response;
  }

  end(bytes: Buffer, rawTrailers: string[]): void {
    const { response, observer, held } = this.#exchange;
    if (this.#goesOn === 'as one event') {
      observer?.bytes(bytes);
      this.#stopUpload();
      response.once('finish', this.#onFinish);
      held?.collect(bytes);
      held?.end();
      return this.#watchTheRest();
    }
    const trailers = responseTrailers(rawTrailers);
    if (trailers.length > 0) response.addTrailers(trailers);
    this.#stopUpload();
    response.once('finish', this.#onFinish);
    if (bytes.length > 0) observer?.bytes(bytes);
    if (bytes.length > LONGEST_TEXT) {
      response.end(Buffer.from(bytes));
      return this.#watchTheRest();
    }
    const text = bytes.toString('latin1');
    this.#shared.turnEnd.add(() => {
      if (this.#isOver) return;
      if (text === '') response.end();
      else response.end(text, 'latin1');
      this.#watchTheRest();
    });
  }

  /** Sends the head now if no part of the body came with it, because a stream may be silent after its head. */
  settled(): void {
    const { response } = this.#exchange;
    if (this.#isHeadSent || !response.headersSent) return;
    this.#isHeadSent = true;
    response.flushHeaders();
  }

  drained(): void {
    this.#upload?.drained();
  }

  failed(cause: unknown): void {
    if (this.#isOver) return;
    const { response, held } = this.#exchange;
    // An answer that began before the engine's can still end with an error.
    const hasBegun = held?.hasBegun === true ? this.#goesOn !== 'not yet' : response.headersSent;
    this.#close();
    if (hasBegun) {
      breakConnection(this.#exchange);
      this.#settle.resolve();
    } else this.#settle.reject(new NoAnswer('no answer from the engine', { cause }));
  }

  #onFinish = (): void => {
    if (this.#isOver) return;
    this.#close();
    this.#settle.resolve();
  };

  #onDrain = (): void => {
    this.#isWaiting = false;
    this.#unwatch?.();
    this.#unwatch = null;
    this.#call?.resume();
  };

  /** Watches the caller while the last bytes of a complete answer wait for it. */
  #watchTheRest(): void {
    if (this.#exchange.response.socket?.writableLength !== 0) this.#watch();
  }

  /**
   * Watches a caller that has a TCP connection: only TCP shows how far the caller reads. A request through the door of a
   * reload has a Unix socket, behind which the other server buffers megabytes for a slow caller.
   */
  #watch(): void {
    if (this.#exchange.request.socket.localPort === undefined) return;
    this.#unwatch ??= this.#shared.stalledReaders.watch(this);
  }

  #onAbort = (): void => this.failed(new Error('the lease or the caller ended'));

  #onCallerLost = (error: Error): void => this.failed(error);

  #close(): void {
    const { request, response, callerSignal } = this.#exchange;
    this.#isOver = true;
    this.#unwatch?.();
    this.#unwatch = null;
    callerSignal.removeEventListener('abort', this.#onAbort);
    this.#lease.signal.removeEventListener('abort', this.#onAbort);
    response.off('finish', this.#onFinish);
    response.off('drain', this.#onDrain);
    request.socket.off('drain', this.#onDrain);
    this.#call?.destroy();
    this.#stopUpload();
    // The `error` listener of the response stays: an error of the closed connection must have a listener.
    request.resume();
  }

  /** Discards the rest of a body that the engine did not read, so that the caller reads the answer. */
  #stopUpload(): void {
    if (this.#upload === null) return;
    this.#upload.stop();
    this.#upload = null;
    this.#exchange.request.resume();
  }
}

/** Breaks off an answer. HTTP/1.0 has no chunks, so only a reset shows that the answer is incomplete. */
function breakConnection({ request, response }: Exchange): void {
  if (request.httpVersionMinor === 0) resetConnection(request.socket);
  else response.destroy();
}

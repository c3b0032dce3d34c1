import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import type { Lease } from '../instances/slots/leases.ts';
import { resetConnection } from '../reset-connection.ts';
import type { Clock } from '../instances/ports.ts';
import type { AnswerHead } from './answer-head.ts';
import { requestLength, upload, type Upload } from './upload.ts';
import type { AnswerReceiver, EngineCall, RequestBody } from './engine-call.ts';
import type { HeldBody } from './held-body.ts';
import type { HeldStream } from './loading-keepalive.ts';
import { type RawHeaders, requestHeaders, responseHeaders, responseTrailers } from './headers.ts';
import { NoAnswer } from './no-answer.ts';
import type { StalledReaders, WaitingAnswer } from './stalled-readers.ts';
import type { TurnEnd } from './turn-end.ts';
import type { Upstream } from './upstream.ts';

export { NoAnswer } from './no-answer.ts';

/** One request on its way to an engine. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  /** Path and query as the engine gets them, byte for byte. */
  path: string;
  /** The request's body where it had to be read, released as soon as the answer begins; `null`: it is still to be streamed. */
  body: HeldBody | null;
  requestId: string;
  /** What we say with every answer. */
  headers: RawHeaders;
  /** Request headers that the engine does not get, in lower case. */
  crossing: ReadonlySet<string>;
  /** Aborted when the caller has left. */
  callerSignal: AbortSignal;
  /** Sees the answer pass. */
  observer?: AnswerObserver;
  /** The answer, if it may have begun before there was an engine for it. */
  held?: HeldStream | null;
}

/** Sees an answer pass, as the engine gave it. What it throws breaks the answer. */
export interface AnswerObserver {
  head(status: number, rawHeaders: RawHeaders): void;
  /** Part of the body; the bytes are overwritten as soon as this returns. */
  bytes(bytes: Buffer): void;
}

/** Between two 102 that pass: often enough for a proxy that gives up on a silent connection. */
const INFORMATION_MS = 1_000;
/** Parts of an answer up to here are copied as text, which Node writes in one piece with what stands before it. */
const LONGEST_TEXT = 16_384;

/**
 * Passes a request to the leased engine and its answer back, both as they come. Resolves when the last byte has passed,
 * or the answer broke off: then the caller's connection is broken too, because a clean end would make a truncated answer
 * look whole. Throws {@link NoAnswer} while the caller can still be told. In any case the engine works on it no more,
 * and the request's body is read or being discarded.
 */
export function relay(exchange: Exchange, lease: Lease, ways: Ways): Promise<void> {
  return new Promise((resolve, reject) => {
    new Passage(exchange, lease, { resolve, reject }, ways).begin();
  });
}

/** What all requests on their way share. */
interface Ways {
  upstream: Upstream;
  turnEnd: TurnEnd;
  stalledReaders: StalledReaders;
  clock: Pick<Clock, 'elapsed'>;
}

class Passage implements AnswerReceiver, WaitingAnswer {
  readonly #exchange: Exchange;
  readonly #lease: Lease;
  readonly #settle: { resolve: () => void; reject: (error: Error) => void };
  readonly #ways: Ways;
  #call: EngineCall | null = null;
  #upload: Upload | null = null;
  /** The head is on its way to the caller too, not only set. */
  #isHeadSent = false;
  #isWaiting = false;
  /** Bytes wait for the caller, and it is watched for taking them. */
  #unwatch: (() => void) | null = null;
  /** When the last 102 passed, by the clock's `elapsed`. */
  #informedAt = Number.NEGATIVE_INFINITY;
  #isOver = false;
  /** Of an answer that has begun without the engine: what becomes of the engine's. */
  #goesOn: 'not yet' | 'as it comes' | 'as one event' = 'not yet';

  constructor(
    exchange: Exchange,
    lease: Lease,
    settle: { resolve: () => void; reject: (error: Error) => void },
    ways: Ways,
  ) {
    this.#exchange = exchange;
    this.#lease = lease;
    this.#settle = settle;
    this.#ways = ways;
  }

  begin(): void {
    const { request, path, callerSignal, crossing } = this.#exchange;
    const { target, signal } = this.#lease;
    callerSignal.addEventListener('abort', this.#onAbort);
    signal.addEventListener('abort', this.#onAbort);
    if (callerSignal.aborted || signal.aborted) return this.#onAbort();
    try {
      const { headers, body } = this.#message(this.#exchange.body);
      this.#call = this.#ways.upstream.call({ target, method: request.method ?? 'GET', path, headers, body }, this);
      if (body === 'sized' || body === 'chunked') {
        this.#upload = upload(request, this.#call, crossing, (send) => this.#ways.turnEnd.add(send));
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
   * 102 says that the engine is still at work. One a second passes, and none while bytes wait for the caller: an engine may
   * send any number, and what the caller does not read would grow our memory. 100 was ours to say, and has been said; 103
   * is about pages. HTTP/1.0 knows none of them.
   */
  information(status: number): void {
    const { request, response } = this.#exchange;
    if (status !== 102 || request.httpVersionMinor === 0 || response.headersSent) return;
    const now = this.#ways.clock.elapsed();
    if (now - this.#informedAt < INFORMATION_MS || response.socket?.writableLength !== 0) return;
    this.#informedAt = now;
    response.writeProcessing();
  }

  get connection(): Socket | null {
    return this.#exchange.response.socket;
  }

  /** Ends the caller's connection, which ends everything else: the caller has left. */
  stalled(): void {
    this.#unwatch = null;
    resetConnection(this.#exchange.request.socket);
  }

  head({ status, phrase, rawHeaders, length }: AnswerHead): void {
    const { request, response, headers, body, observer, held } = this.#exchange;
    // Nothing is sent again from here on.
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
    // a body of known length brings its head along
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

  /** @returns what tells when more is welcome; `null`: it is at once */
  #write(bytes: Buffer): Writable | null {
    const { response } = this.#exchange;
    const { socket } = response;
    const isShort = bytes.length <= LONGEST_TEXT;
    const text = isShort ? bytes.toString('latin1') : '';
    // Node writes a chunk in four pieces, which costs a seventh more than one. While an answer before is written there is no
    // socket yet, and one that its caller has half closed takes no more.
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
    this.#ways.turnEnd.add(() => {
      if (this.#isOver) return;
      if (text === '') response.end();
      else response.end(text, 'latin1');
      this.#watchTheRest();
    });
  }

  /** A stream may be silent after its head. */
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
    // What was begun without the engine can still tell that it does not answer.
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

  /** The end of an answer waits in the same way, although nothing follows it. */
  #watchTheRest(): void {
    if (this.#exchange.response.socket?.writableLength !== 0) this.#watch();
  }

  /**
   * Only a TCP connection tells how far its caller reads. A request that comes through the door of a reload has a Unix socket:
   * behind that the other server holds megabytes for a slow caller.
   */
  #watch(): void {
    if (this.#exchange.request.socket.localPort === undefined) return;
    this.#unwatch ??= this.#ways.stalledReaders.watch(this);
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
    // an error of a connection that has been given up must still be heard by somebody, so that listener stays
    request.resume();
  }

  /** What is left of a body that the engine did not want is read, so that the caller gets to the answer. */
  #stopUpload(): void {
    if (this.#upload === null) return;
    this.#upload.stop();
    this.#upload = null;
    this.#exchange.request.resume();
  }
}

/** Without chunks the end of an HTTP/1.0 answer is the end of the connection: only a reset tells it from a clean one. */
function breakConnection({ request, response }: Exchange): void {
  if (request.httpVersionMinor === 0) resetConnection(request.socket);
  else response.destroy();
}

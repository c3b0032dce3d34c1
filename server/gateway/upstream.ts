import type { Clock } from '../instances/ports/time.ts';
import { type AnswerEvents, AnswerParser, MalformedAnswer } from './answer-parser.ts';
import { type ConnectionUser, type Engine, type EngineConnection, IdleConnections } from './engine-connection.ts';
import { chunkedEnd, type RawHeaders, requestHead } from './headers.ts';
import type { GiveBack, HeldBody } from './held-body.ts';

/** One request to an engine on this machine. */
export interface EngineRequest {
  target: Engine;
  method: string;
  /** Path and query, byte for byte. */
  path: string;
  /** All headers, with `Host` and the framing of the body. */
  headers: RawHeaders;
  body: RequestBody;
}

/** Size of the read buffer: as much as Node reads at once elsewhere. */
const READ_SIZE = 65_536;

/** Sends HTTP/1.1 requests to engines, and keeps connections to them. */
export class Upstream {
  readonly #shared: ConnectionStock;

  constructor(clock: Pick<Clock, 'after' | 'elapsed' | 'nextTurn'>, turnEnd: TurnEnd) {
    this.#shared = { turnEnd, idle: new IdleConnections(clock), buffer: Buffer.allocUnsafeSlow(READ_SIZE) };
  }

  /** Sends a request. @throws {TypeError} like {@link requestHead} */
  call({ target, method, path, headers, body }: EngineRequest, receiver: AnswerReceiver): EngineCall {
    const connections = new ConnectionsTo(target, this.#shared);
    return new EngineCall({ method, head: requestHead(method, path, headers), body }, receiver, connections);
  }

  /** Closes the idle connections, and keeps none from now on. */
  close(): void {
    this.#shared.idle.close();
  }
}

/** Objects that all calls share. */
interface ConnectionStock {
  turnEnd: TurnEnd;
  idle: IdleConnections;
  /** The buffer into which all connections read. */
  buffer: Buffer;
}

/** Gives connections to one call, and takes them back. */
class ConnectionsTo {
  readonly #target: Engine;
  readonly #shared: ConnectionStock;
  #isWatched = true;

  constructor(target: Engine, shared: ConnectionStock) {
    this.#target = target;
    this.#shared = shared;
  }

  /** Opens a connection for this user. */
  fresh(user: ConnectionUser): EngineConnection {
    return this.#shared.idle.open(this.#target, this.#shared.buffer, user);
  }

  /** Returns an idle connection for this user; `null`: none can be used. */
  reused(user: ConnectionUser): EngineConnection | null {
    const { idle, turnEnd } = this.#shared;
    const rested = idle.take(this.#target);
    if (rested === null) return null;
    this.#isWatched = rested.since < turnEnd.endedAt;
    rested.connection.use(user);
    return rested.connection;
  }

  keep(connection: EngineConnection): void {
    this.#shared.idle.keep(this.#target, connection);
  }

  /**
   * Calls `send` at the end of this turn of the event loop. If no turn has ended since the connection's rest, waits for
   * the end of the next turn. Bytes that arrived during the rest are then read first.
   */
  soon(send: () => void): void {
    const { turnEnd } = this.#shared;
    turnEnd.add(this.#isWatched ? send : () => turnEnd.add(send));
  }
}

/** Receives an answer. The last call is `end` or `failed`, once. */
export interface AnswerReceiver extends AnswerEvents {
  /** Called after all events of one read, unless the answer is complete. */
  settled(): void;
  /** Called when more of the request's body can be written. */
  drained(): void;
  /** Called when the engine cannot be reached, breaks off its answer, or does not speak HTTP. */
  failed(error: unknown): void;
}

/** The body of a request: either all of it, or how the pieces that are written later are framed. */
export type RequestBody = HeldBody | 'none' | 'sized' | 'chunked';

/** A request as the engine gets it. */
export interface SentRequest {
  method: string;
  /** Request line, headers and blank line. */
  head: string;
  body: RequestBody;
}

/** Bodies up to this many bytes are written together with their head. */
const SMALL_BODY = 16_384;
/** Bytes of a held body that are written in one turn of the event loop. */
const WRITTEN_AT_ONCE = 1_048_576;
const NO_BYTES = Buffer.alloc(0);
const NOTHING_LENT: GiveBack = () => undefined;

/** One request to an engine and its answer. */
export class EngineCall implements ConnectionUser {
  readonly #request: SentRequest;
  readonly #receiver: AnswerReceiver;
  readonly #connections: ConnectionsTo;
  readonly #parser: AnswerParser;
  #connection: EngineConnection;
  #isReused: boolean;
  #hasBegun = false;
  #isSent: boolean;
  #giveBack: GiveBack = NOTHING_LENT;
  /** Number of pieces of a held body that were written. */
  #written = 0;
  /** The request waits to be written at the end of this turn. */
  #isHeld: boolean;
  #isOver = false;

  constructor(request: SentRequest, receiver: AnswerReceiver, connections: ConnectionsTo) {
    this.#request = request;
    this.#receiver = receiver;
    this.#connections = connections;
    this.#parser = new AnswerParser(request.method, false, receiver);
    const isHeld = request.body === 'none' || typeof request.body !== 'string';
    this.#isSent = request.body === 'none';
    // A kept connection may have died unnoticed, so only a request that can be sent twice uses one.
    const reused = isHeld ? connections.reused(this) : null;
    this.#isReused = reused !== null;
    this.#connection = reused ?? connections.fresh(this);
    this.#isHeld = isHeld;
    if (this.#isHeld) connections.soon(this.#sendHeld);
    else this.#send();
  }

  /** Writes a piece of a body that was announced as `sized` or `chunked`. @returns `false`: wait for `drained` */
  write(piece: Buffer): boolean {
    if (this.#isOver || piece.length === 0) return true;
    if (this.#request.body !== 'chunked') return this.#connection.write(piece);
    let isWelcome = true;
    this.#connection.together(() => {
      this.#connection.write(`${piece.length.toString(16)}\r\n`);
      this.#connection.write(piece);
      isWelcome = this.#connection.write('\r\n');
    });
    return isWelcome;
  }

  /** Ends a body that was announced as `sized` or `chunked`. */
  end(trailers: readonly (readonly [string, string])[]): void {
    if (this.#isOver) return;
    if (this.#request.body === 'chunked') this.#connection.write(chunkedEnd(trailers));
    this.#isSent = true;
  }

  /** Stops reading the answer until `resume`. */
  pause(): void {
    if (!this.#isOver) this.#connection.pause();
  }

  resume(): void {
    if (!this.#isOver) this.#connection.resume();
  }

  /** Closes the connection at once, which makes the engine stop working. The receiver gets no further calls. */
  destroy(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#connection.destroy();
  }

  received(bytes: Buffer): void {
    // Bytes that arrive on a kept connection before the request is sent do not answer it. They may be a timeout notice.
    if (this.#isHeld && this.#retries()) return;
    this.#hasBegun = true;
    try {
      this.#parser.push(bytes);
      if (this.#isOver) return;
      if (this.#parser.isComplete) this.#leave();
      else this.#receiver.settled();
    } catch (error) {
      this.#fail(error);
    }
  }

  drained(): void {
    if (typeof this.#request.body === 'string') this.#receiver.drained();
    else if (!this.#isHeld && !this.#isSent) this.#connections.soon(this.#sendMore);
  }

  ended(): void {
    if (this.#retries()) return;
    try {
      this.#parser.finish();
      this.destroy();
    } catch (error) {
      this.#fail(error);
    }
  }

  closed(error: Error | null): void {
    if (!this.#retries()) this.#fail(error ?? new MalformedAnswer('the engine closed the connection'));
  }

  #sendHeld = (): void => {
    this.#isHeld = false;
    if (!this.#isOver) this.#send();
  };

  #send(): void {
    const { head, body } = this.#request;
    if (typeof body === 'string') this.#connection.write(head);
    else if (body.byteLength <= SMALL_BODY) {
      this.#isSent = true;
      this.#connection.write(head + body.text(0, body.byteLength, 'latin1'));
    } else this.#sendLarge(head, body);
  }

  #sendLarge(head: string, body: HeldBody): void {
    this.#giveBack = body.lend();
    // The system may still read the bytes after the connection is destroyed, so they stay lent until it is closed.
    this.#connection.onceClosed(this.#giveBack);
    this.#isSent = false;
    this.#written = 0;
    this.#connection.together(() => {
      this.#connection.write(head);
      this.#sendMore();
    });
  }

  #sendMore = (): void => {
    const { body } = this.#request;
    if (this.#isOver || this.#isSent || typeof body === 'string') return;
    const { pieces } = body;
    this.#connection.together(() => {
      for (let bytes = 0; bytes < WRITTEN_AT_ONCE && this.#written < pieces.length; this.#written += 1) {
        const piece = pieces[this.#written] ?? NO_BYTES;
        bytes += piece.byteLength;
        this.#isSent = this.#written === pieces.length - 1;
        if (this.#isSent) this.#connection.writeLast(piece, this.#giveBack);
        else this.#connection.write(piece);
      }
    });
  };

  /**
   * Sends the request once more on a fresh connection, if the engine had closed the kept connection before the request.
   *
   * @returns whether the request is sent again
   */
  #retries(): boolean {
    if (!this.#isReused || this.#hasBegun || this.#isOver) return false;
    this.#isReused = false;
    const { body } = this.#request;
    // The body was sent, and its memory was freed for another request.
    if (typeof body !== 'string' && !body.isHeld) return false;
    this.#connection.destroy();
    this.#connection = this.#connections.fresh(this);
    if (!this.#isHeld) this.#send();
    return true;
  }

  #leave(): void {
    this.#isOver = true;
    const isFit = this.#parser.leavesConnection && this.#isSent && this.#connection.isFlushed;
    if (isFit) this.#connections.keep(this.#connection);
    else this.#connection.destroy();
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.destroy();
    this.#receiver.failed(error);
  }
}

/**
 * Collects writes and runs them at the end of a turn of the event loop, one after the other. The first write wakes the
 * reader on another core, which costs more than the write itself; the others find the reader awake. This halves the cost of
 * writes in a busy gateway.
 */
export class TurnEnd {
  readonly #clock: Pick<Clock, 'elapsed' | 'nextTurn'>;
  #writes: (() => void)[] = [];
  #endedAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, 'elapsed' | 'nextTurn'>) {
    this.#clock = clock;
  }

  /**
   * End of the last turn with writes, by the clock's `elapsed`. Bytes that had arrived on a socket by then are read in the
   * current turn, before its end.
   */
  get endedAt(): number {
    return this.#endedAt;
  }

  /** Runs `write` at the end of this turn. @param write Must not throw. */
  add(write: () => void): void {
    if (this.#writes.push(write) === 1) this.#clock.nextTurn(this.#writeAll);
  }

  #writeAll = (): void => {
    const writes = this.#writes;
    this.#writes = [];
    this.#endedAt = this.#clock.elapsed();
    for (const write of writes) write();
  };
}

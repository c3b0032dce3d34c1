import { connect, type Socket } from 'node:net';
import type { EngineTarget } from '../instances/ports/engine-endpoint.ts';
import type { PortWitness } from '../instances/ports/listening-ports.ts';
import type { Clock } from '../instances/ports/time.ts';
import { assureListener } from '../instances/run/assured-listener.ts';

/** Receives the events of a connection. It gets no calls after the connection is destroyed. */
export interface ConnectionUser {
  /** Receives bytes, which are lent until this method returns. */
  received(bytes: Buffer): void;
  /** Called when all written bytes have left, so more can be written. */
  drained(): void;
  /** Called when the engine will send no more bytes. */
  ended(): void;
  /** Called when the connection is closed. */
  closed(error: Error | null): void;
}

/** A connection to an engine on this machine. It has no timeout, because an engine is silent while it reads a prompt. */
export class EngineConnection {
  readonly #socket: Socket;
  #user: ConnectionUser;
  /** Called once. */
  #onAccepted: () => void;
  #error: Error | null = null;
  #onClosed: ((isSent: boolean) => void) | null = null;

  /**
   * Opens a connection. Written bytes leave only after `witness` has proven that the engine accepted the connection.
   *
   * @param buffer Target of all reads. Connections may share one buffer, because each read ends before the next begins.
   * @param onAccepted Called once, when the first bytes show that a thread of the engine has the connection, or when it is closed.
   */
  constructor(
    { port, witness }: Pick<EngineTarget, 'port' | 'witness'>,
    buffer: Buffer,
    user: ConnectionUser,
    onAccepted: () => void,
  ) {
    this.#user = user;
    this.#onAccepted = onAccepted;
    this.#socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: {
        buffer,
        callback: (length) => {
          this.#accepted();
          if (!this.#socket.destroyed) this.#user.received(buffer.subarray(0, length));
          return true;
        },
      },
    });
    assureListener(this.#socket, witness);
    this.#socket.on('error', (error) => {
      this.#error = error;
    });
    this.#socket.on('drain', () => this.#user.drained());
    this.#socket.on('end', () => {
      if (!this.#socket.destroyed) this.#user.ended();
    });
    this.#socket.on('close', () => {
      this.#accepted();
      this.#onClosed?.(false);
      this.#user.closed(this.#error);
    });
  }

  #accepted(): void {
    this.#onAccepted();
    this.#onAccepted = DONE;
  }

  /** Whether all written bytes have left. */
  get isFlushed(): boolean {
    return this.#socket.writableLength === 0;
  }

  /** Sends all further events to another user. */
  use(user: ConnectionUser): void {
    this.#user = user;
  }

  /** Writes bytes. @returns `false`: wait for `drained` before writing more */
  write(data: string | Buffer): boolean {
    return typeof data === 'string' ? this.#socket.write(data, 'latin1') : this.#socket.write(data);
  }

  /**
   * Writes bytes.
   *
   * @param done Called with true when these bytes, and all bytes before them, have left; not called if the write fails.
   */
  writeLast(data: Buffer, done: (isSent: boolean) => void): void {
    this.#socket.write(data, (error) => {
      if (error === undefined || error === null) done(true);
    });
  }

  /**
   * Sets a callback for the end of the connection, and replaces the previous callback.
   *
   * @param done Called with false when the connection is closed. From then on the system no longer reads the written
   *   memory.
   */
  onceClosed(done: (isSent: boolean) => void): void {
    this.#onClosed = done;
  }

  /** Sends all bytes that `write` writes in one batch. */
  together(write: () => void): void {
    this.#socket.cork();
    write();
    this.#socket.uncork();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#user = NO_USER;
    this.#socket.destroy();
  }
}

const DONE = (): void => undefined;

const NO_USER: ConnectionUser = {
  received: () => undefined,
  drained: () => undefined,
  ended: () => undefined,
  closed: () => undefined,
};

/** How many idle connections to one engine are kept: each occupies one of llama-server's HTTP threads. */
const MOST_KEPT = 2;
/** How long these idle connections are kept: llama-server closes them after 5 s. */
const KEPT_MS = 4_000;
/**
 * How long idle connections beyond {@link MOST_KEPT} stay open, for the next requests of a crowd. With 10 ms, a tenth of the requests of
 * 32 callers opened a connection, which cost a third of all processor time.
 */
const SPARE_MS = 50;
/**
 * After this time, a new connection without an answer may wait for a thread of the engine. Connections that have been idle for as long
 * are closed then, because each occupies a thread.
 */
const YIELD_MS = 10;
/**
 * How long a connection rests before it is used again. An engine may send a surplus answer late, which must not reach the
 * next caller: if it arrives during the rest, the connection is closed.
 */
const REST_MS = 5;

/** One run of an engine: its port and its key. */
export interface Engine {
  port: number;
  key: string | null;
  /** Proves which process owns the port; left out: no proof is possible. */
  witness?: PortWitness;
}

/** A connection that has rested and can be used again. */
export interface Rested {
  connection: EngineConnection;
  /** When the rest ended, by the clock's `elapsed`. */
  since: number;
}

/** Connections to one run of an engine. */
interface Pool {
  key: string | null;
  /** In the order in which their rest began. */
  idles: Idle[];
  /** When each connection without an answer was opened, by the clock's `elapsed`. */
  unanswered: Set<{ since: number }>;
  /** When the timer fires, by the clock's `elapsed`; infinite: no timer runs. */
  due: number;
  cancel: () => void;
}

/** Keeps idle connections to engines for later requests. */
export class IdleConnections {
  readonly #clock: Pick<Clock, 'after' | 'elapsed' | 'nextTurn'>;
  /**
   * By port, for the run that used the port last. Empty pools stay: a map whose keys change with each request leaves tables
   * behind, and these keep old entries from garbage collection.
   */
  readonly #byPort = new Map<number, Pool>();
  #isClosed = false;

  constructor(clock: Pick<Clock, 'after' | 'elapsed' | 'nextTurn'>) {
    this.#clock = clock;
  }

  /** Takes the rested connection that was used last; `null`: none has rested. */
  take({ port, key }: Engine): Rested | null {
    const pool = this.#byPort.get(port);
    if (pool?.key !== key) return null;
    const { idles } = pool;
    // The clock counts whole milliseconds: a difference of 5 may be only 4.1 ms, so require more than `REST_MS`.
    const rested = this.#clock.elapsed() - REST_MS;
    let count = 0;
    for (const { since } of idles) {
      if (since >= rested) break;
      count += 1;
    }
    if (count === 0) return null;
    const [idle] = idles.splice(count - 1, 1);
    return idle === undefined ? null : { connection: idle.connection, since: idle.since + REST_MS };
  }

  /** Opens a connection. Idle ones make room for it if the engine does not answer on it. */
  open(engine: Engine, buffer: Buffer, user: ConnectionUser): EngineConnection {
    const pool = this.#of(engine);
    const opened = { since: this.#clock.elapsed() };
    pool.unanswered.add(opened);
    if (pool.idles.length > 0) this.#wake(pool, opened.since + YIELD_MS);
    return new EngineConnection(engine, buffer, user, () => pool.unanswered.delete(opened));
  }

  /** Keeps a connection for a limited time. */
  keep(engine: Engine, connection: EngineConnection): void {
    if (this.#isClosed) {
      connection.destroy();
      return;
    }
    const pool = this.#of(engine);
    const { idles } = pool;
    const since = this.#clock.elapsed();
    const idle = new Idle(connection, since, idles.length < MOST_KEPT ? KEPT_MS : SPARE_MS, idles);
    connection.use(idle);
    idles.push(idle);
    this.#wake(pool, endOf(idle, pool));
  }

  /** Closes all idle connections, and keeps none from now on. */
  close(): void {
    this.#isClosed = true;
    for (const pool of this.#byPort.values()) end(pool);
    this.#byPort.clear();
  }

  #of({ port, key }: Engine): Pool {
    const kept = this.#byPort.get(port);
    if (kept?.key === key) return kept;
    if (kept !== undefined) end(kept);
    const fresh = {
      key,
      idles: [],
      unanswered: new Set<{ since: number }>(),
      due: Number.POSITIVE_INFINITY,
      cancel: () => undefined,
    };
    this.#byPort.set(port, fresh);
    return fresh;
  }

  /**
   * Sets the pool's only timer, unless it fires earlier anyway. A timer for each connection would be reset with each
   * request.
   */
  #wake(pool: Pool, at: number): void {
    if (at >= pool.due) return;
    pool.cancel();
    pool.due = at;
    // Sweep at the end of the turn: after a long turn, timers fire before the waiting requests are read.
    const left = Math.max(0, at - this.#clock.elapsed());
    pool.cancel = this.#clock.after(left, () => this.#clock.nextTurn(() => this.#sweep(pool)));
  }

  #sweep(pool: Pool): void {
    // A timer may fire a millisecond early: then nothing is due, and the timer is set again.
    const now = this.#clock.elapsed();
    pool.due = Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (const idle of pool.idles.slice()) {
      const until = endOf(idle, pool);
      if (until <= now) idle.drop();
      else next = Math.min(next, until);
    }
    this.#wake(pool, next);
  }
}

/** When an idle connection is closed if it is not used, by the clock's `elapsed`. */
function endOf({ since, keptMs }: Idle, { unanswered }: Pool): number {
  const [oldest] = unanswered;
  const yielded = oldest === undefined ? Number.POSITIVE_INFINITY : Math.max(oldest.since, since) + YIELD_MS;
  return Math.min(since + keptMs, yielded);
}

/** An idle connection. Any event on it makes it unusable, so it is closed. */
class Idle implements ConnectionUser {
  readonly connection: EngineConnection;
  /** When the rest began, by the clock's `elapsed`. */
  readonly since: number;
  /** How long it is kept while no other connection may wait for its thread. */
  readonly keptMs: number;
  readonly #all: Idle[];

  constructor(connection: EngineConnection, since: number, keptMs: number, all: Idle[]) {
    this.connection = connection;
    this.since = since;
    this.keptMs = keptMs;
    this.#all = all;
  }

  drop(): void {
    this.#all.splice(this.#all.lastIndexOf(this), 1);
    this.connection.destroy();
  }

  received(): void {
    this.drop();
  }

  drained(): void {}

  ended(): void {
    this.drop();
  }

  closed(): void {
    this.drop();
  }
}

function end(pool: Pool): void {
  pool.cancel();
  pool.due = Number.POSITIVE_INFINITY;
  for (const { connection } of pool.idles.splice(0)) connection.destroy();
}

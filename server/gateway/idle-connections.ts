import type { Clock, PortWitness } from '../instances/ports.ts';
import type { ConnectionUser, EngineConnection } from './engine-connection.ts';

/** How many connections to one engine are kept: each occupies one of llama-server's HTTP threads. */
const MOST_KEPT = 2;
/** llama-server closes idle connections after 5 s. */
const KEPT_MS = 4_000;
/** Those beyond the kept ones wait this long for the requests that are on their way. */
const LINGER_MS = 10;
/**
 * A connection is not used again before. A second answer that an engine sends late would reach the next caller: it
 * arrives while the connection rests, and ends it.
 */
const REST_MS = 5;

/** Which engine: where it listens, and the key of its run. */
export interface Engine {
  port: number;
  key: string | null;
  /** Proves whose the port is; left out: that cannot be proven. */
  witness?: PortWitness;
}

/** A connection that is used again. */
export interface Rested {
  connection: EngineConnection;
  /** When its rest was over, by the clock's `elapsed`. */
  since: number;
}

/** Connections to one run of an engine, in the order in which their rest began. */
interface Pool {
  key: string | null;
  idles: Idle[];
  /** When the timer goes off, by the clock's `elapsed`; infinite: none runs. */
  due: number;
  cancel: () => void;
}

/** Connections to engines that wait for their next request. */
export class IdleConnections {
  readonly #clock: Pick<Clock, 'after' | 'elapsed' | 'nextTurn'>;
  /**
   * By port; of the run that had it last. Entries stay when they are empty: a map whose keys come and go with each request
   * leaves tables behind that keep what was in them from being collected.
   */
  readonly #byPort = new Map<number, Pool>();
  #isClosed = false;

  constructor(clock: Pick<Clock, 'after' | 'elapsed' | 'nextTurn'>) {
    this.#clock = clock;
  }

  /** Of those that have rested the one that was used last; `null`: none has. */
  take({ port, key }: Engine): Rested | null {
    const pool = this.#byPort.get(port);
    if (pool?.key !== key) return null;
    const { idles } = pool;
    // The clock tells whole milliseconds: at a difference of 5 it may be only 4.1 that have passed.
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

  /** Keeps a connection for a while, unless it ends before. */
  keep(engine: Engine, connection: EngineConnection): void {
    if (this.#isClosed) {
      connection.destroy();
      return;
    }
    const pool = this.#of(engine);
    const { idles } = pool;
    const since = this.#clock.elapsed();
    const until = since + (idles.length < MOST_KEPT ? KEPT_MS : LINGER_MS);
    const idle = new Idle(connection, since, until, idles);
    connection.use(idle);
    idles.push(idle);
    this.#wake(pool, until);
  }

  /** Ends all, and keeps no more. */
  close(): void {
    this.#isClosed = true;
    for (const pool of this.#byPort.values()) end(pool);
    this.#byPort.clear();
  }

  #of({ port, key }: Engine): Pool {
    const kept = this.#byPort.get(port);
    if (kept?.key === key) return kept;
    if (kept !== undefined) end(kept);
    const fresh = { key, idles: [], due: Number.POSITIVE_INFINITY, cancel: () => undefined };
    this.#byPort.set(port, fresh);
    return fresh;
  }

  /** One timer for all of a pool: one for each connection would be set and taken back with each request. */
  #wake(pool: Pool, at: number): void {
    if (at >= pool.due) return;
    pool.cancel();
    pool.due = at;
    // At the end of the turn: after a long turn timers go off before the requests are read that came meanwhile.
    const left = Math.max(0, at - this.#clock.elapsed());
    pool.cancel = this.#clock.after(left, () => this.#clock.nextTurn(() => this.#sweep(pool)));
  }

  #sweep(pool: Pool): void {
    // A timer may go off a millisecond early: then nothing is due, and it is set again.
    const now = this.#clock.elapsed();
    pool.due = Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (const idle of pool.idles.slice()) {
      if (idle.until <= now) idle.drop();
      else next = Math.min(next, idle.until);
    }
    this.#wake(pool, next);
  }
}

/** A connection that waits. Whatever happens to it meanwhile: it is of no more use. */
class Idle implements ConnectionUser {
  readonly connection: EngineConnection;
  /** When its rest began, by the clock's `elapsed`. */
  readonly since: number;
  /** When it is given up. */
  readonly until: number;
  readonly #all: Idle[];

  constructor(connection: EngineConnection, since: number, until: number, all: Idle[]) {
    this.connection = connection;
    this.since = since;
    this.until = until;
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

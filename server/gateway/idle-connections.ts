import type { Clock, PortWitness } from '../instances/ports.ts';
import type { EngineConnection } from './engine-connection.ts';

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

interface Idle {
  connection: EngineConnection;
  /** By the clock's `elapsed`. */
  since: number;
  cancel: () => void;
}

/** Connections to engines that wait for their next request. */
export class IdleConnections {
  readonly #clock: Pick<Clock, 'after' | 'elapsed'>;
  /**
   * By port; of the run that had it last. Entries stay when they are empty: a map whose keys come and go with each request
   * leaves tables behind that keep what was in them from being collected.
   */
  readonly #byPort = new Map<number, { key: string | null; idles: Idle[] }>();
  #isClosed = false;

  constructor(clock: Pick<Clock, 'after' | 'elapsed'>) {
    this.#clock = clock;
  }

  /** Of those that have rested the one that was used last; `null`: none has. */
  take({ port, key }: Engine): Rested | null {
    const kept = this.#byPort.get(port);
    if (kept?.key !== key) return null;
    const { idles } = kept;
    // The clock tells whole milliseconds: at a difference of 5 it may be only 4.1 that have passed.
    const rested = this.#clock.elapsed() - REST_MS;
    let count = 0;
    for (const { since } of idles) {
      if (since >= rested) break;
      count += 1;
    }
    if (count === 0) return null;
    const [idle] = idles.splice(count - 1, 1);
    if (idle === undefined) return null;
    idle.cancel();
    return { connection: idle.connection, since: idle.since + REST_MS };
  }

  /** Keeps a connection for a while, unless it ends before. */
  keep(engine: Engine, connection: EngineConnection): void {
    if (this.#isClosed) {
      connection.destroy();
      return;
    }
    const { idles } = this.#of(engine);
    const drop = (): void => {
      cancel();
      idles.splice(idles.lastIndexOf(idle), 1);
      connection.destroy();
    };
    const cancel = this.#clock.after(idles.length < MOST_KEPT ? KEPT_MS : LINGER_MS, drop);
    const idle = { connection, since: this.#clock.elapsed(), cancel };
    // Whatever happens to it while it waits: it is of no more use.
    connection.use({ received: drop, drained: () => undefined, ended: drop, closed: drop });
    idles.push(idle);
  }

  /** Ends all, and keeps no more. */
  close(): void {
    this.#isClosed = true;
    for (const { idles } of this.#byPort.values()) end(idles);
    this.#byPort.clear();
  }

  #of({ port, key }: Engine): { idles: Idle[] } {
    const kept = this.#byPort.get(port);
    if (kept?.key === key) return kept;
    end(kept?.idles ?? []);
    const fresh = { key, idles: [] };
    this.#byPort.set(port, fresh);
    return fresh;
  }
}

function end(idles: Idle[]): void {
  for (const { connection, cancel } of idles.splice(0)) {
    cancel();
    connection.destroy();
  }
}

import type { Clock } from '../instances/ports/time.ts';
import { type AnswerReceiver, type Connections, EngineCall, type RequestBody } from './engine-call.ts';
import { type ConnectionUser, EngineConnection } from './engine-connection.ts';
import type { RawHeaders } from './headers.ts';
import { type Engine, IdleConnections } from './idle-connections.ts';
import { requestHead } from './request-head.ts';
import type { TurnEnd } from './turn-end.ts';

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
  readonly #shared: SharedParts;

  constructor(clock: Pick<Clock, 'after' | 'elapsed' | 'nextTurn'>, turnEnd: TurnEnd) {
    this.#shared = { turnEnd, idle: new IdleConnections(clock), buffer: Buffer.allocUnsafeSlow(READ_SIZE) };
  }

  /** Sends a request. @throws {TypeError} when the engine would read it as another request */
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
interface SharedParts {
  turnEnd: TurnEnd;
  idle: IdleConnections;
  /** Target of the reads of all connections. */
  buffer: Buffer;
}

/** The connections of one call. */
class ConnectionsTo implements Connections {
  readonly #target: Engine;
  readonly #shared: SharedParts;
  #isWatched = true;

  constructor(target: Engine, shared: SharedParts) {
    this.#target = target;
    this.#shared = shared;
  }

  fresh(user: ConnectionUser): EngineConnection {
    return new EngineConnection(this.#target, this.#shared.buffer, user);
  }

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

  /** Waits one turn more if no turn has ended since the rest, so that bytes that arrived during the rest are read first. */
  soon(send: () => void): void {
    const { turnEnd } = this.#shared;
    turnEnd.add(this.#isWatched ? send : () => turnEnd.add(send));
  }
}

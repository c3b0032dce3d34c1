import type { Clock } from '../instances/ports.ts';
import { type AnswerReceiver, EngineCall, type RequestBody } from './engine-call.ts';
import { EngineConnection } from './engine-connection.ts';
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
  /** Complete, `Host` and the framing of the body included. */
  headers: RawHeaders;
  body: RequestBody;
}

/** A buffer for reads, as large as what Node reads at once elsewhere. */
const READ_SIZE = 65_536;

/** HTTP/1.1 to engines, and the connections that are kept to them. */
export class Upstream {
  readonly #turnEnd: TurnEnd;
  readonly #idle: IdleConnections;
  readonly #buffer = Buffer.allocUnsafeSlow(READ_SIZE);

  constructor(clock: Pick<Clock, 'after' | 'elapsed'>, turnEnd: TurnEnd) {
    this.#turnEnd = turnEnd;
    this.#idle = new IdleConnections(clock);
  }

  /** Sends a request. @throws {TypeError} when it would be read as another */
  call({ target, method, path, headers, body }: EngineRequest, receiver: AnswerReceiver): EngineCall {
    let isWatched = true;
    return new EngineCall({ method, head: requestHead(method, path, headers), body }, receiver, {
      fresh: (user) => new EngineConnection(target, this.#buffer, user),
      reused: (user) => {
        const rested = this.#idle.take(target);
        if (rested === null) return null;
        isWatched = rested.since < this.#turnEnd.endedAt;
        rested.connection.use(user);
        return rested.connection;
      },
      keep: (connection) => this.#idle.keep(target, connection),
      // A rest that passed while this process did something else was not watched: what came meanwhile is read first.
      soon: (send) => this.#turnEnd.add(isWatched ? send : () => this.#turnEnd.add(send)),
    });
  }

  /** Ends the connections that wait for a request, and keeps no more. */
  close(): void {
    this.#idle.close();
  }
}

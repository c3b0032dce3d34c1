import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../instances/ports.ts';

/** Bodies that still come when their request has its answer. Node reads and drops them, for as long as they take. */
export class UnreadBodies {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #answered = new WeakSet<Socket>();

  /** @param limit Milliseconds that such a body may take before its connection is ended. */
  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** For every request. */
  watch(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    this.#answered.delete(socket);
    response.once('finish', () => {
      if (request.complete) return;
      this.#answered.add(socket);
      const cancel = this.#clock.after(this.#limit, () => socket.destroy());
      request.once('close', cancel);
    });
  }

  /** Whether what comes now is of a request that has its answer: a second one would be taken for the next request's. */
  isOf(socket: Socket): boolean {
    return this.#answered.has(socket);
  }
}

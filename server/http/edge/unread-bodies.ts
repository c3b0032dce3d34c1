import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../instances/ports/time.ts';

/**
 * Limits bodies that still arrive after the answer to their request. Node would read and drop them without a time
 * limit.
 */
export class UnreadBodies {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #answered = new WeakSet<Socket>();

  /** @param limit Milliseconds that such a body may take before its connection is closed. */
  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Watches a request; call it for every request. */
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

  /**
   * Whether incoming bytes belong to a request that is already answered. A second answer would be taken for the next
   * request's.
   */
  isOf(socket: Socket): boolean {
    return this.#answered.has(socket);
  }
}

import type { PassedRequest } from '../http/edge/turnstile.ts';
import { forward } from './forwarding.ts';

/**
 * Where requests come in. While the server is being replaced they wait here, and then go to the one that serves. What was
 * begun before is counted, so that the end of it can be waited for.
 */
export class Turnstile {
  readonly #door = Promise.withResolvers<string>();
  #isOpen = true;
  /** Of what is under way, whether it is answered. */
  readonly #underWay = new Set<{ isAnswered: () => boolean }>();
  #onQuiet: (() => void) | null = null;

  /** Requests are served here. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Something that changes or reads what the next server takes over.
   *
   * @param isAnswered Whether all that is left is to send what is there: that is not waited for.
   * @returns to be called when it is over; more calls do nothing
   */
  enter(isAnswered: () => boolean = () => false): () => void {
    const one = { isAnswered };
    this.#underWay.add(one);
    return () => {
      this.#underWay.delete(one);
      if (this.#underWay.size === 0) this.#onQuiet?.();
    };
  }

  /** No request is served here from now on; they wait. Resolves when what was begun is over. */
  shut(): Promise<void> {
    this.#isOpen = false;
    for (const one of this.#underWay) if (one.isAnswered()) this.#underWay.delete(one);
    return new Promise((resolve) => {
      this.#onQuiet = resolve;
      if (this.#underWay.size === 0) resolve();
    });
  }

  /** All that wait, and all that come, go there. */
  leadTo(door: string): void {
    this.#door.resolve(door);
  }

  /** Waits, and passes a request on. Resolves when it is over. */
  async passOn(passed: PassedRequest): Promise<void> {
    const door = await this.#door.promise;
    // Nobody waits for the answer any more, and nobody would read it.
    if (passed.response.destroyed || passed.request.socket.destroyed) return;
    await forward(passed, door);
  }
}

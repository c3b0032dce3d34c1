import type { PassedRequest } from '../http/edge/turnstile.ts';
import { forward } from './forwarding.ts';

/**
 * Counts requests in and out of a server. During a reload new requests wait here, and then go to the successor. The
 * count lets the reload wait until requests in progress have ended.
 */
export class Turnstile {
  readonly #door = Promise.withResolvers<string>();
  #isOpen = true;
  /** Work in progress. `isAnswered` returns true once only sending the answer is left. */
  readonly #underWay = new Set<{ isAnswered: () => boolean }>();
  #onQuiet: (() => void) | null = null;

  /** Whether this server serves new requests. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Counts work that reads or changes state that a successor takes over.
   *
   * @param isAnswered returns true when only sending the answer is left; `shut` does not wait for that
   * @returns a function to call when the work is over; further calls do nothing
   */
  enter(isAnswered: () => boolean = () => false): () => void {
    const one = { isAnswered };
    this.#underWay.add(one);
    return () => {
      this.#underWay.delete(one);
      if (this.#underWay.size === 0) this.#onQuiet?.();
    };
  }

  /** Makes new requests wait. Resolves when the work in progress is over. */
  shut(): Promise<void> {
    this.#isOpen = false;
    for (const one of this.#underWay) if (one.isAnswered()) this.#underWay.delete(one);
    return new Promise((resolve) => {
      this.#onQuiet = resolve;
      if (this.#underWay.size === 0) resolve();
    });
  }

  /** Sends all waiting and new requests to the successor's door. */
  leadTo(door: string): void {
    this.#door.resolve(door);
  }

  /** Waits for the successor's door, and passes a request on. Resolves when the request is over. */
  async passOn(passed: PassedRequest): Promise<void> {
    const door = await this.#door.promise;
    // The caller is gone.
    if (passed.response.destroyed || passed.request.socket.destroyed) return;
    await forward(passed, door);
  }
}

import { ApiError, retryIn } from '@llamactl/contract/errors';

/**
 * Most hashes computed at once. Node has four threads for file operations, name lookups and hashes. With 64 hashes at
 * once, a file operation waits for 0.8 s; with two at once, for 8 ms. The limit does not delay the hashes.
 */
const AT_ONCE = 2;
/** Most hashes that wait: about a quarter of a second of work. */
const MOST_WAITING = 16;

/** Computes few hashes at a time, in the order of the requests. */
export class HashingQueue {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** @throws {ApiError} `RATE_LIMITED` when too many wait already */
  async run<Result>(hash: () => Promise<Result>): Promise<Result> {
    await this.#enter();
    try {
      return await hash();
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < AT_ONCE) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= MOST_WAITING) {
      throw new ApiError(
        'RATE_LIMITED',
        'Too many passwords are being checked at the moment; try again in a second.',
        retryIn(1),
      );
    }
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Passes the turn directly to the longest-waiting caller, so that a new request cannot overtake waiting ones. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}

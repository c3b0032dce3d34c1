import type { Clock } from '../instances/ports.ts';

/** What waits beyond this is dropped, the oldest first. */
export const LONGEST_QUEUE = 100;
/** How long the end of the server is put off for last words: most receivers answer within a tenth of it. */
const LAST_WORDS_MS = 2_000;

export interface DeliveryQueueParts<Item> {
  clock: Pick<Clock, 'after'>;
  /** One at a time, in order. Must not reject. @param signal aborts when it is to be given up */
  deliver: (item: Item, signal: AbortSignal) => Promise<void>;
  /** The first one is dropped, and at the end how many it were. */
  onDropped: (what: string) => void;
}

/** Hands on one thing after the other without keeping anybody waiting. */
export class DeliveryQueue<Item> {
  readonly #parts: DeliveryQueueParts<Item>;
  readonly #waiting: Item[] = [];
  readonly #closing = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #isClosed = false;
  #isBusy = false;
  #dropped = 0;

  constructor(parts: DeliveryQueueParts<Item>) {
    this.#parts = parts;
  }

  push(item: Item): void {
    if (this.#isClosed) return;
    this.#waiting.push(item);
    if (this.#waiting.length > LONGEST_QUEUE) {
      this.#waiting.shift();
      this.#dropped += 1;
      if (this.#dropped === 1) this.#parts.onDropped(`more than ${LONGEST_QUEUE} alerts wait; the oldest are dropped`);
    }
    if (!this.#isBusy) this.#running = this.#run();
  }

  /** Takes nothing more. Gives what waits a moment, then drops it and gives up what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await new Promise<void>((resolve) => {
      const cancel = this.#parts.clock.after(LAST_WORDS_MS, resolve);
      void this.#running.then(() => {
        cancel();
        resolve();
      });
    });
    this.#waiting.length = 0;
    this.#closing.abort();
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    for (let item = this.#waiting.shift(); item !== undefined; item = this.#waiting.shift()) {
      await this.#parts.deliver(item, this.#closing.signal);
    }
    this.#isBusy = false;
    if (this.#dropped > 1) this.#parts.onDropped(`${this.#dropped} alerts were dropped, because too many waited`);
    this.#dropped = 0;
  }
}

/** What waits beyond this is dropped, the oldest first. */
export const LONGEST_QUEUE = 100;

export interface DeliveryQueueParts<Item> {
  /** One at a time, in order. Must not reject. @param signal aborts when the queue is closed */
  deliver: (item: Item, signal: AbortSignal) => Promise<void>;
  /** The first one is dropped, and at the end how many it were. */
  onDropped: (what: string) => void;
}

/** Hands on one thing after the other without keeping anybody waiting. */
export class DeliveryQueue<Item> {
  readonly #parts: DeliveryQueueParts<Item>;
  readonly #waiting: Item[] = [];
  readonly #closing = new AbortController();
  #isBusy = false;
  #dropped = 0;

  constructor(parts: DeliveryQueueParts<Item>) {
    this.#parts = parts;
  }

  push(item: Item): void {
    if (this.#closing.signal.aborted) return;
    this.#waiting.push(item);
    if (this.#waiting.length > LONGEST_QUEUE) {
      this.#waiting.shift();
      this.#dropped += 1;
      if (this.#dropped === 1) this.#parts.onDropped(`more than ${LONGEST_QUEUE} alerts wait; the oldest are dropped`);
    }
    if (!this.#isBusy) void this.#run();
  }

  /** Drops what waits, and gives up what is under way. */
  close(): void {
    this.#closing.abort();
    this.#waiting.length = 0;
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

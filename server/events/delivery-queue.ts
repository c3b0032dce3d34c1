import type { Clock } from '../instances/ports/time.ts';

/** When more items wait, the oldest are dropped. */
export const LONGEST_QUEUE = 100;
/** How long a stopping server waits for the last deliveries; most receivers answer within a tenth of that time. */
const CLOSE_TIMEOUT_MS = 2_000;

export interface DeliveryQueueDependencies<Item> {
  clock: Pick<Clock, 'after'>;
  /** Called for one item at a time, in order. Must not reject. @param signal aborts when the delivery must end */
  deliver: (item: Item, signal: AbortSignal) => Promise<void>;
  /** Called when the first item is dropped, and again with the number of dropped items when no more items wait. */
  onDropped: (what: string) => void;
}

/** Delivers items one after the other; `push` does not wait. */
export class DeliveryQueue<Item> {
  readonly #dependencies: DeliveryQueueDependencies<Item>;
  readonly #waiting: Item[] = [];
  readonly #closing = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #isClosed = false;
  #isBusy = false;
  #dropped = 0;

  constructor(dependencies: DeliveryQueueDependencies<Item>) {
    this.#dependencies = dependencies;
  }

  push(item: Item): void {
    if (this.#isClosed) return;
    this.#waiting.push(item);
    if (this.#waiting.length > LONGEST_QUEUE) {
      this.#waiting.shift();
      this.#dropped += 1;
      if (this.#dropped === 1)
        this.#dependencies.onDropped(`more than ${LONGEST_QUEUE} alerts wait; the oldest are dropped`);
    }
    if (!this.#isBusy) this.#running = this.#run();
  }

  /** Accepts no more items. Waits up to {@link CLOSE_TIMEOUT_MS}, then drops the waiting items and aborts the current one. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await new Promise<void>((resolve) => {
      const cancel = this.#dependencies.clock.after(CLOSE_TIMEOUT_MS, resolve);
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
      await this.#dependencies.deliver(item, this.#closing.signal);
    }
    this.#isBusy = false;
    if (this.#dropped > 1)
      this.#dependencies.onDropped(`${this.#dropped} alerts were dropped, because too many waited`);
    this.#dropped = 0;
  }
}

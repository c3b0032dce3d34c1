import { ValueStore } from '../../lib/value-store.ts';

/**
 * A browser keeps six connections to one server over HTTP/1.1, all tabs together. Six open answers would leave none for
 * other requests, and the next tab would hang.
 */
export const MOST_STREAMS = 4;

/** Over HTTP/2 all answers share one connection. */
const MOST_SHARED = 64;

/** Whether this page came over HTTP/2 or HTTP/3. */
function isShared(): boolean {
  const [navigation] = performance.getEntriesByType('navigation');
  return navigation instanceof PerformanceNavigationTiming && /^h[23]/.test(navigation.nextHopProtocol);
}

/** How many answers may come at once in this browser. */
export const mostStreams: number = isShared() ? MOST_SHARED : MOST_STREAMS;

/** Owns the slots for answers that come at once. Where the browser has locks, all its tabs share the slots. */
export class StreamSlots {
  /** How many answers of this tab wait for a slot. */
  readonly waiting = new ValueStore(0);
  #used = 0;
  #sleepers: (() => void)[] = [];

  /** Runs work in a slot, when one is free. @throws The reason of the signal, or the error of the work. */
  async run<Value>(signal: AbortSignal, work: () => Promise<Value>): Promise<Value> {
    if (mostStreams > MOST_STREAMS) return work();
    const release = await this.#waited(() => ('locks' in navigator ? freeLock(signal) : this.#ownSlot(signal)));
    try {
      return await work();
    } finally {
      release();
    }
  }

  async #waited<Value>(wait: () => Promise<Value>): Promise<Value> {
    this.waiting.set(this.waiting.get() + 1);
    try {
      return await wait();
    } finally {
      this.waiting.set(this.waiting.get() - 1);
    }
  }

  /** Browsers have locks only over HTTPS and on the own machine. */
  async #ownSlot(signal: AbortSignal): Promise<() => void> {
    while (this.#used >= mostStreams) {
      await new Promise<void>((resolve, reject) => {
        this.#sleepers.push(resolve);
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    }
    this.#used += 1;
    return () => {
      this.#used -= 1;
      for (const wake of this.#sleepers.splice(0)) wake();
    };
  }
}

/** Takes one of the locks, and returns the function that gives it back. */
async function freeLock(signal: AbortSignal): Promise<() => void> {
  const names = Array.from({ length: MOST_STREAMS }, (_, at) => `llamactl.answer.${at}`);
  const settled = new AbortController();
  const taken = Promise.withResolvers<() => void>();
  let isTaken = false;
  for (const name of names) {
    void navigator.locks
      .request(name, { signal: AbortSignal.any([signal, settled.signal]) }, () => {
        if (isTaken) return undefined;
        isTaken = true;
        settled.abort();
        return new Promise<void>((release) => taken.resolve(release));
      })
      .catch((error: unknown) => {
        // The other three locks are no longer wanted.
        if (!settled.signal.aborted) taken.reject(error instanceof Error ? error : new Error(String(error)));
      });
  }
  return taken.promise;
}

import type { Clock, EngineTarget } from './ports.ts';

/** Who asks for an engine, and for which. */
export interface LeaseRequest {
  /** Name or alias; the exact name wins. */
  instance: string;
  /** For fairness and for the record; not a secret. */
  caller: string;
  /** Aborted when the caller no longer waits. */
  signal: AbortSignal;
}

/** The right to talk to one run of an engine. While one is held, nothing but a stop ends that run. */
export interface Lease {
  instance: string;
  target: EngineTarget;
  /** Aborted when the engine died, or when the time to finish is over: the sockets to the engine must be destroyed. */
  signal: AbortSignal;
  /** Must be called when the last byte has passed, in a `finally`; more calls do nothing. */
  release(): void;
}

/** The leases of one instance's run. Drain, eviction and idleness look here and nowhere else. */
export class Leases {
  readonly #open = new Set<AbortController>();
  readonly #whenIdle = new Set<() => void>();

  get count(): number {
    return this.#open.size;
  }

  grant(instance: string, target: EngineTarget): Lease {
    const controller = new AbortController();
    this.#open.add(controller);
    return { instance, target, signal: controller.signal, release: () => this.#release(controller) };
  }

  /** Breaks every lease: its holder destroys its sockets and releases. They no longer count. */
  close(): void {
    for (const controller of this.#open) {
      controller.abort();
      this.#release(controller);
    }
  }

  /** Resolves when no lease is open or `until` (milliseconds since the epoch) has come; never when `signal` aborts first. */
  idle(until: number, clock: Clock, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        cancel();
        this.#whenIdle.delete(settle);
        if (!signal.aborted) resolve();
      };
      const cancel = clock.after(Math.max(0, until - clock.now()), settle);
      signal.addEventListener('abort', settle, { once: true });
      this.#whenIdle.add(settle);
      if (this.count === 0) settle();
    });
  }

  #release(controller: AbortController): void {
    if (!this.#open.delete(controller) || this.count > 0) return;
    for (const settle of this.#whenIdle) settle();
  }
}

import type { Clock, EngineTarget, Settings } from '../ports.ts';

/** Who asks for an engine, and for which. */
export interface LeaseRequest {
  /** Name or alias; the exact name wins. */
  instance: string;
  /** Those that wait take turns by it: the account, or the address of a caller without one. Not a secret. */
  caller: string;
  /** The caller may start what is stopped. */
  mayStart: boolean;
  /** Refused where the instance does not run, instead of waiting until it does. */
  onlyRunning?: boolean;
  /** Aborted when the caller no longer waits. */
  signal: AbortSignal;
  /** Called once when the request has to wait: for a start, for a slot, or for its turn. */
  onWaiting?: (() => void) | undefined;
  /** The run that died under this request before it answered: the request goes to the next run. Absent: a first request. */
  after?: LeaseOrigin | undefined;
}

/** The run that a lease is of. */
export interface LeaseOrigin {
  /** Internal id of the instance. */
  instance: string;
  run: number;
  /** Stops of the instance before the lease was granted; `null`: another server granted it. A later stop ends the wait for the next run. */
  stops: number | null;
}

/** Why the signal of a lease aborts when the engine exited by itself. */
export class EngineDied extends Error {
  override readonly name = 'EngineDied';
  override readonly message = 'the engine died';
}

/** What whoever passes a request on has to know of its instance. */
export interface LeasedRecord {
  /** Internal id. */
  id: string;
  settings: Pick<Settings, 'upstream_model' | 'request_defaults' | 'request_strip' | 'isolated'>;
}

/** The right to talk to one run of an engine. While one is held, nothing but a stop ends that run. */
export interface Lease {
  instance: string;
  /** As it was when the lease was granted. */
  record: LeasedRecord;
  target: EngineTarget;
  /** `null`: the server that granted it does not say. */
  origin: LeaseOrigin | null;
  /**
   * Aborted when the engine died, or when the time to finish is over: the sockets to the engine must be destroyed. The
   * reason is an {@link EngineDied} exactly when the engine exited by itself and the instance is not about to stop.
   */
  signal: AbortSignal;
  /** To be called when the head of the engine's answer has come; more calls do nothing. */
  begun(): void;
  /** To be called with each part of the engine's answer: what passes is a sign of life of the run. */
  passed(bytes: Uint8Array): void;
  /** Must be called when the last byte has passed, in a `finally`; more calls do nothing. */
  release(): void;
}

/** A lease that is open, and its place among them; -1 when it is not any more. */
interface Open {
  controller: AbortController;
  place: number;
}

const NOTHING = (): void => undefined;

/** With it begins a line of a stream that is for nobody: `: ping`. */
const COLON = 0x3a;

/** The leases of one instance's run. Drain, eviction and idleness look here and nowhere else. */
export class Leases {
  /**
   * A list, not a set: the table of a set lives long, and what it lets go of stays reachable through it until it is
   * made anew, which kept whole requests alive (32 MB against 3 in the same load).
   */
  readonly #open: Open[] = [];
  readonly #whenIdle = new Set<() => void>();
  readonly #onReleased: (leases: Leases) => void;
  #answered = 0;

  /** @param onReleased Called after each end of a lease. */
  constructor(onReleased: (leases: Leases) => void = () => undefined) {
    this.#onReleased = onReleased;
  }

  get count(): number {
    return this.#open.length;
  }

  /** Bytes of answers that have passed. Comments of a stream do not count: an engine sends them while its work stands still. */
  get answered(): number {
    return this.#answered;
  }

  grant(instance: string, target: EngineTarget, record: LeasedRecord, origin: LeaseOrigin | null = null): Lease {
    const open = { controller: new AbortController(), place: this.#open.length };
    this.#open.push(open);
    const { signal } = open.controller;
    const release = (): void => this.#release(open);
    return { instance, record, target, origin, signal, begun: NOTHING, passed: this.#passed, release };
  }

  /**
   * A lease that is held elsewhere, by whoever served here before.
   *
   * @param onBroken It must end now; it counts no more. `died`: the engine exited by itself.
   * @returns to be called when it is over; more calls do nothing
   */
  lend(onBroken: (died: boolean) => void): () => void {
    const open = { controller: new AbortController(), place: this.#open.length };
    this.#open.push(open);
    const { signal } = open.controller;
    signal.addEventListener('abort', () => onBroken(signal.reason instanceof EngineDied), { once: true });
    return () => this.#release(open);
  }

  /**
   * Breaks every lease: its holder destroys its sockets and releases. They no longer count.
   *
   * @param reason Why, where a holder acts on it.
   */
  close(reason?: EngineDied): void {
    for (const open of this.#open.toReversed()) {
      open.controller.abort(reason);
      this.#release(open);
    }
  }

  /** Resolves when no lease is open or `until` (of {@link Clock.elapsed}) has come; never when `signal` aborts first. */
  idle(until: number, clock: Clock, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        cancel();
        this.#whenIdle.delete(settle);
        if (!signal.aborted) resolve();
      };
      const cancel = clock.after(Math.max(0, until - clock.elapsed()), settle);
      signal.addEventListener('abort', settle, { once: true });
      this.#whenIdle.add(settle);
      if (this.count === 0) settle();
    });
  }

  /** One for all leases: it is called with every token. */
  readonly #passed = (bytes: Uint8Array): void => {
    if (bytes[0] !== COLON) this.#answered += bytes.length;
  };

  #release(open: Open): void {
    if (open.place === -1) return;
    const last = this.#open.pop();
    if (last !== undefined && last !== open) {
      last.place = open.place;
      this.#open[open.place] = last;
    }
    open.place = -1;
    if (this.count === 0) for (const settle of this.#whenIdle) settle();
    this.#onReleased(this);
  }
}

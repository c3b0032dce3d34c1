import type { Config } from '@llamactl/contract/config';
import type { Launch } from '../life/lifecycle.ts';
import type { ContextReuse } from '../ports/contexts.ts';
import type { EngineTarget } from '../ports/engine-endpoint.ts';
import type { PortWitness } from '../ports/listening-ports.ts';
import type { InstanceRecord, Settings } from '../ports/instance-record.ts';
import type { Clock } from '../ports/time.ts';

/** A request for a lease of an instance. */
export interface LeaseRequest {
  /** Name or alias; the exact name wins. */
  instance: string;
  /** Waiting requests take turns by caller: the account, or the address of a caller without an account. Not a secret. */
  caller: string;
  /** Names the caller in events, unlike `caller`; absent: unknown. */
  subject?: string | undefined;
  /** `X-Request-Id`, for events and the trace; absent: unknown. */
  requestId?: string | undefined;
  /** Whether the caller may start stopped instances. */
  mayStart: boolean;
  /** Whether to refuse the request if the instance is not running, instead of waiting. */
  onlyRunning?: boolean;
  /** Aborted when the caller no longer waits. */
  signal: AbortSignal;
  /** Called once when the request has to wait: for a start, for a slot, or for its turn. */
  onWaiting?: (() => void) | undefined;
  /** The run that died before it answered this request; the request goes to the next run. Absent: a first request. */
  after?: LeaseOrigin | undefined;
}

/** The run to which a lease belongs. */
export interface LeaseOrigin {
  /** Internal id of the instance. */
  instance: string;
  run: number;
  /**
   * Number of stops of the instance before the lease was granted; `null`: another server granted it. A later stop ends
   * the wait for the next run.
   */
  stops: number | null;
}

/** The abort reason of a lease whose engine exited by itself. */
export class EngineDied extends Error {
  override readonly name = 'EngineDied';
  override readonly message = 'the engine died';
}

/**
 * Why a request got no lease, for its record: the caller gets the answer that the instance does not exist, because it may
 * not learn that it does.
 */
export class OutOfScope extends Error {
  override readonly name = 'OutOfScope';

  /** @param names of the instances that the caller may use */
  constructor(names: readonly string[]) {
    const list = names.length === 0 ? 'no instance that exists' : names.join(', ');
    super(`The instance is not in the scope of the key, which may only call ${list}.`);
  }
}

/** The part of an instance's record that the holder of a lease needs to relay a request. */
export interface LeasedRecord {
  /** Internal id. */
  id: string;
  /** With the values of the instance's preset. */
  settings: Pick<Settings, 'upstream_model' | 'request_defaults' | 'request_strip' | 'system_prompt' | 'isolated'>;
}

/** The right to use one run of an engine. While a lease is held, only a stop ends the run. */
export interface Lease {
  instance: string;
  /** The record at the time of the grant. */
  record: LeasedRecord;
  target: EngineTarget;
  /** The run of this lease; `null`: the server that granted the lease does not report it. */
  origin: LeaseOrigin | null;
  /**
   * Aborted when the engine died, or when the drain timed out. The holder must then destroy its sockets to the engine. The
   * reason is an {@link EngineDied} only if the engine exited by itself and the instance is not about to stop.
   */
  signal: AbortSignal;
  /** Call when the head of the engine's answer has arrived; further calls do nothing. */
  begun(): void;
  /** Call with each part of the engine's answer: these bytes prove that the run makes progress. */
  passed(bytes: Uint8Array): void;
  /**
   * Call before the release with the prompt's reuse; `null`: the engine reported none. Absent: nothing was restored for
   * this run, or its reuse is measured.
   */
  reused?: (reuse: ContextReuse | null) => void;
  /** Call in a `finally` after the last byte; further calls do nothing. */
  release(): void;
}

/**
 * Adds the values of the instance's preset to its record; the record's own values win. A preset that is not configured
 * adds nothing.
 */
export function leasedRecord(record: InstanceRecord, presets: Config['presets']): LeasedRecord {
  const { id, settings } = record;
  const { preset: name = '' } = settings;
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (preset === undefined) return record;
  const { system_prompt = preset.system_prompt ?? '' } = settings;
  const request_defaults = { ...preset.request_defaults, ...settings.request_defaults };
  return { id, settings: { ...settings, request_defaults, system_prompt } };
}

/** Returns where a run answers. @param witness Witness of its port, once the run is ready; `null`: none. */
export function targetOf({ plan, key }: Launch, witness: PortWitness | null = null): EngineTarget {
  return {
    port: plan.port,
    healthPath: plan.healthPath,
    key,
    ...(plan.isolated === true ? { isolated: true } : {}),
    ...(witness === null ? {} : { witness }),
  };
}

/** An open lease. */
interface Open {
  controller: AbortController;
  /** Index in the list of open leases; -1: the lease has ended. */
  place: number;
}

const NOTHING = (): void => undefined;

/** First byte of a comment in an event stream, such as `: ping`. */
const COLON = 0x3a;

/** The leases of one run. Drain, eviction and idle stops depend only on these. */
export class Leases {
  /**
   * A list, not a set: deleted items stay reachable through the table of a set until V8 rebuilds the table. That kept whole
   * requests in memory (32 MB instead of 3 under the same load).
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

  /** Bytes of answers so far. Comments of a stream do not count, because an engine sends them even if its work has stalled. */
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
   * Counts a lease that the previous server granted and still holds.
   *
   * @param onBroken Called when the lease must end and no longer counts. `died`: the engine exited by itself.
   * @returns a function to call when the lease is over; further calls do nothing
   */
  lend(onBroken: (died: boolean) => void): () => void {
    const open = { controller: new AbortController(), place: this.#open.length };
    this.#open.push(open);
    const { signal } = open.controller;
    signal.addEventListener('abort', () => onBroken(signal.reason instanceof EngineDied), { once: true });
    return () => this.#release(open);
  }

  /**
   * Breaks every lease: each holder destroys its sockets and releases its lease. Broken leases no longer count.
   *
   * @param reason The abort reason, if the engine exited by itself.
   */
  close(reason?: EngineDied): void {
    for (const open of this.#open.toReversed()) {
      open.controller.abort(reason);
      this.#release(open);
    }
  }

  /** Resolves when no lease is open, or at `until` ({@link Clock.elapsed} time). Never resolves if `signal` aborts first. */
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

  /** One function for all leases, because it is called with every token. */
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

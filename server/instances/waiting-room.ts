import { DEFAULT_QUEUE_LIMIT } from '@llamactl/contract/instance';
import { decideDemand, type DemandOutcome, type Refusal } from './demand.ts';
import { targetOf } from './effects.ts';
import type { LeaseBook } from './lease-book.ts';
import type { Lease, LeaseRequest } from './leases.ts';
import type { Mailbox } from './mailbox.ts';
import { momentOf } from './moment.ts';
import type { Launch } from './lifecycle.ts';
import type { Clock, EngineTarget, PortWitness } from './ports.ts';
import { notFound, notServed, queueFull, shuttingDown, slotsPinned } from './refusals.ts';
import type { Scheduler } from './scheduler.ts';
import { TurnQueue } from './turn-queue.ts';
import { Suspects } from './suspects.ts';
import { reasonOf } from './view.ts';

export interface WaitingRoomDependencies {
  clock: Clock;
  leases: LeaseBook;
  scheduler: Pick<Scheduler, 'outlook' | 'changed'>;
  /** Whether an instance gives no new leases, by its id. */
  isClosed: (instance: string) => boolean;
  /** The witness of the port of a run that is ready, by the instance's id; `null`: none exists. */
  witness: (instance: string, launch: Launch) => PortWitness | null;
}

/** A request that waits for an instance. */
interface Waiting {
  request: LeaseRequest;
  /** Of {@link Clock.elapsed}. */
  since: number;
  /** Stops there had been when it came: a later one is meant for it too. */
  stops: number;
  /** A start was under way while it waited. */
  sawStart: boolean;
}

/** One that was let in, and how it is told what came of it. */
interface Seated extends Waiting {
  isSettled: boolean;
  resolve: (lease: Lease) => void;
  reject: (error: unknown) => void;
}

/**
 * The requests that wait for one instance: for its start, for a slot, or for their turn. What becomes of each is decided
 * anew with every change of the instance, at once and for all of them, so that nobody acts on what is no longer true. They
 * share one start. When it serves, callers take turns.
 */
export class WaitingRoom {
  readonly #with: WaitingRoomDependencies;
  readonly #mailbox: Mailbox;
  readonly #waiting = new TurnQueue<Seated>();
  /** Requests that the death of their engine sent back; they are not in `#waiting`. */
  readonly #suspects = new Suspects<Seated>();
  #target: { launch: Launch; target: EngineTarget } | null = null;
  /** The newest run that served while somebody waited. */
  #served = 0;
  #cancelTimer = (): void => undefined;
  #isLooking = false;
  #isStale = false;
  #isShut = false;

  constructor(mailbox: Mailbox, dependencies: WaitingRoomDependencies) {
    this.#mailbox = mailbox;
    this.#with = dependencies;
  }

  get size(): number {
    return this.#waiting.size + this.#suspects.size;
  }

  /** A lease, if nobody is before the request and it can have one now. */
  leaseNow(): Lease | null {
    return this.#waiting.size === 0 && this.#suspects.isClear && this.#hasRoom() ? this.#grant() : null;
  }

  /** Waits. Rejects with the `ApiError` that says why there is no lease, or with the reason of the request's signal. */
  async enter(request: LeaseRequest): Promise<Lease> {
    const { clock } = this.#with;
    const stops = request.after?.stops ?? this.#mailbox.stops;
    const came: Waiting = { request, since: clock.elapsed(), stops, sawStart: false };
    const { state } = this.#mailbox;
    if (request.onlyRunning === true && state.status !== 'running') {
      throw notServed(this.#mailbox, { kind: 'refuse', reason: reasonOf(state), retryAfter: null }, false);
    }
    const outcome = this.#decide(came);
    if (outcome.kind === 'refuse') throw this.#refusal(came, outcome);
    if (this.#isShut) throw shuttingDown();
    const isFull = request.after === undefined && this.#waiting.size >= this.#limit();
    if (isFull) throw queueFull(this.#mailbox, this.#waiting.size);
    return this.#wait(came, outcome);
  }

  /** Decides anew on everybody who waits. To be called after each change of what that depends on. */
  look(): void {
    if (this.size === 0) return;
    this.#isStale = true;
    // What a look sets in motion changes the instance, and so leads back here.
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      while (this.#isStale) {
        this.#isStale = false;
        this.#pass();
      }
    } finally {
      this.#isLooking = false;
    }
  }

  /** Sends everybody away: llamactl ends, and starts nothing any more. */
  shut(): void {
    this.#isShut = true;
    for (const seated of this.#all()) this.#dismiss(seated, shuttingDown());
    this.#cancelTimer();
  }

  async #wait(came: Waiting, outcome: DemandOutcome): Promise<Lease> {
    const { request } = came;
    const { promise, resolve, reject } = Promise.withResolvers<Lease>();
    const seated: Seated = { ...came, isSettled: false, resolve, reject };
    const leave = (): void => this.#dismiss(seated, request.signal.reason);
    request.signal.addEventListener('abort', leave);
    if (request.after === undefined) this.#waiting.push(request.caller, seated);
    else this.#suspects.add(seated);
    // Where nothing can come of it at once, there is no need to look at a thousand others too.
    if (outcome.kind !== 'wait' || outcome.until !== null) this.look();
    if (!seated.isSettled) request.onWaiting?.();
    this.#with.scheduler.changed();
    try {
      return await promise;
    } finally {
      request.signal.removeEventListener('abort', leave);
      // Perhaps nobody is left whose wish could have another stopped.
      this.#with.scheduler.changed();
    }
  }

  #pass(): void {
    const { state, isClosed } = this.#mailbox;
    this.#cancelTimer();
    if (state.status === 'running') this.#served = state.run.number;
    // Whoever waits for one that runs waits for room, and is not sent away.
    if (state.status !== 'running' || isClosed) this.#decideAll();
    while (this.#hasRoom()) {
      const isServed = this.#suspects.isClear ? this.#serveNext() : this.#serveSuspect();
      if (!isServed) return;
    }
  }

  #serveNext(): boolean {
    const next = this.#waiting.shift();
    if (next === undefined) return false;
    next.isSettled = true;
    next.resolve(this.#grant());
    return true;
  }

  #serveSuspect(): boolean {
    const next = this.#suspects.next();
    if (next === null) return false;
    const { item, end } = next;
    const lease = this.#grant();
    const begun = (): void => {
      end();
      this.look();
    };
    const release = (): void => {
      end();
      lease.release();
      // The death of the run releases a lease too, before its holder does.
      this.look();
    };
    item.isSettled = true;
    item.resolve({ ...lease, begun, release });
    return true;
  }

  *#all(): IterableIterator<Seated> {
    yield* this.#suspects;
    yield* this.#waiting;
  }

  #decideAll(): void {
    const { clock } = this.#with;
    let lookAt: number | null = null;
    for (const seated of this.#all()) {
      if (this.#mailbox.isClosed) {
        this.#dismiss(seated, notFound(this.#mailbox.record.name));
        continue;
      }
      const outcome = this.#decide(seated);
      if (outcome.kind === 'refuse') this.#dismiss(seated, this.#refusal(seated, outcome));
      if (outcome.kind === 'start') this.#start(seated);
      if (outcome.kind === 'wait' && outcome.until !== null) lookAt = Math.min(lookAt ?? outcome.until, outcome.until);
    }
    if (lookAt !== null) this.#cancelTimer = clock.after(Math.max(0, lookAt - clock.elapsed()), () => this.look());
  }

  #decide(waiting: Waiting): DemandOutcome {
    const { record, state, stops } = this.#mailbox;
    if (stops !== waiting.stops) return { kind: 'refuse', reason: null, retryAfter: 1 };
    waiting.sawStart ||= state.status === 'starting';
    const { after } = waiting.request;
    return decideDemand(state, {
      onDemand: record.settings.on_demand ?? true,
      mayStart: waiting.request.mayStart,
      isClosed: this.#with.isClosed(record.id),
      ...momentOf(this.#with.clock),
      since: waiting.since,
      lostRun: after === undefined ? null : Math.max(after.run, this.#served),
    });
  }

  #start(seated: Seated): void {
    const { clock, scheduler } = this.#with;
    const { record } = this.#mailbox;
    if (scheduler.outlook(record.id) === 'hopeless') this.#dismiss(seated, slotsPinned(record.name, 503));
    else this.#mailbox.post({ type: 'start', ...momentOf(clock), cause: 'demand' });
  }

  #hasRoom(): boolean {
    const { record, state } = this.#mailbox;
    if (this.#mailbox.isClosed || state.status !== 'running' || state.run.launch === null) return false;
    if (this.#with.isClosed(record.id)) return false;
    const { concurrency } = record.settings;
    return concurrency === undefined || this.#leases < concurrency;
  }

  #grant(): Lease {
    const { record, state, stops } = this.#mailbox;
    if (state.status !== 'running' || state.run.launch === null) throw new Error('a lease of what does not run');
    const { number: run, launch } = state.run;
    const origin = { instance: record.id, run, stops };
    return this.#with.leases.of(record.id, run).grant(record.name, this.#targetOf(launch), record, origin);
  }

  /** One for all leases of a launch, once it has its witness. */
  #targetOf(launch: Launch): EngineTarget {
    if (this.#target?.launch === launch) return this.#target.target;
    const target = targetOf(launch, this.#with.witness(this.#mailbox.record.id, launch));
    this.#target = target.witness === undefined ? null : { launch, target };
    return target;
  }

  get #leases(): number {
    const { record, state } = this.#mailbox;
    return state.status === 'running' ? this.#with.leases.of(record.id, state.run.number).count : 0;
  }

  /** How many may wait. Those whom a start will serve at once do not count, and one of them always may. */
  #limit(): number {
    const { concurrency, queue_limit: limit = DEFAULT_QUEUE_LIMIT } = this.#mailbox.record.settings;
    const free = concurrency === undefined ? 0 : Math.max(0, concurrency - this.#leases);
    return Math.max(limit + free, this.#mailbox.state.status === 'running' ? 0 : 1);
  }

  #refusal({ sawStart }: Waiting, outcome: Refusal): Error {
    return notServed(this.#mailbox, outcome, sawStart);
  }

  #dismiss(seated: Seated, reason: unknown): void {
    this.#waiting.remove(seated.request.caller, seated);
    this.#suspects.remove(seated);
    seated.isSettled = true;
    seated.reject(reason);
  }
}

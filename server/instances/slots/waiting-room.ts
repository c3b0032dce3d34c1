import type { Config } from '@llamactl/contract/config';
import type { DecisionInputs } from '@llamactl/contract/decisions';
import { DEFAULT_QUEUE_LIMIT } from '@llamactl/contract/instance';
import { decideDemand, type DemandOutcome, type Refusal } from './demand.ts';
import type { LeaseBook } from './lease-book.ts';
import { type Lease, leasedRecord, type LeaseRequest, targetOf } from './leases.ts';
import type { Mailbox } from '../life/mailbox.ts';
import { momentOf, type Clock } from '../ports/time.ts';
import type { Author, Launch } from '../life/lifecycle.ts';
import type { Contexts } from '../ports/contexts.ts';
import type { EngineTarget } from '../ports/engine-endpoint.ts';
import type { PortWitness } from '../ports/listening-ports.ts';
import type { Trace } from '../ports/trace.ts';
import { ALL_PINNED, noRoom, notFound, notServed, queueFull, shuttingDown } from '../refusals.ts';
import type { RefusedStarts } from '../refused-starts.ts';
import type { MemoryAdmission } from './memory-admission.ts';
import type { Scheduler } from './scheduler.ts';
import { TurnQueue } from './turn-queue.ts';
import { Suspects } from './suspects.ts';
import { reasonOf } from '../instance-view.ts';

export interface WaitingRoomDependencies {
  clock: Clock;
  leases: LeaseBook;
  contexts: Pick<Contexts, 'measurement'>;
  scheduler: Pick<Scheduler, 'outlook' | 'changed'>;
  /** `null`: memory limits no start. */
  memory: Pick<MemoryAdmission, 'obstacle'> | null;
  refusedStarts: Pick<RefusedStarts, 'note'>;
  trace: Trace;
  presets: Config['presets'];
  /** Whether an instance, given by id, refuses new leases. */
  isClosed: (instance: string) => boolean;
  /** The port witness of a ready run, by the instance's id; `null`: the run has no witness. */
  witness: (instance: string, launch: Launch) => PortWitness | null;
}

/** A request that waits for an instance. */
interface Waiting {
  request: LeaseRequest;
  /** When it began to wait, in {@link Clock.elapsed} time. */
  since: number;
  /** The instance's count of stops when the request came. A later stop also refuses this request. */
  stops: number;
  /** Whether a start was under way while it waited. */
  sawStart: boolean;
}

/** A request in the queue, with the promise that gets its outcome. */
interface Queued extends Waiting {
  isSettled: boolean;
  resolve: (lease: Lease) => void;
  reject: (error: unknown) => void;
}

/**
 * The requests that wait for one instance: for its start, for a slot, or for their turn. Every change of the instance
 * decides on all of them at once, so that none acts on an outdated state. They share one start. When the instance
 * serves, callers take turns.
 */
export class WaitingRoom {
  readonly #dependencies: WaitingRoomDependencies;
  readonly #mailbox: Mailbox;
  readonly #waiting = new TurnQueue<Queued>();
  /** Requests that came back because their engine died; they are not in `#waiting`. */
  readonly #suspects = new Suspects<Queued>();
  #target: { launch: Launch; target: EngineTarget } | null = null;
  /** The newest run that was running while requests waited. */
  #served = 0;
  #cancelTimer = (): void => undefined;
  #isLooking = false;
  #isStale = false;
  #isShut = false;

  constructor(mailbox: Mailbox, dependencies: WaitingRoomDependencies) {
    this.#mailbox = mailbox;
    this.#dependencies = dependencies;
  }

  get size(): number {
    return this.#waiting.size + this.#suspects.size;
  }

  /** A lease, if no other request waits and the instance has room; otherwise `null`. */
  leaseNow(): Lease | null {
    return this.#waiting.size === 0 && this.#suspects.isClear && this.#hasRoom() ? this.#grant() : null;
  }

  /**
   * Waits for a lease.
   *
   * @throws `ApiError` with the reason of a refusal; or the abort reason of the request's signal
   */
  async enter(request: LeaseRequest): Promise<Lease> {
    const { clock } = this.#dependencies;
    const stops = request.after?.stops ?? this.#mailbox.stops;
    const came: Waiting = { request, since: clock.elapsed(), stops, sawStart: false };
    const { state } = this.#mailbox;
    if (request.onlyRunning === true && state.status !== 'running') {
      throw this.#refusal(came, { kind: 'refuse', reason: reasonOf(state), retryAfter: null });
    }
    const outcome = this.#decide(came);
    if (outcome.kind === 'refuse') throw this.#refusal(came, outcome);
    if (this.#isShut) throw shuttingDown();
    const isFull = request.after === undefined && this.#waiting.size >= this.#limit();
    if (isFull) {
      if (this.#dependencies.trace.isOn) this.#note(came, 'refused', 'its queue is full');
      throw queueFull(this.#mailbox, this.#waiting.size);
    }
    return this.#wait(came, outcome);
  }

  /** Decides on all waiting requests again. Call it after each change that may affect them. */
  look(): void {
    if (this.size === 0) return;
    this.#isStale = true;
    // A decision may change the instance, which calls `look` again.
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

  /** Refuses all waiting requests, and all that would wait later, because llamactl is stopping. */
  shut(): void {
    this.#isShut = true;
    for (const queued of this.#all()) this.#dismiss(queued, shuttingDown());
    this.#cancelTimer();
  }

  async #wait(came: Waiting, outcome: DemandOutcome): Promise<Lease> {
    const { request } = came;
    const { promise, resolve, reject } = Promise.withResolvers<Lease>();
    const queued: Queued = { ...came, isSettled: false, resolve, reject };
    const leave = (): void => {
      if (this.#dependencies.trace.isOn) this.#note(queued, 'left');
      this.#dismiss(queued, request.signal.reason);
    };
    request.signal.addEventListener('abort', leave);
    if (request.after === undefined) this.#waiting.push(request.caller, queued);
    else this.#suspects.add(queued);
    // If the request cannot proceed now, do not decide on a thousand others too.
    if (outcome.kind !== 'wait' || outcome.until !== null) this.look();
    if (!queued.isSettled && this.#dependencies.trace.isOn) this.#note(queued, 'waits');
    if (!queued.isSettled) request.onWaiting?.();
    this.#dependencies.scheduler.changed();
    try {
      return await promise;
    } finally {
      request.signal.removeEventListener('abort', leave);
      // This may have been the last request for which another instance could be evicted.
      this.#dependencies.scheduler.changed();
    }
  }

  #pass(): void {
    const { state, isClosed } = this.#mailbox;
    this.#cancelTimer();
    if (state.status === 'running') this.#served = state.run.number;
    // Requests for a running instance only wait for room, and are not refused.
    if (state.status !== 'running' || isClosed) this.#decideAll();
    while (this.#hasRoom()) {
      const isServed = this.#suspects.isClear ? this.#serveNext() : this.#serveSuspect();
      if (!isServed) return;
    }
  }

  #serveNext(): boolean {
    const next = this.#waiting.shift();
    if (next === undefined) return false;
    if (this.#dependencies.trace.isOn) this.#note(next, 'leased');
    next.isSettled = true;
    next.resolve(this.#grant());
    return true;
  }

  #serveSuspect(): boolean {
    const next = this.#suspects.next();
    if (next === null) return false;
    const { item, end } = next;
    if (this.#dependencies.trace.isOn) this.#note(item, 'leased');
    const lease = this.#grant();
    const begun = (): void => {
      end();
      this.look();
    };
    const release = (): void => {
      end();
      lease.release();
      // If the run has died, its leases no longer count and their release triggers no check, so check here.
      this.look();
    };
    item.isSettled = true;
    item.resolve({ ...lease, begun, release });
    return true;
  }

  *#all(): IterableIterator<Queued> {
    yield* this.#suspects;
    yield* this.#waiting;
  }

  #decideAll(): void {
    const { clock } = this.#dependencies;
    let lookAt: number | null = null;
    for (const queued of this.#all()) {
      if (this.#mailbox.isClosed) {
        if (this.#dependencies.trace.isOn) this.#note(queued, 'refused', 'it was deleted');
        this.#dismiss(queued, notFound(this.#mailbox.record.name));
        continue;
      }
      const outcome = this.#decide(queued);
      if (outcome.kind === 'refuse') this.#dismiss(queued, this.#refusal(queued, outcome));
      if (outcome.kind === 'start') this.#start(queued);
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
      editedAt: Date.parse(record.updatedAt),
      isClosed: this.#dependencies.isClosed(record.id),
      ...momentOf(this.#dependencies.clock),
      since: waiting.since,
      lostRun: after === undefined ? null : Math.max(after.run, this.#served),
    });
  }

  #start(queued: Queued): void {
    const { clock, scheduler, memory, refusedStarts } = this.#dependencies;
    const { record } = this.#mailbox;
    const isHopeless = scheduler.outlook(record.id) === 'hopeless';
    const shortage = isHopeless ? (memory?.obstacle(record.id) ?? null) : null;
    if (this.#dependencies.trace.isOn)
      this.#note(queued, isHopeless ? 'refused' : 'starts', isHopeless ? (shortage ?? ALL_PINNED) : null);
    const author = authorOf(queued.request);
    if (!isHopeless) {
      this.#mailbox.post({ type: 'start', ...momentOf(clock), cause: 'demand', author });
      return;
    }
    const refusal = noRoom(record.name, shortage, 503);
    refusedStarts.note(this.#mailbox, refusal, { kind: 'demand', ...author });
    this.#dismiss(queued, refusal);
  }

  #hasRoom(): boolean {
    const { record, state } = this.#mailbox;
    if (this.#mailbox.isClosed || state.status !== 'running' || state.run.launch === null) return false;
    if (this.#dependencies.isClosed(record.id)) return false;
    const { concurrency } = record.settings;
    return concurrency === undefined || this.#leases < concurrency;
  }

  #grant(): Lease {
    const { record, state, stops } = this.#mailbox;
    if (state.status !== 'running' || state.run.launch === null)
      throw new Error('cannot grant a lease: the instance is not running');
    const { number: run, launch } = state.run;
    const origin = { instance: record.id, run, stops };
    const { contexts, leases, presets } = this.#dependencies;
    const leased = leasedRecord(record, presets);
    const lease = leases.of(record.id, run).grant(record.name, this.#targetOf(launch), leased, origin);
    const reused = contexts.measurement(record.id, run);
    return reused === null ? lease : { ...lease, reused };
  }

  /** The target of a launch. Once the port has its witness, all leases of the launch share one object. */
  #targetOf(launch: Launch): EngineTarget {
    if (this.#target?.launch === launch) return this.#target.target;
    const target = targetOf(launch, this.#dependencies.witness(this.#mailbox.record.id, launch));
    this.#target = target.witness === undefined ? null : { launch, target };
    return target;
  }

  get #leases(): number {
    const { record, state } = this.#mailbox;
    return state.status === 'running' ? this.#dependencies.leases.of(record.id, state.run.number).count : 0;
  }

  /**
   * How many requests may wait. Those that a start will serve at once do not count. While the instance does not run, at
   * least one may wait.
   */
  #limit(): number {
    const { concurrency, queue_limit: limit = DEFAULT_QUEUE_LIMIT } = this.#mailbox.record.settings;
    const free = concurrency === undefined ? 0 : Math.max(0, concurrency - this.#leases);
    return Math.max(limit + free, this.#mailbox.state.status === 'running' ? 0 : 1);
  }

  #refusal(waiting: Waiting, outcome: Refusal): Error {
    if (this.#dependencies.trace.isOn) this.#note(waiting, 'refused', outcome.reason);
    return notServed(this.#mailbox, outcome, waiting.sawStart);
  }

  /** Traces the decision on a request. Call it only while the trace is on. */
  #note(waiting: Waiting, outcome: DecisionInputs<'request'>['outcome'], reason: string | null = null): void {
    const { clock, trace } = this.#dependencies;
    const { record, state } = this.#mailbox;
    trace.note({
      kind: 'request',
      instance: { id: record.id },
      requestId: waiting.request.requestId,
      inputs: {
        outcome,
        status: state.status,
        waiting: this.size,
        waited_ms: clock.elapsed() - waiting.since,
        leases: this.#leases,
        concurrency: record.settings.concurrency ?? null,
        reason,
      },
    });
  }

  #dismiss(queued: Queued, reason: unknown): void {
    this.#waiting.remove(queued.request.caller, queued);
    this.#suspects.remove(queued);
    queued.isSettled = true;
    queued.reject(reason);
  }
}

function authorOf({ subject, requestId }: LeaseRequest): Author {
  return {
    ...(subject !== undefined && { caller: subject }),
    ...(requestId !== undefined && { request_id: requestId }),
  };
}

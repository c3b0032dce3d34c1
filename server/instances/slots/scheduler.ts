import type { Clock } from '../ports/time.ts';
import { NO_TRACE, type Trace } from '../ports/trace.ts';
import type { Amounts, Capacity } from './capacity.ts';
import {
  planSlots,
  type Contender,
  type Holder,
  type SlotLimits,
  type PlanWitness,
  type SlotPlan,
  type Waiter,
} from './slot-plan.ts';
import { SlotBlockers } from './slot-blockers.ts';
import { type SlotObstacle, SlotObstacleWitness } from './slot-obstacle.ts';
import { SlotTrace } from './slot-trace.ts';

/** How the scheduler sees and controls instances. Methods must not call back into the scheduler. */
export interface SlotWorld {
  /**
   * The instance's group, pin and demand; `null`: the instance no longer exists. Must answer at once: a demand that has
   * to be read or measured is learnt before the request.
   */
  contender(instance: string): Omit<Contender, 'instance'> | null;
  /** Phase and use of an instance that has a slot. */
  use(instance: string): Pick<Holder, 'phase' | 'leases' | 'lastUsed'>;
  /** The amounts that an instance with a slot holds. While it restarts, that is the slot alone. */
  held(instance: string): Amounts;
  /** Holders without a slot: ended runs whose memory is not free yet. */
  remnants(): readonly Holder[];
  /** Notes which of its `places` an instance gets with its slot. Called before {@link SlotRequest.onGranted}. */
  place(instance: string, place: number): void;
  /** Stops an instance without leases to free its slot for a waiter, unless it has a lease when the stop is processed. */
  evict(instance: string, waiter: string): void;
  /** Sets whether the instance refuses new leases, because another instance has waited too long for its slot. */
  close(instance: string, isClosed: boolean): void;
}

/** The limits of the configuration and of the machine. */
export interface SchedulerLimits extends Pick<SlotLimits, 'exclusiveGroups'> {
  capacity: Capacity;
}

/** A request for a slot. */
export interface SlotRequest {
  /** Whether other instances may be evicted for this request; called for each plan. */
  mayEvict: () => boolean;
  /** Called in a later turn of the event loop. */
  onGranted: () => void;
  /** Called when no slot can be freed, because everything is pinned. The request is then withdrawn. */
  onHopeless: () => void;
}

interface Waiting {
  instance: string;
  /** Since when others may be evicted for this waiter, in {@link Clock.elapsed} time; `null`: they may not. */
  since: number | null;
  mayEvict: () => boolean;
  /** `null`: a reserved queue position whose request has not come yet. */
  request: SlotRequest | null;
}

/** How long the answer of {@link Scheduler.blockers} is reused: many waiters and holders take milliseconds to plan. */
const FORESIGHT_MS = 250;

/** Whether a start could get a slot. */
export type Outlook = 'free' | 'possible' | 'hopeless';

/**
 * Sole owner of the slots and of the order in which instances start. Every start, for any cause, needs a slot. The scheduler
 * grants one slot per turn of the event loop: a spawn blocks the loop for a millisecond or more because it forks, so
 * fifty in one turn would stall every request. {@link planSlots} decides in each turn who gets a slot and who is evicted.
 *
 * A slot belongs to an instance, not to a run, so a restart keeps it. A slot is free only when the process is gone. Memory
 * belongs to a run: a restart waits until its memory is free.
 */
export class Scheduler {
  readonly #clock: Clock;
  readonly #limits: SchedulerLimits;
  readonly #world: SlotWorld;
  readonly #trace: SlotTrace;
  readonly #slots = new Set<string>();
  #closed: ReadonlySet<string> = new Set();
  #queue: Waiting[] = [];
  #isPlanning = false;
  #blockers: { found: SlotBlockers; at: number } | null = null;
  #cancelLook = (): void => undefined;

  constructor(clock: Clock, limits: SchedulerLimits, world: SlotWorld, trace: Trace = NO_TRACE) {
    this.#clock = clock;
    this.#limits = limits;
    this.#world = world;
    this.#trace = new SlotTrace(trace);
    limits.capacity.onChange(() => this.changed());
  }

  /** Requests a slot. A second request of an instance replaces the first and keeps its queue position. */
  request(instance: string, request: SlotRequest): void {
    const before = this.#queue.find((waiting) => waiting.instance === instance);
    const mayEvict = before?.request === null ? before.mayEvict : request.mayEvict;
    const waiting = { instance, since: before?.since ?? null, mayEvict, request };
    if (before === undefined) this.#queue.push(waiting);
    else this.#queue = this.#queue.map((each) => (each === before ? waiting : each));
    this.#planSoon();
  }

  /**
   * Reserves a queue position for a start that is accepted but not yet stored, so that {@link outlook} counts the
   * start. A reserved position never causes an eviction, not even once the request has come.
   */
  reserve(instance: string): void {
    if (this.#slots.has(instance) || this.#queue.some((waiting) => waiting.instance === instance)) return;
    this.#queue.push({ instance, since: null, mayEvict: () => false, request: null });
  }

  /** Occupies a slot without a request, for an engine that was found alive. */
  take(instance: string): void {
    this.#slots.add(instance);
  }

  /** Frees the instance's slot, or withdraws its request. */
  release(instance: string): void {
    this.#slots.delete(instance);
    this.#queue = this.#queue.filter((waiting) => waiting.instance !== instance);
    this.#trace.end(instance);
    this.changed();
  }

  /**
   * Makes a new plan in a later turn, so it may be called from anywhere. Call it after a change that a plan depends on: a
   * lease ended, an instance became ready, settings or the capacity changed.
   */
  changed(): void {
    if (this.#queue.length > 0 || this.#closed.size > 0) this.#planSoon();
  }

  /** Whether a start could get a slot. `free`: at once; `possible`: after others stop; `hopeless`: never while pins stay as they are. */
  outlook(instance: string): Outlook {
    return this.#foresee(instance, null);
  }

  /** The obstacle that keeps a start from a slot at once; `null`: its {@link outlook} is `free`, or the instance is gone. */
  obstacle(instance: string): SlotObstacle | null {
    const witness = new SlotObstacleWitness(instance);
    this.#foresee(instance, witness);
    return witness.obstacle;
  }

  /** Whether the start that is asked for now has to be refused. The trace has a refusal. */
  refuses(instance: string): boolean {
    return this.#foresee(instance, this.#trace.ofStart(instance, this.#clock.elapsed())) === 'hopeless';
  }

  /**
   * Ids of the instances that must stop before a waiting one gets its slot; empty: it does not wait. For views: the
   * answer may be a quarter of a second old.
   */
  blockers(instance: string): readonly string[] {
    if (!this.#isAsked(instance)) return [];
    const now = this.#clock.elapsed();
    if (this.#blockers === null || now - this.#blockers.at >= FORESIGHT_MS) {
      const found = new SlotBlockers(this.#holders());
      this.#planFor(this.#waiters(), now, found);
      this.#blockers = { found, at: now };
    }
    return this.#blockers.found.of(instance);
  }

  #foresee(instance: string, witness: PlanWitness | null): Outlook {
    if (this.#slots.has(instance)) return 'free';
    const contender = this.#world.contender(instance);
    if (contender === null) return 'hopeless';
    const now = this.#clock.elapsed();
    const waiter: Waiter = { ...contender, instance, since: now, mayEvict: false };
    const others = this.#waiters().filter((each) => each.instance !== instance);
    const { grant, hopeless } = this.#planFor([...others, waiter], now, witness);
    if (grant.includes(instance)) return 'free';
    return hopeless.includes(instance) ? 'hopeless' : 'possible';
  }

  /** Instances that hold a slot. */
  get held(): ReadonlySet<string> {
    return this.#slots;
  }

  /** Number of waiting requests. */
  get waiting(): number {
    return this.#queue.length;
  }

  #planSoon(): void {
    if (this.#isPlanning) return;
    this.#isPlanning = true;
    this.#clock.nextTurn(() => {
      this.#isPlanning = false;
      this.#plan();
    });
  }

  #plan(): void {
    this.#cancelLook();
    const now = this.#clock.elapsed();
    const plan = this.#planFor(this.#waiters(), now, this.#trace.at(now));
    if (plan.lookAgainAt !== null) this.#cancelLook = this.#clock.after(plan.lookAgainAt - now, () => this.#planSoon());
    for (const [instance, waiter] of plan.evict) this.#world.evict(instance, waiter);
    // Only after the evictions: an instance that reopened first would grant the slot to its own waiting requests again.
    this.#close(new Set(plan.close));
    for (const instance of plan.hopeless) this.#take(instance)?.onHopeless();
    const [next, ...later] = plan.grant.filter((instance) => this.#isAsked(instance));
    if (next === undefined) return;
    const granted = this.#take(next);
    this.#slots.add(next);
    this.#world.place(next, plan.places.get(next) ?? 0);
    granted?.onGranted();
    if (later.length > 0) this.#planSoon();
  }

  #planFor(waiters: readonly Waiter[], now: number, witness: PlanWitness | null = null): SlotPlan {
    const { capacity, exclusiveGroups } = this.#limits;
    return planSlots({ capacity: capacity.amounts, exclusiveGroups }, this.#holders(), waiters, now, witness);
  }

  #isAsked(instance: string): boolean {
    return this.#queue.some((waiting) => waiting.instance === instance && waiting.request !== null);
  }

  #take(instance: string): SlotRequest | null {
    const waiting = this.#queue.find((each) => each.instance === instance);
    if (!waiting?.request) return null;
    this.#queue = this.#queue.filter((each) => each !== waiting);
    this.#trace.end(instance);
    return waiting.request;
  }

  #close(closed: ReadonlySet<string>): void {
    for (const instance of this.#closed) if (!closed.has(instance)) this.#world.close(instance, false);
    for (const instance of closed) if (!this.#closed.has(instance)) this.#world.close(instance, true);
    this.#closed = closed;
  }

  #holders(): Holder[] {
    const holders = [...this.#slots].map((instance) => ({
      ...(this.#world.contender(instance) ?? { group: null, isPinned: false }),
      ...this.#world.use(instance),
      demand: this.#world.held(instance),
      isClosed: this.#closed.has(instance),
      instance,
    }));
    return [...holders, ...this.#world.remnants()];
  }

  #waiters(): Waiter[] {
    return this.#queue.flatMap((waiting) => {
      const { instance } = waiting;
      const contender = this.#world.contender(instance);
      const mayEvict = waiting.mayEvict();
      const now = this.#clock.elapsed();
      waiting.since = mayEvict ? (waiting.since ?? now) : null;
      return contender === null ? [] : [{ ...contender, instance, since: waiting.since ?? now, mayEvict }];
    });
  }
}

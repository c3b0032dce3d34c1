import type { Clock } from '../ports.ts';
import { planSlots, type Contender, type Holder, type SlotLimits, type Waiter } from './slot-plan.ts';

/** What the scheduler sees of instances, and has done to them. None of it may call the scheduler back within the call. */
export interface SlotWorld {
  /** What decides who may have a slot; `null`: there is no such instance any more. */
  contender(instance: string): Omit<Contender, 'instance'> | null;
  /** How an instance with a slot stands. */
  use(instance: string): Pick<Holder, 'phase' | 'leases' | 'lastUsed'>;
  /** Its slot is wanted and it has no lease: it should stop, unless that has changed by then. */
  evict(instance: string): void;
  /** Whether it gives leases: not to new ones when somebody has waited too long for its slot. */
  close(instance: string, isClosed: boolean): void;
}

/** A request for a slot. */
export interface SlotRequest {
  /** Whether others may be stopped for it; asked anew for each plan. */
  mayEvict: () => boolean;
  /** In a later turn. */
  onGranted: () => void;
  /** Nobody can ever make room, as things stand: everything is pinned. Its request is withdrawn. */
  onHopeless: () => void;
}

interface Waiting {
  instance: string;
  /** Since when others may be stopped for it, of {@link Clock.elapsed}; `null`: they may not. */
  since: number | null;
  mayEvict: () => boolean;
  /** `null`: its place is kept, and the request is still to come. */
  request: SlotRequest | null;
}

/**
 * Sole owner of slots and of the order in which instances may start; every start of any cause passes here. One is granted
 * an event-loop turn, because a spawn blocks the loop for a millisecond or more (it forks) and fifty in one turn would stall
 * every request. Who gets one, and who makes room, is decided by {@link planSlots}, on what is true in that turn.
 *
 * A slot belongs to an instance, not to a run: a restart keeps it. It is free when the process is gone, not before.
 */
export class Scheduler {
  readonly #clock: Clock;
  readonly #limits: SlotLimits;
  readonly #world: SlotWorld;
  readonly #slots = new Set<string>();
  #closed: ReadonlySet<string> = new Set();
  #queue: Waiting[] = [];
  #isPlanning = false;
  #cancelLook = (): void => undefined;

  constructor(clock: Clock, limits: SlotLimits, world: SlotWorld) {
    this.#clock = clock;
    this.#limits = limits;
    this.#world = world;
  }

  /** Asks for a slot. A second request of an instance replaces the first, and keeps its place. */
  request(instance: string, request: SlotRequest): void {
    const before = this.#queue.find((waiting) => waiting.instance === instance);
    const mayEvict = before?.request === null ? before.mayEvict : request.mayEvict;
    const waiting = { instance, since: before?.since ?? null, mayEvict, request };
    if (before === undefined) this.#queue.push(waiting);
    else this.#queue = this.#queue.map((each) => (each === before ? waiting : each));
    this.#planSoon();
  }

  /**
   * Keeps the place of a request that was decided on and comes when that is stored, so that whoever asks for the outlook
   * meanwhile sees it. Nobody is stopped for it, then neither.
   */
  reserve(instance: string): void {
    if (this.#slots.has(instance) || this.#queue.some((waiting) => waiting.instance === instance)) return;
    this.#queue.push({ instance, since: null, mayEvict: () => false, request: null });
  }

  /** Occupies a slot without asking: the instance's engine was found alive. */
  take(instance: string): void {
    this.#slots.add(instance);
  }

  /** Gives back the slot, or withdraws the request. */
  release(instance: string): void {
    this.#slots.delete(instance);
    this.#queue = this.#queue.filter((waiting) => waiting.instance !== instance);
    this.changed();
  }

  /**
   * Something changed that a plan depends on: a lease ended, an instance became ready, settings are others. Plans in a
   * later turn, so it may be called from anywhere.
   */
  changed(): void {
    if (this.#queue.length > 0 || this.#closed.size > 0) this.#planSoon();
  }

  /** Whether a request would be granted at once, could be when somebody makes room, or never as things stand. */
  outlook(instance: string): 'free' | 'possible' | 'hopeless' {
    if (this.#slots.has(instance)) return 'free';
    const contender = this.#world.contender(instance);
    if (contender === null) return 'hopeless';
    const now = this.#clock.elapsed();
    const waiter: Waiter = { ...contender, instance, since: now, mayEvict: false };
    const others = this.#waiters().filter((each) => each.instance !== instance);
    const { grant, hopeless } = planSlots(this.#limits, this.#holders(), [...others, waiter], now);
    if (grant.includes(instance)) return 'free';
    return hopeless.includes(instance) ? 'hopeless' : 'possible';
  }

  /** Instances that hold a slot. */
  get held(): ReadonlySet<string> {
    return this.#slots;
  }

  /** Requests that wait. */
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
    const plan = planSlots(this.#limits, this.#holders(), this.#waiters(), now);
    if (plan.lookAgainAt !== null) this.#cancelLook = this.#clock.after(plan.lookAgainAt - now, () => this.#planSoon());
    for (const instance of plan.evict) this.#world.evict(instance);
    // Not before: whoever waits at one that has to go would have it again.
    this.#close(new Set(plan.close));
    for (const instance of plan.hopeless) this.#take(instance)?.onHopeless();
    const [next, ...later] = plan.grant.filter((instance) => this.#isAsked(instance));
    if (next === undefined) return;
    const granted = this.#take(next);
    this.#slots.add(next);
    granted?.onGranted();
    if (later.length > 0) this.#planSoon();
  }

  #isAsked(instance: string): boolean {
    return this.#queue.some((waiting) => waiting.instance === instance && waiting.request !== null);
  }

  #take(instance: string): SlotRequest | null {
    const waiting = this.#queue.find((each) => each.instance === instance);
    if (!waiting?.request) return null;
    this.#queue = this.#queue.filter((each) => each !== waiting);
    return waiting.request;
  }

  #close(closed: ReadonlySet<string>): void {
    for (const instance of this.#closed) if (!closed.has(instance)) this.#world.close(instance, false);
    for (const instance of closed) if (!this.#closed.has(instance)) this.#world.close(instance, true);
    this.#closed = closed;
  }

  #holders(): Holder[] {
    return [...this.#slots].map((instance) => ({
      ...(this.#world.contender(instance) ?? { group: null, isPinned: false }),
      ...this.#world.use(instance),
      instance,
    }));
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

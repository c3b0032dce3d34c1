import type { DecisionInputs } from '@llamactl/contract/decisions';
import type { Decision, Trace } from '../ports/trace.ts';
import { limitOf } from './capacity.ts';
import { staysUntil, type Holder, type Need, type PlanWitness, type SlotLimits, type Waiter } from './slot-plan.ts';

/**
 * Traces the verdicts of slot plans. The scheduler plans again at every change while an instance waits, so a verdict that
 * the previous plan reached for the same reason is not noted again.
 */
export class SlotTrace implements PlanWitness {
  readonly #trace: Trace;
  #now = 0;
  /** Verdicts with their reasons, by the waiter that they are about: of the previous plan, and of this one. */
  #before = new Map<string, Set<string>>();
  #verdicts = new Map<string, Set<string>>();

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  /**
   * Begins the trace of a plan made at `now`, in `Clock.elapsed` time. Returns the plan's witness; `null`: nothing
   * listens.
   */
  at(now: number): PlanWitness | null {
    if (!this.#trace.isOn) {
      this.#verdicts.clear();
      return null;
    }
    this.#now = now;
    this.#before = this.#verdicts;
    this.#verdicts = new Map();
    return this;
  }

  /** The witness of a plan that only judges a start: notes that the start is refused, each time. `null`: nothing listens. */
  ofStart(instance: string, now: number): PlanWitness | null {
    if (!this.#trace.isOn) return null;
    return {
      judged: (waiter, outcome, need, limits) => {
        if (waiter.instance !== instance || outcome !== 'hopeless') return;
        this.#now = now;
        this.judged(waiter, outcome, need, limits);
        this.end(instance);
      },
      weighed: () => undefined,
    };
  }

  /** Ends the wait of an instance. The same verdict on its next wait is a new one. */
  end(waiter: string): void {
    this.#verdicts.delete(waiter);
  }

  judged(
    waiter: Waiter,
    outcome: DecisionInputs<'slot'>['outcome'],
    need: Need | null,
    { capacity }: SlotLimits,
  ): void {
    const obstacles = need === null ? [] : obstaclesOf(waiter, need, capacity);
    for (const { limit, most, taken } of obstacles.length === 0 ? [NO_OBSTACLE] : obstacles) {
      const waited = { may_evict: waiter.mayEvict, waited_ms: this.#now - waiter.since };
      const inputs = { outcome, limit, most, taken, ...waited };
      const reason = `${outcome} ${limit} ${most} ${taken} ${waiter.mayEvict}`;
      this.#note(waiter, { kind: 'slot', instance: { id: waiter.instance }, inputs }, reason);
    }
  }

  weighed(
    waiter: Waiter,
    { missing, strangers }: Need,
    holders: readonly Holder[],
    { evicted, closed }: { evicted: readonly Holder[]; closed: readonly Holder[] },
  ): void {
    const isInTheWay = (holder: Holder): boolean =>
      strangers.includes(holder) || missing.keys().some((resource) => (holder.demand.get(resource) ?? 0) > 0);
    for (const holder of holders.filter(isInTheWay)) {
      if (holder.instance === waiter.instance) continue;
      const about = { instance: { id: holder.instance }, other: { id: waiter.instance } };
      const { leases } = holder;
      if (evicted.includes(holder)) {
        this.#note(waiter, { kind: 'eviction', ...about, inputs: { idle_ms: this.#now - holder.lastUsed } });
      } else if (closed.includes(holder)) {
        this.#note(waiter, { kind: 'closing', ...about, inputs: { leases, waited_ms: this.#now - waiter.since } });
      } else {
        const because = this.#whySpared(holder, waiter);
        const isIdle = because === 'just_used' || because === 'used_later';
        const inputs = { because, leases, idle_ms: isIdle ? this.#now - holder.lastUsed : null };
        this.#note(waiter, { kind: 'spared', ...about, inputs }, because);
      }
    }
  }

  #whySpared(holder: Holder, waiter: Waiter): DecisionInputs<'spared'>['because'] {
    const { phase, isPinned, leases } = holder;
    if (phase === 'leaving') return 'stopping';
    if (isPinned) return 'pinned';
    if (phase === 'starting') return 'starting';
    if (leases > 0) return 'in_use';
    return staysUntil(holder, waiter) > this.#now ? 'just_used' : 'used_later';
  }

  /** @param reason Equal for equal reasons of the same verdict. */
  #note({ instance: waiter }: Waiter, decision: Decision, reason = ''): void {
    const verdict = JSON.stringify([decision.kind, decision.instance, reason]);
    const isKnown = this.#before.get(waiter)?.has(verdict) ?? false;
    const own = this.#verdicts.get(waiter) ?? new Set();
    const isRepeated = isKnown || own.has(verdict);
    this.#verdicts.set(waiter, own.add(verdict));
    if (!isRepeated) this.#trace.note(decision);
  }
}

/** A limit, and the amounts that keep a waiter from having a slot. */
interface Obstacle {
  limit: string | null;
  most: number;
  taken: number;
}

const NO_OBSTACLE: Obstacle = { limit: null, most: 0, taken: 0 };

function obstaclesOf(waiter: Waiter, { missing, strangers }: Need, capacity: SlotLimits['capacity']): Obstacle[] {
  const obstacles: Obstacle[] =
    strangers.length === 0 ? [] : [{ limit: 'exclusive', most: 0, taken: strangers.length }];
  for (const [resource, amount] of missing) {
    const most = capacity.get(resource) ?? 0;
    obstacles.push({ limit: limitOf(resource), most, taken: amount + most - (waiter.demand.get(resource) ?? 0) });
  }
  return obstacles;
}

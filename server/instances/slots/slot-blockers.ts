import type { Holder, Need, PlanWitness, Waiter } from './slot-plan.ts';

/** Collects from a plan which instances must stop before each waiter gets its slot. */
export class SlotBlockers implements PlanWitness {
  readonly #held: readonly Holder[];
  /** Ids of the blockers, by the id of the waiter. */
  readonly #blockers = new Map<string, string[]>();

  /** @param held The instances that hold a slot. */
  constructor(held: readonly Holder[]) {
    this.#held = held;
  }

  /** Ids; empty: the instance does not wait. */
  of(waiter: string): readonly string[] {
    return this.#blockers.get(waiter) ?? [];
  }

  judged(waiter: Waiter, outcome: 'granted' | 'waits' | 'hopeless', need: Need | null): void {
    if (outcome === 'granted' || need === null) return;
    this.#blockers.set(waiter.instance, idsOf(this.#held.filter((holder) => isInTheWay(holder, need))));
  }

  /** A waiter for which others may be stopped waits for the chosen ones, and for those that are leaving already. */
  weighed(
    waiter: Waiter,
    need: Need,
    _holders: readonly Holder[],
    { evicted, awaited }: { evicted: readonly Holder[]; awaited: readonly Holder[] },
  ): void {
    if (!this.#blockers.has(waiter.instance)) return;
    const leaving = this.#held.filter((holder) => holder.phase === 'leaving' && isInTheWay(holder, need));
    this.#blockers.set(waiter.instance, idsOf([...leaving, ...evicted, ...awaited]));
  }
}

function isInTheWay({ demand, ...holder }: Holder, { missing, strangers }: Need): boolean {
  const isStranger = strangers.some(({ instance }) => instance === holder.instance);
  return isStranger || missing.keys().some((resource) => (demand.get(resource) ?? 0) > 0);
}

function idsOf(holders: readonly Holder[]): string[] {
  return holders.map(({ instance }) => instance);
}

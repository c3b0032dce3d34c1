import type { Holder, Need, PlanWitness, Waiter } from './slot-plan.ts';

/** Collects from a plan which instances each waiting start waits for. */
export class WaitedFor implements PlanWitness {
  /** Ids of the instances, by the id of the one that waits. */
  readonly instances = new Map<string, readonly string[]>();

  judged(): void {
    // A verdict names no instances.
  }

  weighed(
    waiter: Waiter,
    { missing, strangers }: Need,
    holders: readonly Holder[],
    { evicted, awaited }: { evicted: readonly Holder[]; awaited: readonly Holder[] },
  ): void {
    const isInTheWay = (holder: Holder): boolean =>
      strangers.includes(holder) || missing.keys().some((resource) => (holder.demand.get(resource) ?? 0) > 0);
    const leaving = holders.filter((holder) => holder.phase === 'leaving' && isInTheWay(holder));
    const names = [...leaving, ...evicted, ...awaited].map(({ instance }) => instance);
    if (names.length > 0) this.instances.set(waiter.instance, [...new Set(names)]);
  }
}

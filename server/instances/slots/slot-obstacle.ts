import { limitText } from './capacity.ts';
import type { Holder, Need, PlanWitness, SlotLimits, Waiter } from './slot-plan.ts';

/** The reason why an instance gets no slot while no other may be stopped. */
export type SlotObstacle =
  /** `group`: the exclusive one, of the instance itself (`isOwn`) or of a holder; `phase`: of the holder. */
  | { kind: 'exclusive'; group: string; isOwn: boolean; phase: Holder['phase'] }
  /** `limits`: those that are reached, as clauses. */
  | { kind: 'limits'; limits: readonly string[] };

/** Gets from a plan what keeps one instance from a slot. */
export class SlotObstacleWitness implements PlanWitness {
  readonly #instance: string;
  #obstacle: SlotObstacle | null = null;

  constructor(instance: string) {
    this.#instance = instance;
  }

  /** `null`: the instance gets a slot at once. */
  get obstacle(): SlotObstacle | null {
    return this.#obstacle;
  }

  judged(waiter: Waiter, outcome: 'granted' | 'waits' | 'hopeless', need: Need | null, limits: SlotLimits): void {
    if (waiter.instance !== this.#instance || outcome === 'granted' || need === null) return;
    const { capacity, exclusiveGroups } = limits;
    const [holder] = need.strangers;
    const isOwn = waiter.group !== null && exclusiveGroups.has(waiter.group);
    const group = isOwn ? waiter.group : (holder?.group ?? null);
    if (holder !== undefined && group !== null) {
      this.#obstacle = { kind: 'exclusive', group, isOwn, phase: holder.phase };
      return;
    }
    const reached = [...need.missing].filter(([, amount]) => amount > 0);
    this.#obstacle = {
      kind: 'limits',
      limits: reached.map(([resource]) => limitText(resource, capacity.get(resource) ?? 0)),
    };
  }

  weighed(): void {
    // The instances that would have to stop do not matter: none may.
  }
}

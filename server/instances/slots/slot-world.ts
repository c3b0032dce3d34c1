import type { Config } from '@llamactl/contract/config';
import type { IdleCause, InstanceState } from '../life/lifecycle.ts';
import type { LeaseBook } from './lease-book.ts';
import { momentOf, type Clock } from '../ports/time.ts';
import type { Registry } from '../registry.ts';
import type { SlotWorld } from './scheduler.ts';
import { slotDemand, type Amounts } from './capacity.ts';
import type { MemoryAdmission } from './memory-admission.ts';
import { type Contender, type Holder, remnantHolder } from './slot-plan.ts';

export interface InstanceSlotsDependencies {
  clock: Pick<Clock, 'now' | 'elapsed'>;
  registry: Pick<Registry, 'byId'>;
  leases: LeaseBook;
  groups: Config['groups'];
  /** `null`: memory limits no start. */
  memory: Pick<MemoryAdmission, 'demands' | 'place' | 'holding' | 'remnants'> | null;
  /** Called when an instance begins or ceases to refuse new leases. */
  onClosed: (instance: string) => void;
}

/** The scheduler's view of the instances. Owns the set of those that refuse new leases because another waits for their slot. */
export class InstanceSlots implements SlotWorld {
  readonly #dependencies: InstanceSlotsDependencies;
  readonly #closed = new Set<string>();

  constructor(dependencies: InstanceSlotsDependencies) {
    this.#dependencies = dependencies;
  }

  contender(instance: string): Omit<Contender, 'instance'> | null {
    const mailbox = this.#dependencies.registry.byId(instance);
    if (mailbox === null || mailbox.isClosed) return null;
    const { group = null } = mailbox.record.settings;
    const places = (this.#dependencies.memory?.demands(instance) ?? []).map(
      (memory) => new Map([...slotDemand(group), ...memory]),
    );
    const [demand = slotDemand(group), ...others] = places;
    return { group, isPinned: this.isPinned(instance), demand, ...(others.length > 0 && { places }) };
  }

  place(instance: string, place: number): void {
    this.#dependencies.memory?.place(instance, place);
  }

  held(instance: string): Amounts {
    const { group = null } = this.#dependencies.registry.byId(instance)?.record.settings ?? {};
    return new Map([...slotDemand(group), ...(this.#dependencies.memory?.holding(instance) ?? [])]);
  }

  /** Whether the instance or its group is pinned, so that it is never evicted nor stopped when idle. */
  isPinned(instance: string): boolean {
    const settings = this.#dependencies.registry.byId(instance)?.record.settings;
    if (settings === undefined) return false;
    const { pinned = false, group } = settings;
    return pinned || (group !== undefined && this.#group(group)?.pinned === true);
  }

  use(instance: string): Pick<Holder, 'phase' | 'leases' | 'lastUsed'> {
    const state = this.#dependencies.registry.byId(instance)?.state;
    if (state?.status !== 'running') {
      return { phase: state === undefined ? 'leaving' : phaseOf(state), leases: 0, lastUsed: 0 };
    }
    const { leases } = this.#dependencies;
    const { number, readyAt } = state.run;
    const lastUsed = leases.lastUsed(instance, number) ?? readyAt ?? 0;
    return { phase: 'running', leases: leases.of(instance, number).count, lastUsed };
  }

  remnants(): readonly Holder[] {
    const remnants = this.#dependencies.memory?.remnants ?? [];
    return remnants.map(({ instance, amounts }) => remnantHolder(instance, amounts));
  }

  evict(instance: string, waiter: string): void {
    const neededBy = this.#dependencies.registry.byId(waiter)?.record.name;
    this.#end(instance, { cause: 'eviction', ...(neededBy !== undefined && { neededBy }) });
  }

  /** Stops an instance that was idle for `idleSeconds`. */
  endIdle(instance: string, idleSeconds: number): void {
    this.#end(instance, { cause: 'idle', idleSeconds });
  }

  close(instance: string, isClosed: boolean): void {
    if (isClosed) this.#closed.add(instance);
    else this.#closed.delete(instance);
    this.#dependencies.onClosed(instance);
  }

  /** Whether the instance refuses new leases, because another has waited too long for its slot. */
  isClosed(instance: string): boolean {
    return this.#closed.has(instance);
  }

  /** Posts the end of an unused run. The mailbox ignores it if a lease is open or the instance is pinned. */
  #end(instance: string, why: { cause: IdleCause; idleSeconds?: number; neededBy?: string }): void {
    const { clock, registry } = this.#dependencies;
    const { leases } = this.use(instance);
    const pinned = this.isPinned(instance);
    registry.byId(instance)?.post({ type: 'evict', ...momentOf(clock), leases, pinned, ...why });
  }

  #group(name: string): Config['groups'][string] | undefined {
    return Object.hasOwn(this.#dependencies.groups, name) ? this.#dependencies.groups[name] : undefined;
  }
}

/** The phase of an instance that has a slot and is not running. A stopping instance keeps its slot until its process is gone. */
function phaseOf(state: InstanceState): Holder['phase'] {
  if (state.status === 'starting') return 'starting';
  const comesUp = state.status === 'restarting' && state.phase === 'going-down' && state.follows === 'start';
  return comesUp ? 'starting' : 'leaving';
}

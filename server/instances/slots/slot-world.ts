import type { Config } from '@llamactl/contract/config';
import type { IdleCause, InstanceState } from '../life/lifecycle.ts';
import type { LeaseBook } from './lease-book.ts';
import { momentOf } from '../moment.ts';
import type { Clock } from '../ports.ts';
import type { Registry } from '../registry.ts';
import type { SlotWorld } from './scheduler.ts';
import type { Contender, Holder, SlotLimits } from './slot-plan.ts';

export interface InstanceSlotsDependencies {
  clock: Pick<Clock, 'now' | 'elapsed'>;
  registry: Pick<Registry, 'byId'>;
  leases: LeaseBook;
  groups: Config['groups'];
  /** Whether an instance gives leases has changed. */
  onClosed: (instance: string) => void;
}

/** The instances as the scheduler sees them. Owns which of them give no new leases because another waits for their slot. */
export class InstanceSlots implements SlotWorld {
  readonly #with: InstanceSlotsDependencies;
  readonly #closed = new Set<string>();

  constructor(dependencies: InstanceSlotsDependencies) {
    this.#with = dependencies;
  }

  contender(instance: string): Omit<Contender, 'instance'> | null {
    const mailbox = this.#with.registry.byId(instance);
    if (mailbox === null || mailbox.isClosed) return null;
    return { group: mailbox.record.settings.group ?? null, isPinned: this.isPinned(instance) };
  }

  /** Never stopped but by somebody's wish: it is pinned itself, or its group is. */
  isPinned(instance: string): boolean {
    const settings = this.#with.registry.byId(instance)?.record.settings;
    if (settings === undefined) return false;
    const { pinned = false, group } = settings;
    return pinned || (group !== undefined && this.#group(group)?.pinned === true);
  }

  use(instance: string): Pick<Holder, 'phase' | 'leases' | 'lastUsed'> {
    const state = this.#with.registry.byId(instance)?.state;
    if (state?.status !== 'running') {
      return { phase: state === undefined ? 'leaving' : phaseOf(state), leases: 0, lastUsed: 0 };
    }
    const { leases } = this.#with;
    const { number, readyAt } = state.run;
    const lastUsed = leases.lastUsed(instance, number) ?? readyAt ?? 0;
    return { phase: 'running', leases: leases.of(instance, number).count, lastUsed };
  }

  evict(instance: string): void {
    this.#end(instance, { cause: 'eviction' });
  }

  /** Nobody used it for so many seconds. */
  endIdle(instance: string, idleSeconds: number): void {
    this.#end(instance, { cause: 'idle', idleSeconds });
  }

  close(instance: string, isClosed: boolean): void {
    if (isClosed) this.#closed.add(instance);
    else this.#closed.delete(instance);
    this.#with.onClosed(instance);
  }

  /** It gives no new leases: somebody has waited too long for its slot. */
  isClosed(instance: string): boolean {
    return this.#closed.has(instance);
  }

  /** Stops a run that nobody uses, unless somebody has a lease by now or it is pinned. */
  #end(instance: string, why: { cause: IdleCause; idleSeconds?: number }): void {
    const { clock, registry } = this.#with;
    const { leases } = this.use(instance);
    const pinned = this.isPinned(instance);
    registry.byId(instance)?.post({ type: 'evict', ...momentOf(clock), leases, pinned, ...why });
  }

  #group(name: string): Config['groups'][string] | undefined {
    return Object.hasOwn(this.#with.groups, name) ? this.#with.groups[name] : undefined;
  }
}

/** The limits of the configuration. */
export function slotLimits(
  { max_running: maxRunning }: Pick<Config['instances'], 'max_running'>,
  groups: Config['groups'],
): SlotLimits {
  const limits = Object.entries(groups).map(
    ([name, { max_running = 0, exclusive = false }]) => [name, { maxRunning: max_running, exclusive }] as const,
  );
  return { maxRunning, groups: new Map(limits) };
}

/** Of an instance that does not run, and has a slot. What is no longer wanted has it until its process is gone. */
function phaseOf(state: InstanceState): Holder['phase'] {
  if (state.status === 'starting') return 'starting';
  const comesUp = state.status === 'restarting' && state.phase === 'going-down' && state.follows === 'start';
  return comesUp ? 'starting' : 'leaving';
}

import type { Clock } from '../ports/time.ts';
import type { DeviceMemory, DeviceRoom, LaunchNeeds, MemoryMeter, RunNeed } from '../ports/machine-memory.ts';
import type { Eviction, MemoryOutlook, MemoryPicture } from '../ports/memory-outlook.ts';
import type { LaunchPlan } from '../ports/runs.ts';
import type { MemoryAdmission, MemoryKnowledge } from './memory-admission.ts';
import { MemoryLedger } from './memory-ledger.ts';
import { type Holder, planSlots, remnantHolder, type Waiter } from './slot-plan.ts';

export interface MemorySurveyDependencies {
  clock: Pick<Clock, 'elapsed'>;
  /** `null`: memory limits no start. */
  admission: Pick<MemoryAdmission, 'survey'> | null;
  meter: MemoryMeter;
  needs: Pick<LaunchNeeds, 'of'>;
  /** Phase and use of an instance. */
  use: (instance: string) => Pick<Holder, 'phase' | 'leases' | 'lastUsed'>;
  isPinned: (instance: string) => boolean;
  /** All runs that have a process. */
  runs: () => readonly { id: string; engine: string; plan: LaunchPlan }[];
}

const ALL = { reserve: 0, limits: new Map<string, number>(), overcommit: 1 };

/** Considers starts by the figures and rules of real ones. */
export class MemorySurvey implements MemoryOutlook {
  readonly #dependencies: MemorySurveyDependencies;

  constructor(dependencies: MemorySurveyDependencies) {
    this.#dependencies = dependencies;
  }

  async look(instance: string | null): Promise<MemoryPicture> {
    const { admission, clock, use, isPinned } = this.#dependencies;
    const known = admission === null ? await this.#unlimited() : await admission.survey();
    return new Picture(known, instance, clock.elapsed(), (id) => ({ ...use(id), isPinned: isPinned(id) }));
  }

  /** Without limits, no instance holds memory. So the needs are those of the plans of all runs. */
  async #unlimited(): Promise<MemoryKnowledge> {
    const { meter, needs, isPinned, runs } = this.#dependencies;
    const readings = await meter.read();
    const whole = readings.map(({ device, ids, total }): DeviceRoom => ({
      device,
      ...(ids === undefined ? {} : { ids }),
      total,
      free: total,
    }));
    const found = await Promise.all(
      runs().map(async ({ id, ...launch }) => [id, await needs.of(launch, whole, whole)] as const),
    );
    const held = new Map(found.flatMap(([id, need]) => (need === null ? [] : [[id, need.upTo ?? need] as const])));
    const fixed = new Set([...held.keys()].filter(isPinned));
    return { ledger: ledgerOf(readings, held), held, remnants: [], fixed };
  }
}

function ledgerOf(readings: readonly DeviceMemory[], held: ReadonlyMap<string, RunNeed>): MemoryLedger {
  const ledger = new MemoryLedger(ALL);
  ledger.note(readings, [...held.values()], []);
  return ledger;
}

class Picture implements MemoryPicture {
  readonly now: readonly DeviceRoom[];
  readonly alone: readonly DeviceRoom[];
  readonly #ledger: MemoryLedger;
  readonly #held: ReadonlyMap<string, RunNeed>;
  readonly #remnants: MemoryKnowledge['remnants'];
  readonly #fixed: readonly RunNeed[];
  readonly #at: number;
  readonly #useOf: (instance: string) => Pick<Holder, 'phase' | 'leases' | 'lastUsed' | 'isPinned'>;

  /** @param own Id of the instance whose run does not count */
  constructor(
    { ledger, held, remnants, fixed }: MemoryKnowledge,
    own: string | null,
    at: number,
    useOf: (instance: string) => Pick<Holder, 'phase' | 'leases' | 'lastUsed' | 'isPinned'>,
  ) {
    this.#ledger = ledger;
    this.#held = new Map([...held].filter(([id]) => id !== own));
    this.#remnants = remnants;
    this.#fixed = [...this.#held].flatMap(([id, need]) => (fixed.has(id) ? [need] : []));
    this.#at = at;
    this.#useOf = useOf;
    this.now = ledger.rooms(this.#others());
    this.alone = ledger.rooms([]);
  }

  free(device: string): number {
    const others = this.#others();
    const resource = this.#ledger.resourceOf(device);
    const most = this.#ledger.capacity(this.#fixed, others).get(resource) ?? 0;
    const held = others.reduce((sum, need) => sum + (this.#ledger.holding(need).get(resource) ?? 0), 0);
    return Math.max(0, most - held);
  }

  eviction(needs: readonly RunNeed[]): Eviction {
    const last = needs.length - 1;
    const possible = [...needs.entries()]
      .map(([place, need]) => ({ place, demand: this.#ledger.demand(need, this.#fixed, false), need }))
      .filter(({ place, demand, need }) => place === last || this.#ledger.isWhole(need, demand));
    const [first = { place: last, demand: new Map<string, number>() }] = possible;
    const waiter: Waiter = {
      instance: '',
      group: null,
      isPinned: false,
      demand: first.demand,
      places: possible.map(({ demand }) => demand),
      since: this.#at,
      mayEvict: true,
    };
    const limits = { capacity: this.#ledger.capacity(this.#fixed, this.#others()), exclusiveGroups: new Set<string>() };
    let isEnough = true;
    let chosen = first.place;
    const { evict } = planSlots(limits, this.#holders(), [waiter], this.#at, {
      judged: ({ demand }) => {
        chosen = possible.find((each) => each.demand === demand)?.place ?? first.place;
      },
      weighed: (_waiter, _need, _holders, { awaited }) => {
        isEnough = awaited.every(({ phase }) => phase === 'leaving');
      },
    });
    // A start that needs more than there is gets all of it, and may still fail.
    const isPartial = possible.some(
      ({ place, demand, need }) => place === chosen && !this.#ledger.isWhole(need, demand),
    );
    return { place: chosen, mustStop: isEnough && !isPartial ? [...evict.keys()] : [] };
  }

  #others(): RunNeed[] {
    return [...this.#held.values(), ...this.#remnants.map(({ need }) => need)];
  }

  #holders(): Holder[] {
    const common = { group: null, isClosed: false };
    return [
      ...[...this.#held].map(([instance, need]) => {
        return { ...common, ...this.#useOf(instance), instance, demand: this.#ledger.holding(need) };
      }),
      ...this.#remnants.map(({ instance, need }) => remnantHolder(instance, this.#ledger.holding(need))),
    ];
  }
}

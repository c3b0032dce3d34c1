import type { Mailbox } from '../life/mailbox.ts';
import type { Engines } from '../ports/engine-adapter.ts';
import type { InstanceRecord } from '../ports/instance-record.ts';
import type { LaunchNeed, LaunchNeeds, LaunchPlace, MemoryMeter, RunNeed } from '../ports/machine-memory.ts';
import type { Launch } from '../life/lifecycle.ts';
import type { FittedProjection } from '../ports/memory-projection.ts';
import type { Clock } from '../ports/time.ts';
import type { Trace } from '../ports/trace.ts';
import type { Amounts, Capacity } from './capacity.ts';
import { GpuPlacements, placesOf } from './gpu-placements.ts';
import { LearntNeeds, NOTHING } from './learnt-needs.ts';
import { MemoryLedger } from './memory-ledger.ts';
import { MemoryReadings } from './memory-readings.ts';
import { MemoryRemnants } from './memory-remnants.ts';
import type { MemoryTerms } from './memory-terms.ts';
import { shortageText } from './shortage-text.ts';

export interface MemoryAdmissionDependencies {
  clock: Clock;
  meter: MemoryMeter;
  needs: LaunchNeeds;
  engines: Pick<Engines, 'find'>;
  trace: Trace;
  terms: MemoryTerms;
  /** Whether the run of an instance is ready, so that it has allocated its memory. */
  isReady: (instance: string) => boolean;
  /** Whether an instance that holds memory is never evicted. */
  isFixed: (instance: string) => boolean;
  onFault: (error: unknown, what: string) => void;
}

/** The figures by which starts are decided, at one moment. */
export interface MemoryKnowledge {
  ledger: MemoryLedger;
  /** Needs of runs, by id of the instance. */
  held: ReadonlyMap<string, RunNeed>;
  /** Needs of ended runs whose memory is not free yet. */
  remnants: readonly { instance: string; need: RunNeed }[];
  /** Ids of instances that hold memory and are never evicted. */
  fixed: ReadonlySet<string>;
}

const NO_AMOUNTS: Amounts = new Map();

/**
 * Owns what the scheduler knows about memory: the need of each instance, what each run holds, and what other programs use.
 * The memory of a run counts as held until a reading shows that most of it is free.
 */
export class MemoryAdmission implements Capacity {
  readonly #dependencies: MemoryAdmissionDependencies;
  readonly #ledger: MemoryLedger;
  readonly #listeners: (() => void)[] = [];
  /** Needs of runs that have a slot, by id of the instance. Each run has its own object. */
  readonly #held = new Map<string, RunNeed>();
  /** Ids of instances whose next start asks only for memory that the configuration limits. */
  readonly #eased = new Set<string>();
  /** Ids of instances whose starts hold memory that they did not demand, until the engine reports. */
  readonly #trials = new Set<string>();
  /** Ids of instances that hold memory and are never evicted. */
  readonly #fixed = new Set<string>();
  readonly #placements = new GpuPlacements();
  readonly #remnants: MemoryRemnants;
  readonly #readings: MemoryReadings;
  readonly #learnt: LearntNeeds;

  constructor(dependencies: MemoryAdmissionDependencies) {
    this.#dependencies = dependencies;
    this.#ledger = new MemoryLedger(dependencies.terms);
    this.#readings = new MemoryReadings({
      ...dependencies,
      ledger: this.#ledger,
      held: this.#held,
      remnants: () => this.#remnantNeeds(),
    });
    this.#learnt = new LearntNeeds({
      ...dependencies,
      readings: this.#readings,
      rooms: () => ({ now: this.#ledger.rooms(this.#needsBeside(undefined)), alone: this.#ledger.rooms([]) }),
      onLearnt: (instance, need) => this.#noteLearnt(instance, need),
    });
    this.#remnants = new MemoryRemnants({
      ...dependencies,
      read: () => this.#readings.read(),
      leftOf: ({ need }) => this.#ledger.leftOf(need, this.#needsBeside(need)),
      onFreed: () => this.#changed(),
    });
  }

  get amounts(): Amounts {
    return this.#ledger.capacity(this.#fixedNeeds(null), [...this.#held.values()]);
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Learns the need of a start and measures the memory of the machine. Call it before each start. Resolves when both are known;
   * `null`: they already are. Never rejects.
   */
  learn(record: InstanceRecord): Promise<void> | null {
    return this.#learnt.learn(record);
  }

  /** Learns the need of a start again if its settings change while it waits. Call it after each change of an instance. */
  look({ record, state, isClosed }: Pick<Mailbox, 'record' | 'state' | 'isClosed'>): void {
    this.#lookAtPin(record.id);
    if (isClosed) this.#learnt.forget(record.id);
    else if (this.#learnt.of(record.id) !== null && !this.#learnt.isOf(record) && state.status === 'starting')
      void this.learn(record);
  }

  /** The amounts that the next run of an instance demands of each device: one entry for each place that it may get. */
  demands(instance: string): Amounts[] {
    const need = this.#learnt.of(instance);
    if (need === null) return [NO_AMOUNTS];
    const fixed = this.#fixedNeeds(instance);
    const isEased = this.#eased.has(instance);
    return this.#possiblePlaces(instance, need).map((place) => this.#ledger.demand(place.need, fixed, isEased));
  }

  /** Chooses the place of a run that gets its slot now. @param index Of {@link demands} */
  place(instance: string, index: number): void {
    const need = this.#learnt.of(instance);
    if (need === null) return;
    const places = this.#possiblePlaces(instance, need);
    // A start that demands nothing would always get the first place, and so would all others of `start-all`.
    const isEased = this.#eased.has(instance);
    const chosen = isEased
      ? (places.find((each) => this.#isFree(instance, each.need)) ?? places.at(-1))
      : places[index];
    if (chosen !== undefined) this.#placements.choose(instance, chosen);
  }

  /**
   * Resolves when the place of a start follows from the newest settings, which may have changed after its slot was granted.
   * Never rejects.
   */
  async settled(record: InstanceRecord): Promise<void> {
    if (!this.#learnt.isOf(record)) await this.learn(record);
  }

  /** Variables that give a launch its GPU; `null`: it gets all GPUs. From now on the run keeps its place. */
  gpuVariables(instance: string): Readonly<Record<string, string>> | null {
    return this.#placements.launch(instance);
  }

  /** The amounts that the run of an instance holds. */
  holding(instance: string): Amounts {
    const held = this.#held.get(instance);
    return held === undefined ? NO_AMOUNTS : this.#ledger.holding(held);
  }

  /** The memory that counts as held by the run of an instance; `null`: unknown. To be stored with its launch. */
  heldBy(instance: string): RunNeed | null {
    const held = this.#held.get(instance);
    return held === undefined || held.devices.length === 0 ? null : held;
  }

  /**
   * Lets the next start of an instance begin beside all others, as long as the configuration limits no device that it uses:
   * the system makes room for mapped weights, more slowly. For starts that may not evict, which would wait without an end.
   */
  ease(instance: string, isEased: boolean): void {
    if (isEased) this.#eased.add(instance);
    else this.#eased.delete(instance);
  }

  /** Why an instance cannot have the memory that it needs, not even when all others have stopped that may be; a clause. */
  obstacle(instance: string): string | null {
    const need = this.#learnt.of(instance);
    return need === null ? null : this.#obstacleOf(instance, need);
  }

  /** Like {@link obstacle}, for a record that may not be stored yet. Never rejects. */
  async foresee(record: InstanceRecord): Promise<string | null> {
    return this.#obstacleOf(record.id, await this.#learnt.needFor(record, false));
  }

  /** Like {@link foresee}, by the last reading if that is fresh: for many instances one after the other. Never rejects. */
  async outlook(record: InstanceRecord): Promise<string | null> {
    return this.#obstacleOf(record.id, await this.#learnt.needFor(record, this.#readings.isFresh));
  }

  /** Counts the memory of a start that has got its slot. */
  hold(instance: string): void {
    const need = this.#placements.needOf(instance, this.#learnt.of(instance) ?? NOTHING);
    if (!this.#eased.delete(instance) && this.#ledger.isTrial(need, this.#fixedNeeds(instance)))
      this.#trials.add(instance);
    this.#held.set(instance, this.#taken(instance, need));
    this.#lookAtPin(instance);
  }

  /** Counts the memory of a run that was found alive: as stored, else by its plan. */
  take(instance: string, launch: Pick<Launch, 'engine' | 'plan' | 'memory'>): void {
    this.#held.set(instance, { ...(launch.memory ?? NOTHING) });
    this.#placements.adopt(instance, launch.plan.gpuVariables, { ...NOTHING, ...launch.memory });
    this.#lookAtPin(instance);
    if (launch.memory !== undefined) return;
    this.#learnt.adopt(launch, (need) => {
      if (this.#held.has(instance)) this.#held.set(instance, this.#taken(instance, need));
      this.#changed();
    });
  }

  /**
   * Counts what the engine of a start has reported. Returns why the start has to make room, as a clause; `null`: it goes on.
   * Never rejects.
   */
  async report(record: InstanceRecord, launch: Launch, reported: FittedProjection): Promise<string | null> {
    const { id } = record;
    const held = this.#held.get(id);
    const { needs, onFault, terms } = this.#dependencies;
    const need = await needs.projected(launch, reported, this.#ledger.rooms([])).catch((error: unknown) => {
      onFault(error, 'the memory that an engine reported');
      return null;
    });
    if (need === null || held === undefined || this.#held.get(id) !== held) return null;
    this.#held.set(id, this.#taken(id, need));
    this.#changed();
    const isTrial = this.#trials.delete(id);
    const shortage = this.#ledger.excess(need, this.#needsBeside(this.#held.get(id)), this.#fixedNeeds(id), isTrial);
    // A figure that was remembered has been admitted with it before.
    if (shortage === null || held.source !== 'estimated') return null;
    this.#learnt.correct(record, launch.plan.gpuVariables, need);
    return shortageText(shortage, need.suggestions, terms);
  }

  /** Remembers what a run that is about to end has used. */
  noteUse(launch: Launch, use: { ram: number; gpus: number | null }): void {
    const { needs, onFault } = this.#dependencies;
    needs
      .used(launch, use, this.#ledger.rooms([]))
      .catch((error: unknown) => onFault(error, 'the memory that a run used'));
  }

  /** An instance gives up its slot. */
  release(instance: string): void {
    this.#eased.delete(instance);
    this.end(instance);
  }

  /** The run of an instance has ended. Its memory counts as held until it is measured free, for at most five seconds. */
  end(instance: string): void {
    const need = this.#held.get(instance);
    this.#held.delete(instance);
    this.#trials.delete(instance);
    this.#placements.forget(instance);
    this.#lookAtPin(instance);
    if (need === undefined || need.devices.length === 0) return;
    this.#remnants.add({ instance, need });
  }

  /** Ended runs whose memory is not yet free, with what they hold. */
  get remnants(): { instance: string; amounts: Amounts }[] {
    return this.#remnants.all().map(({ instance, need }) => ({ instance, amounts: this.#ledger.holding(need) }));
  }

  /** Measures the memory, unless that was done a moment ago. Returns what the next start would be decided by. */
  async survey(): Promise<MemoryKnowledge> {
    await this.#learnt.adopted();
    if (!this.#readings.isFresh) await this.#readings.read();
    return { ledger: this.#ledger, held: new Map(this.#held), remnants: this.#remnants.all(), fixed: this.#fixed };
  }

  #noteLearnt(instance: string, need: LaunchNeed): void {
    // The launch plan is made from the newest settings, also after the slot was granted.
    if (this.#held.has(instance) && !this.#dependencies.isReady(instance))
      this.#held.set(instance, this.#taken(instance, this.#placements.needOf(instance, need)));
    this.#changed();
  }

  /** Memory that an instance takes if it starts now; a new object for each run. */
  #taken(instance: string, need: LaunchNeed): RunNeed {
    return this.#ledger.taken(need, this.#needsBeside(this.#held.get(instance)));
  }

  /** Needs of all runs, also of ended ones, without this need. */
  #needsBeside(need: RunNeed | undefined): RunNeed[] {
    return [...this.#held.values(), ...this.#remnantNeeds()].filter((each) => each !== need);
  }

  /** The places where a start fits beside pinned instances. On all GPUs it may be tried even if it does not. */
  #possiblePlaces(instance: string, need: LaunchNeed): LaunchPlace[] {
    const fixed = this.#fixedNeeds(instance);
    return placesOf(need).filter(
      (place) => place.gpu === null || this.#ledger.isWhole(place.need, this.#ledger.demand(place.need, fixed, false)),
    );
  }

  #obstacleOf(instance: string, need: LaunchNeed): string | null {
    const fixed = this.#fixedNeeds(instance);
    const shortages = placesOf(need).map((place) => this.#ledger.shortage(place.need, fixed));
    const shortage = shortages.includes(null) ? null : (shortages.at(-1) ?? null);
    return shortage === null ? null : shortageText(shortage, need.suggestions, this.#dependencies.terms);
  }

  /** Whether a run fits beside all others now. */
  #isFree(instance: string, { devices }: RunNeed): boolean {
    const rooms = this.#ledger.rooms(this.#needsBeside(this.#held.get(instance)));
    return devices.every(({ device, whole }) => whole <= (rooms.find((room) => room.device === device)?.free ?? 0));
  }

  #remnantNeeds(): RunNeed[] {
    return this.#remnants.all().map(({ need }) => need);
  }

  /** Needs of the instances that are never evicted. @param except Not of this one. */
  #fixedNeeds(except: string | null): RunNeed[] {
    return [...this.#fixed].flatMap((instance) => {
      const need = instance === except ? undefined : this.#held.get(instance);
      return need === undefined ? [] : [need];
    });
  }

  #lookAtPin(instance: string): void {
    if (this.#held.has(instance) && this.#dependencies.isFixed(instance)) this.#fixed.add(instance);
    else this.#fixed.delete(instance);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

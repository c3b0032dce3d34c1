import type { Mailbox } from '../life/mailbox.ts';
import type { Engines } from '../ports/engine-adapter.ts';
import type { InstanceRecord, Settings } from '../ports/instance-record.ts';
import type { LaunchNeed, LaunchNeeds, MemoryMeter } from '../ports/machine-memory.ts';
import type { LaunchPlan } from '../ports/runs.ts';
import { pause, type Clock } from '../ports/time.ts';
import type { Trace } from '../ports/trace.ts';
import type { Amounts, Capacity } from './capacity.ts';
import { MemoryLedger, type MemoryTerms, type Shortage } from './memory-ledger.ts';

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

/** The need of an instance with its present settings. */
interface Learnt {
  settings: Settings;
  need: LaunchNeed;
  /** In `Clock.elapsed` time. */
  at: number;
}

/** A run that has ended, and whose memory may still be in use. */
export interface Remnant {
  instance: string;
  need: LaunchNeed;
}

const NOTHING: LaunchNeed = { devices: [], suggestions: [] };
const NO_AMOUNTS: Amounts = new Map();
/** How long a need counts without another look at files and memory. */
const FRESH_MS = 1_000;
/** Between two readings that check whether an ended run has freed its memory. */
const LOOK_EVERY_MS = 250;
/** After this time the memory that is still in use counts as used by other programs. */
const LONGEST_FREEING_MS = 5_000;

/**
 * Owns what the scheduler knows about memory: the need of each instance, what each run holds, and what other programs use.
 * The memory of a run counts as held until a reading shows that most of it is free.
 */
export class MemoryAdmission implements Capacity {
  readonly #dependencies: MemoryAdmissionDependencies;
  readonly #ledger: MemoryLedger;
  readonly #listeners: (() => void)[] = [];
  /** By id of the instance. */
  readonly #learnt = new Map<string, Learnt>();
  readonly #learning = new Map<string, { settings: Settings; done: Promise<void> }>();
  /** Needs of runs that have a slot, by id of the instance. Each run has its own object. */
  readonly #held = new Map<string, LaunchNeed>();
  /** Ids of instances that hold memory and are never evicted. */
  readonly #fixed = new Set<string>();
  readonly #remnants = new Set<Remnant>();
  /** Adopted runs whose needs are not known yet. */
  readonly #taking = new Set<Promise<void>>();
  #readings = { begun: 0, noted: 0 };

  constructor(dependencies: MemoryAdmissionDependencies) {
    this.#dependencies = dependencies;
    this.#ledger = new MemoryLedger(dependencies.terms);
  }

  get amounts(): Amounts {
    return this.#ledger.capacity(this.#fixedNeeds(null));
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Learns the need of a start and measures the memory of the machine. Call it before each start. Resolves when both are known;
   * `null`: they already are. Never rejects.
   */
  learn(record: InstanceRecord): Promise<void> | null {
    const { id, settings } = record;
    const known = this.#learnt.get(id);
    const isFresh = known?.settings === settings && this.#dependencies.clock.elapsed() - known.at < FRESH_MS;
    if (isFresh && this.#taking.size === 0) return null;
    const learning = this.#learning.get(id);
    if (learning?.settings === settings) return learning.done;
    const done = this.#learn(record).finally(() => {
      if (this.#learning.get(id)?.done === done) this.#learning.delete(id);
    });
    this.#learning.set(id, { settings, done });
    return done;
  }

  /** Learns the need of a start again if its settings change while it waits. Call it after each change of an instance. */
  look({ record, state, isClosed }: Pick<Mailbox, 'record' | 'state' | 'isClosed'>): void {
    const known = this.#learnt.get(record.id);
    this.#lookAtPin(record.id);
    if (isClosed) this.#learnt.delete(record.id);
    else if (known !== undefined && known.settings !== record.settings && state.status === 'starting')
      void this.learn(record);
  }

  /** The amounts that an instance demands of each device. Of a holder: the amounts that its run holds. */
  demand(instance: string): Amounts {
    const held = this.#held.get(instance);
    if (held !== undefined) return this.#ledger.holding(held);
    const known = this.#learnt.get(instance);
    return known === undefined ? NO_AMOUNTS : this.#ledger.demand(known.need, this.#fixedNeeds(instance));
  }

  /** Why an instance cannot have the memory that it needs, not even when all others have stopped that may be; a clause. */
  obstacle(instance: string): string | null {
    const known = this.#learnt.get(instance);
    const shortage = known === undefined ? null : this.#ledger.shortage(known.need, this.#fixedNeeds(instance));
    return shortage === null ? null : shortageText(shortage, known?.need.suggestions ?? [], this.#dependencies.terms);
  }

  /** Counts the memory of a start that has got its slot. */
  hold(instance: string): void {
    this.#held.set(instance, { ...(this.#learnt.get(instance)?.need ?? NOTHING) });
    this.#lookAtPin(instance);
  }

  /** Counts the memory of a run that was found alive. */
  take(instance: string, launch: { engine: string; plan: LaunchPlan }): void {
    this.#held.set(instance, NOTHING);
    this.#lookAtPin(instance);
    const taking = this.#needOf(launch).then((need) => {
      this.#taking.delete(taking);
      if (this.#held.has(instance)) this.#held.set(instance, need);
      this.#changed();
    });
    this.#taking.add(taking);
  }

  /** The run of an instance has ended. Its memory counts as held until it is measured free, for at most five seconds. */
  release(instance: string): void {
    const need = this.#held.get(instance);
    this.#held.delete(instance);
    this.#lookAtPin(instance);
    if (need === undefined || need.devices.length === 0) return;
    const remnant = { instance, need };
    this.#remnants.add(remnant);
    this.#untilFree(remnant)
      .catch((error: unknown) => this.#dependencies.onFault(error, 'the memory of an ended run'))
      .finally(() => {
        this.#remnants.delete(remnant);
        this.#changed();
      });
  }

  /** Ended runs whose memory is not yet free, with what they hold. */
  get remnants(): { instance: string; amounts: Amounts }[] {
    return [...this.#remnants].map(({ instance, need }) => ({ instance, amounts: this.#ledger.holding(need) }));
  }

  async #learn(record: InstanceRecord): Promise<void> {
    const { id, settings } = record;
    const { clock, engines } = this.#dependencies;
    await Promise.all(this.#taking);
    const adapter = engines.find(settings.engine);
    await adapter?.learn(settings);
    const plan = adapter?.plan(record) ?? null;
    const need = plan === null ? NOTHING : await this.#needOf({ engine: settings.engine, plan });
    // A newer look has begun, for other settings.
    if (this.#learning.get(id)?.settings !== settings) return;
    this.#learnt.set(id, { settings, need, at: clock.elapsed() });
    // The launch plan is made from the newest settings, also after the slot was granted.
    if (this.#held.has(id) && !this.#dependencies.isReady(id)) this.#held.set(id, { ...need });
    this.#changed();
  }

  /** Measures the memory, then computes a need; nothing if it is unknown. */
  async #needOf(launch: { engine: string; plan: LaunchPlan }): Promise<LaunchNeed> {
    try {
      await this.#read();
      const now = this.#ledger.rooms([...this.#held.values(), ...this.#remnantNeeds()]);
      const alone = this.#ledger.rooms([]);
      return (await this.#dependencies.needs.of(launch, now, alone)) ?? NOTHING;
    } catch (error) {
      this.#dependencies.onFault(error, 'the memory that a start needs');
      return NOTHING;
    }
  }

  async #read(): Promise<void> {
    const { meter, isReady } = this.#dependencies;
    const number = (this.#readings.begun += 1);
    const before = new Map(this.#held);
    const ready = new Set([...before.keys()].filter(isReady));
    const between = new Set([...before.values(), ...this.#remnantNeeds()]);
    const readings = await meter.read();
    // A reading that began later has been noted.
    if (number < this.#readings.noted) return;
    this.#readings.noted = number;
    for (const need of [...this.#held.values(), ...this.#remnantNeeds()]) between.add(need);
    const certain = [...before].flatMap(([instance, need]) =>
      ready.has(instance) && isReady(instance) && this.#held.get(instance) === need ? [need] : [],
    );
    const sure = new Set(certain);
    this.#ledger.note(
      readings,
      certain,
      [...between].filter((need) => !sure.has(need)),
    );
  }

  async #untilFree(remnant: Remnant): Promise<void> {
    const { clock } = this.#dependencies;
    const begun = clock.elapsed();
    let shown: { device: string; held: number; left: number } | null = null;
    for (;;) {
      await this.#read();
      const others = [...this.#held.values(), ...this.#remnantNeeds().filter((need) => need !== remnant.need)];
      const left = this.#ledger.leftOf(remnant.need, others);
      const waited = clock.elapsed() - begun;
      const isLate = waited >= LONGEST_FREEING_MS;
      if (left === null || isLate) {
        // A run that freed its memory at once is not worth a line.
        if (left !== null || shown !== null) this.#note(remnant.instance, left ?? shown, left === null, waited);
        this.#remnants.delete(remnant);
        // Now the reading counts as it is.
        if (left !== null) await this.#read();
        return;
      }
      shown = left;
      await pause(clock, LOOK_EVERY_MS);
    }
  }

  #note(
    instance: string,
    at: { device: string; held: number; left: number } | null,
    isFreed: boolean,
    waited: number,
  ): void {
    const { trace } = this.#dependencies;
    if (!trace.isOn || at === null) return;
    const outcome = isFreed ? 'freed' : 'still_held';
    const inputs = { outcome, ...at, left: isFreed ? 0 : at.left, waited_ms: waited } as const;
    trace.note({ kind: 'memory', instance: { id: instance }, inputs });
  }

  #remnantNeeds(): LaunchNeed[] {
    return [...this.#remnants].map(({ need }) => need);
  }

  /** Needs of the instances that are never evicted. @param except Not of this one. */
  #fixedNeeds(except: string | null): LaunchNeed[] {
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

function shortageText(
  { device, need, most, pinned, isLimited }: Shortage,
  suggestions: readonly string[],
  { overcommit }: MemoryTerms,
): string {
  const held = pinned === 0 ? '' : `, because pinned instances hold ${sizeText(pinned)}`;
  const fits = suggestions.length === 0 ? '' : `it would fit with ${suggestions.join(', or with ')}; `;
  const limit = isLimited ? `\`memory.devices.${device}.limit_mb\` or ` : '';
  const remedy = `${fits}or raise ${limit}\`memory.overcommit\` (now ${overcommit})`.replace(/^or /, '');
  return `it needs ${sizeText(need)} of ${device}, and can get at most ${sizeText(most)}${held}; ${remedy}`;
}

function sizeText(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e4) / 100} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

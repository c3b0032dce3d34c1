import type { Launch } from '../life/lifecycle.ts';
import type { Engines } from '../ports/engine-adapter.ts';
import type { InstanceRecord, Settings } from '../ports/instance-record.ts';
import type { DeviceRoom, LaunchNeed, LaunchNeeds, LaunchPlace } from '../ports/machine-memory.ts';
import { atMost, type Clock } from '../ports/time.ts';
import { FRESH_MS, type MemoryReadings } from './memory-readings.ts';
import { ReportedNeeds } from './reported-needs.ts';

export interface LearntNeedsDependencies {
  clock: Clock;
  needs: Pick<LaunchNeeds, 'of'>;
  engines: Pick<Engines, 'find'>;
  readings: Pick<MemoryReadings, 'read' | 'isFresh'>;
  /** The room beside all runs, and without them. */
  rooms: () => { now: readonly DeviceRoom[]; alone: readonly DeviceRoom[] };
  /** Called with the id of an instance whose need was learnt. */
  onLearnt: (instance: string, need: LaunchNeed) => void;
  onFault: (error: unknown, what: string) => void;
}

/** The need of an instance with its present settings. */
interface Learnt {
  settings: Settings;
  need: LaunchNeed;
  /** In `Clock.elapsed` time. */
  at: number;
}

/** The need of a launch of which nothing is known. */
export const NOTHING: LaunchNeed = { devices: [], source: 'estimated', suggestions: [] };
/** Longest look at files and memory. A disk or a driver that hangs must not keep instances from starting. */
const LONGEST_LOOK_MS = 10_000;

/** Owns the needs of starts: by the files and options of each launch, and by the reports of engines that had to stop for them. */
export class LearntNeeds {
  readonly #dependencies: LearntNeedsDependencies;
  /** By id of the instance. */
  readonly #learnt = new Map<string, Learnt>();
  readonly #learning = new Map<string, { settings: Settings; done: Promise<void> }>();
  readonly #reported = new ReportedNeeds();
  /** Looks at adopted runs whose needs are not known yet. */
  readonly #adopted = new Set<Promise<void>>();

  constructor(dependencies: LearntNeedsDependencies) {
    this.#dependencies = dependencies;
  }

  /** `null`: nothing was learnt about the instance. */
  of(instance: string): LaunchNeed | null {
    return this.#learnt.get(instance)?.need ?? null;
  }

  /** Whether the need that is known is that of these settings. */
  isOf({ id, settings }: InstanceRecord): boolean {
    return this.#learnt.get(id)?.settings === settings;
  }

  /** Learns the need of a start. Resolves when it is known; `null`: it already is. Never rejects. */
  learn(record: InstanceRecord): Promise<void> | null {
    const { id, settings } = record;
    const known = this.#learnt.get(id);
    const isFresh = known?.settings === settings && this.#dependencies.clock.elapsed() - known.at < FRESH_MS;
    if (isFresh && this.#adopted.size === 0) return null;
    const learning = this.#learning.get(id);
    if (learning?.settings === settings) return learning.done;
    const done = this.#learn(record).finally(() => {
      if (this.#learning.get(id)?.done === done) this.#learning.delete(id);
    });
    this.#learning.set(id, { settings, done });
    return done;
  }

  forget(instance: string): void {
    this.#learnt.delete(instance);
    this.#reported.forget(instance);
  }

  /**
   * Notes the report of an engine that had to stop for it. The next start must not count the estimate of a moment ago.
   *
   * @param variables By which the engine got its GPU; `undefined`: it got all.
   */
  correct({ id, settings }: InstanceRecord, variables: LaunchPlace['variables'] | undefined, need: LaunchNeed): void {
    this.#reported.note(id, settings, variables, need);
    const learnt = this.#learnt.get(id);
    if (learnt?.settings !== settings) return;
    const corrected = this.#reported.corrected(id, settings, learnt.need);
    this.#learnt.set(id, { settings, need: corrected, at: this.#dependencies.clock.elapsed() });
  }

  /** Looks at the need of a run that was found alive. Starts are learnt after it. */
  adopt(launch: Pick<Launch, 'engine' | 'plan'>, onKnown: (need: LaunchNeed) => void): void {
    const adopting = this.#inTime(this.#needOf(launch, false)).then((need) => {
      this.#adopted.delete(adopting);
      onKnown(need);
    });
    this.#adopted.add(adopting);
  }

  /** Resolves when the needs of all adopted runs are known. */
  async adopted(): Promise<void> {
    await Promise.all(this.#adopted);
  }

  /**
   * The need of a record that may not be stored yet. Never rejects.
   *
   * @param isMeasured Whether the last reading counts. Otherwise measures the memory.
   */
  async needFor(record: InstanceRecord, isMeasured: boolean): Promise<LaunchNeed> {
    const need = await this.#inTime(this.#lookAt(record, isMeasured));
    return this.#reported.corrected(record.id, record.settings, need);
  }

  async #learn(record: InstanceRecord): Promise<void> {
    const { id, settings } = record;
    const { clock, onLearnt } = this.#dependencies;
    const need = await this.needFor(record, false);
    // A newer look has begun, for other settings.
    if (this.#learning.get(id)?.settings !== settings) return;
    this.#learnt.set(id, { settings, need, at: clock.elapsed() });
    onLearnt(id, need);
  }

  async #lookAt(record: InstanceRecord, isMeasured: boolean): Promise<LaunchNeed> {
    const { settings } = record;
    await this.adopted();
    const adapter = this.#dependencies.engines.find(settings.engine);
    await adapter?.learn(settings);
    const plan = adapter?.plan(record) ?? null;
    return plan === null ? NOTHING : this.#needOf({ engine: settings.engine, plan }, isMeasured);
  }

  /** Measures the memory unless `isMeasured`, then computes a need; nothing if it is unknown. */
  async #needOf(launch: Pick<Launch, 'engine' | 'plan'>, isMeasured: boolean): Promise<LaunchNeed> {
    const { readings, needs, rooms } = this.#dependencies;
    if (!isMeasured) await readings.read();
    const { now, alone } = rooms();
    return (await needs.of(launch, now, alone)) ?? NOTHING;
  }

  /** Nothing if a look fails or takes too long. Never rejects. */
  async #inTime(look: Promise<LaunchNeed>): Promise<LaunchNeed> {
    const { clock, onFault } = this.#dependencies;
    let found = NOTHING;
    const noted = look.then((need) => {
      found = need;
    });
    await atMost(clock, LONGEST_LOOK_MS, noted).catch((error: unknown) =>
      onFault(error, 'the memory that a start needs'),
    );
    return found;
  }
}

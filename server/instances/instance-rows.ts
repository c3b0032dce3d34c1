import type { InstanceSummary, ModelInfo } from '@llamactl/contract/instance';
import type { RefusedStart } from '@llamactl/contract/refused-start';
import { type Abilities, abilitiesOf } from './abilities.ts';
import { isRestartRequired, summarize, type LiveFields } from './instance-view.ts';
import { restartsInARow } from './life/restart-policy.ts';
import type { InstanceState } from './life/lifecycle.ts';
import type { Mailbox } from './life/mailbox.ts';
import { currentRun, launchedPlan } from './life/transitions.ts';
import type { Engines, Served } from './ports/engine-adapter.ts';
import type { InstanceRecord } from './ports/instance-record.ts';
import type { LiveFigures } from './ports/live-figures.ts';
import type { RunNeed } from './ports/machine-memory.ts';
import type { ModelFinder } from './ports/model-finder.ts';
import type { LaunchPlan } from './ports/runs.ts';
import type { Clock } from './ports/time.ts';
import type { LoadWatch } from './run/load-watch.ts';
import type { ServedFacts } from './run/served-facts.ts';
import type { LeaseBook } from './slots/lease-book.ts';
import type { MemoryAdmission } from './slots/memory-admission.ts';
import type { Scheduler } from './slots/scheduler.ts';
import type { WaitingRooms } from './slots/waiting-rooms.ts';
import type { RefusedStarts } from './refused-starts.ts';
import type { Registry } from './registry.ts';

export interface InstanceRowsDependencies {
  clock: Pick<Clock, 'now' | 'elapsed'>;
  engines: Engines;
  models: Pick<ModelFinder, 'at' | 'abilities' | 'newerFile'>;
  servedFacts: Pick<ServedFacts, 'of'>;
  registry: Pick<Registry, 'byId'>;
  leases: Pick<LeaseBook, 'openOf' | 'lastUsedOf'>;
  waitingRooms: Pick<WaitingRooms, 'waiting'>;
  scheduler: Pick<Scheduler, 'blockers'>;
  /** `null`: memory limits no start. */
  memory: Pick<MemoryAdmission, 'heldBy'> | null;
  loads: Pick<LoadWatch, 'loadOf' | 'lastSeconds'>;
  refusedStarts: Pick<RefusedStarts, 'of'>;
  figures: LiveFigures;
}

/** The fields of a row that change without a change of its record or state. */
type Changing = LiveFields & Pick<InstanceSummary, 'restart_count' | 'restart_required' | 'stats'>;

interface KnownRow {
  state: InstanceState;
  served: Served | null;
  memory: RunNeed | null;
  refused: RefusedStart | null;
  abilities: Abilities;
  changing: Changing;
  summary: InstanceSummary;
}

/** A moment in {@link Clock.elapsed} time, and as people see it. */
interface SeenMoment {
  at: number;
  text: string;
}

const NO_NAMES: string[] = [];

/**
 * The rows of lists. A row is the same object until one of its fields changes, so that its text can be kept: a list of a
 * thousand instances, most of which rest, costs little more than joining texts.
 */
export class InstanceRows {
  readonly #dependencies: InstanceRowsDependencies;
  readonly #rows = new WeakMap<InstanceRecord, KnownRow>();
  /** Whether the launched plan differs from the current one, as long as nothing more was learnt about the engine. */
  readonly #restarts = new WeakMap<InstanceRecord, { launched: LaunchPlan; learnt: number; isRequired: boolean }>();
  /** By id. The clock of the day may jump, so a moment that was shown stays as it was. */
  readonly #lastUses = new Map<string, SeenMoment>();
  readonly #readies = new Map<string, SeenMoment>();

  constructor(dependencies: InstanceRowsDependencies) {
    this.#dependencies = dependencies;
  }

  /** The row of an instance. */
  row({ record, state }: Pick<Mailbox, 'record' | 'state'>): InstanceSummary {
    const known = this.#rows.get(record);
    const model = this.modelOf(record);
    const served = this.#dependencies.servedFacts.of(record.id);
    const memory = this.memoryOf(record);
    const refused = this.refusedOf({ record, state });
    const isSameRun = known?.state === state && known.served === served && known.memory === memory;
    const isKnown = isSameRun && known.summary.model_info === model && known.refused === refused;
    // Nothing of a resting instance changes by itself.
    if (isKnown && isResting(state)) return known.summary;
    const changing = this.#changing(record, state);
    if (isKnown && isSame(known.changing, changing)) return known.summary;
    const abilities = isKnown ? known.abilities : this.#currentAbilities(record, state);
    const summary = { ...summarize(record, state, { model, memory, refused, abilities, live: changing }), ...changing };
    this.#rows.set(record, { state, served, memory, refused, abilities, changing, summary });
    return summary;
  }

  /** The requests of an instance now. */
  requests({ record: { id }, state }: Pick<Mailbox, 'record' | 'state'>): Pick<LiveFields, 'in_flight' | 'waiting'> {
    const { leases, waitingRooms } = this.#dependencies;
    const run = currentRun(state);
    return { in_flight: run === null ? 0 : leases.openOf(id, run.number), waiting: waitingRooms.waiting(id) };
  }

  /** The fields that lists and the whole view share. */
  live({ record, state }: Pick<Mailbox, 'record' | 'state'>): LiveFields {
    const { leases, figures, loads } = this.#dependencies;
    const { id, name } = record;
    const run = currentRun(state);
    return {
      ...this.requests({ record, state }),
      tokens_per_second: run === null ? 0 : figures.tokensPerSecond(name),
      last_used_at: this.#seen(this.#lastUses, id, leases.lastUsedOf(id)),
      waits_for: state.status === 'starting' && state.phase === 'queued' ? this.#blockers(id) : NO_NAMES,
      load: loads.loadOf(record, state),
      ready_at: this.#seen(this.#readies, id, run?.readyAt ?? null),
      last_load_seconds: loads.lastSeconds(id),
    };
  }

  /** The model of an instance; `null`: unknown. */
  modelOf({ settings: { model, model_path: file } }: InstanceRecord): ModelInfo | null {
    return file === undefined ? null : this.#dependencies.models.at(file, model);
  }

  /** The file that the `model` of an instance means now, if it is not the file of the instance; else `null`. */
  newerFileOf({ settings: { model, model_path: file } }: InstanceRecord): string | null {
    if (model === undefined || file === undefined) return null;
    return this.#dependencies.models.newerFile(model, file);
  }

  /** The memory that the run of an instance holds; `null`: it has none, or its need is unknown. */
  memoryOf({ id }: InstanceRecord): RunNeed | null {
    return this.#dependencies.memory?.heldBy(id) ?? null;
  }

  /** The last refused start since the status or the settings of an instance changed; `null`: none. */
  refusedOf(instance: Pick<Mailbox, 'record' | 'state'>): RefusedStart | null {
    return this.#dependencies.refusedStarts.of(instance);
  }

  /** @param plan Of the current or the next run; `null`: the configuration no longer has the engine. */
  abilitiesOf(
    { id, settings: { engine, model, model_path: file } }: InstanceRecord,
    plan: LaunchPlan | null,
  ): Abilities {
    const { engines, models, servedFacts } = this.#dependencies;
    const adapter = engines.find(engine);
    const serving = plan === null ? null : (adapter?.serving(plan) ?? null);
    const known = file === undefined ? null : models.abilities(file, model);
    return abilitiesOf(known, serving, servedFacts.of(id), adapter?.declared);
  }

  /** Drops what is kept of a deleted instance. */
  forget(id: string): void {
    this.#lastUses.delete(id);
    this.#readies.delete(id);
  }

  #currentAbilities(record: InstanceRecord, state: InstanceState): Abilities {
    const plan = launchedPlan(state) ?? this.#dependencies.engines.find(record.settings.engine)?.plan(record) ?? null;
    return this.abilitiesOf(record, plan);
  }

  #changing(record: InstanceRecord, state: InstanceState): Changing {
    const { clock, figures } = this.#dependencies;
    const run = currentRun(state);
    return {
      ...this.live({ record, state }),
      restart_count: restartsInARow(state.restarts, run?.readyAt ?? null, clock.elapsed()),
      restart_required: this.#isRestartRequired(record, state),
      stats: run?.identity ? figures.stats(record.name, run.number) : null,
    };
  }

  #isRestartRequired(record: InstanceRecord, state: InstanceState): boolean {
    const launched = launchedPlan(state);
    const adapter = launched === null ? null : this.#dependencies.engines.find(record.settings.engine);
    if (launched === null) return false;
    if (adapter === null) return isRestartRequired(state, null);
    const known = this.#restarts.get(record);
    const learnt = adapter.learnings();
    if (known?.launched === launched && known.learnt === learnt) return known.isRequired;
    const isRequired = adapter.isLearnt(record.settings) && isRestartRequired(state, adapter.plan(record));
    this.#restarts.set(record, { launched, learnt, isRequired });
    return isRequired;
  }

  #blockers(id: string): string[] {
    const { scheduler, registry } = this.#dependencies;
    return scheduler.blockers(id).flatMap((blocker) => registry.byId(blocker)?.record.name ?? []);
  }

  #seen(moments: Map<string, SeenMoment>, id: string, at: number | null): string | null {
    if (at === null) return null;
    const known = moments.get(id);
    if (known?.at === at) return known.text;
    const { clock } = this.#dependencies;
    const text = new Date(clock.now() - (clock.elapsed() - at)).toISOString();
    moments.set(id, { at, text });
    return text;
  }
}

/** Whether nothing of the instance can change without a change of its state. */
function isResting({ status }: InstanceState): boolean {
  return status === 'stopped' || status === 'failed';
}

/** Whether two rows show the same. Progress of a start always counts as a change. */
function isSame(one: Changing, other: Changing): boolean {
  return (
    one.stats === other.stats &&
    one.in_flight === other.in_flight &&
    one.waiting === other.waiting &&
    one.tokens_per_second === other.tokens_per_second &&
    one.last_used_at === other.last_used_at &&
    one.waits_for === other.waits_for &&
    one.load === other.load &&
    one.ready_at === other.ready_at &&
    one.last_load_seconds === other.last_load_seconds &&
    one.restart_count === other.restart_count &&
    one.restart_required === other.restart_required
  );
}

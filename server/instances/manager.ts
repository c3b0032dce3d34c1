import type { Config } from '@llamactl/contract/config';
import type { Health } from '@llamactl/contract/health';
import type {
  Batch,
  CreateInstance,
  Instance,
  InstanceSummary,
  Status,
  UpdateInstance,
} from '@llamactl/contract/instance';
import type { LogEntry, LogItem, Logs } from '@llamactl/contract/logs';
import { batch, STARTED_BY_ALL, STOPPED_BY_ALL } from './fleet/batch.ts';
import type { Commands } from './commands.ts';
import type { Edited, Editor } from './instance-editor.ts';
import type { EditPreview, Foreseen } from './edit-preview.ts';
import type { InstanceRows } from './instance-rows.ts';
import { commandLine, tagOf, describe } from './instance-view.ts';
import type { HealthReports } from './run/health-report.ts';
import type { InstanceState } from './life/lifecycle.ts';
import type { Lease, LeaseRequest } from './slots/leases.ts';
import type { Mailbox } from './life/mailbox.ts';
import type { Contexts } from './ports/contexts.ts';
import type { Engines } from './ports/engine-adapter.ts';
import type { RunMeter } from './ports/run-meter.ts';
import type { LogQuery, RunLogs } from './ports/run-output.ts';
import type { Clock } from './ports/time.ts';
import type { Trace } from './ports/trace.ts';
import type { Registry } from './registry.ts';
import type { RunReferences } from './run-references.ts';
import { currentRun, isUp, launchedPlan, NEW_STATE } from './life/transitions.ts';
import { withoutKey } from './run/run-key.ts';
import { noRoomYet, notFound, notServed } from './refusals.ts';
import { type Removals, untilErased } from './removal.ts';
import { editChanges } from './settings/edit-changes.ts';
import type { MemoryAdmission } from './slots/memory-admission.ts';
import type { Scheduler } from './slots/scheduler.ts';
import type { StartCheck } from './start-check.ts';
import type {
  InstanceManager,
  LiveRun,
  RemoveOptions,
  Previewed,
  StopOptions,
  UpdateOptions,
  WaitOptions,
  Written,
} from './use-cases.ts';
import type { TriedChange, TriedChanges } from './why/tried-changes.ts';
import type { WaitingRooms } from './slots/waiting-rooms.ts';

/** Dependencies of the use cases; `app.ts` builds them. */
export interface ManagerDependencies {
  clock: Clock;
  trace: Trace;
  engines: Engines;
  rows: InstanceRows;
  meter: RunMeter;
  contexts: Pick<Contexts, 'kept'>;
  logs: Pick<RunLogs, 'read' | 'follow'>;
  registry: Registry;
  references: RunReferences;
  commands: Commands;
  waitingRooms: WaitingRooms;
  startCheck: Pick<StartCheck, 'obstacle'>;
  scheduler: Pick<Scheduler, 'outlook'>;
  /** `null`: memory limits no start. */
  memory: Pick<MemoryAdmission, 'learn' | 'obstacle'> | null;
  healthReports: HealthReports;
  tried: Pick<TriedChanges, 'of'>;
  removals: Removals;
  editor: Editor;
  editPreview: EditPreview;
  defaults: Pick<Config['instances'], 'auto_restart' | 'max_restarts' | 'idle_timeout'>;
}

/** Longest part of a requested model that is traced, in UTF-16 units. A request may name megabytes; no alias is longer. */
const LONGEST_NAMED = 200;

export class Manager implements InstanceManager {
  readonly #dependencies: ManagerDependencies;
  /** Gives leases after the hand-over; `null` before. */
  #successor: ((request: LeaseRequest) => Promise<Lease>) | null = null;

  constructor(dependencies: ManagerDependencies) {
    this.#dependencies = dependencies;
  }

  /** Refuses all starts from now on, including those whose check is still under way. */
  close(): void {
    this.#dependencies.commands.close();
    this.#dependencies.waitingRooms.shut();
  }

  /**
   * From now on, gets all leases from `successor`, also those of waiting requests. The sealed mailboxes refuse
   * commands, and the next server can carry them out.
   */
  handOver(successor: (request: LeaseRequest) => Promise<Lease>): void {
    this.#successor = successor;
    this.#dependencies.waitingRooms.shut();
  }

  idOf(nameOrAlias: string): string | null {
    return this.#dependencies.registry.findAny(nameOrAlias)?.record.id ?? null;
  }

  nameOf(id: string): string | null {
    const mailbox = this.#dependencies.registry.byId(id);
    return mailbox === null || mailbox.isClosed ? null : mailbox.record.name;
  }

  list(status?: Status): InstanceSummary[] {
    return this.#dependencies.registry
      .open()
      .filter(({ state }) => status === undefined || state.status === status)
      .map((mailbox) => this.#dependencies.rows.row(mailbox));
  }

  get(name: string): Instance {
    return this.#describe(this.#find(name));
  }

  entityTag(name: string): string {
    return tagOf(this.#find(name).record);
  }

  async create(body: CreateInstance, by?: string): Promise<Written> {
    return this.#written(await this.#dependencies.editor.create(body, by));
  }

  async update(name: string, patch: UpdateInstance, options: UpdateOptions): Promise<Written> {
    return this.#written(await this.#dependencies.editor.update(this.#find(name), patch, options));
  }

  async previewCreate(body: CreateInstance): Promise<Previewed> {
    return this.#previewed(await this.#dependencies.editPreview.create(body), NEW_STATE);
  }

  async previewUpdate(name: string, patch: UpdateInstance, options: Omit<UpdateOptions, 'by'>): Promise<Previewed> {
    const mailbox = this.#find(name);
    const foreseen = await this.#dependencies.editPreview.update(mailbox, patch, options);
    return this.#previewed(foreseen, mailbox.state);
  }

  async rename(name: string, newName: string, by?: string): Promise<Written> {
    return this.#written(await this.#dependencies.editor.rename(this.#find(name), newName, by));
  }

  async remove(name: string, options: RemoveOptions = {}): Promise<void> {
    const { registry, removals } = this.#dependencies;
    const mailbox = registry.find(name);
    const removed = mailbox === null ? removals.erasing(name) : await removals.remove(mailbox, options);
    if (removed === null) throw notFound(name);
    await untilErased([removed], options.signal);
  }

  async start(name: string, options: WaitOptions = {}): Promise<Status> {
    const mailbox = this.#find(name);
    try {
      return await this.#dependencies.commands.start(mailbox, options);
    } catch (error) {
      // The next health check looks again: one of just before may not know why the start was refused.
      this.#dependencies.healthReports.forget(mailbox.record.id);
      throw error;
    }
  }

  async stop(name: string, options: StopOptions & WaitOptions = {}): Promise<Status> {
    return this.#dependencies.commands.stop(this.#find(name), options);
  }

  async restart(name: string, options: StopOptions & WaitOptions = {}): Promise<Status> {
    return this.#dependencies.commands.restart(this.#find(name), options);
  }

  async health(name: string): Promise<Health> {
    const mailbox = this.#find(name);
    const { healthReports, startCheck, scheduler, memory } = this.#dependencies;
    const { id } = mailbox.record;
    return healthReports.check(id, mailbox.state, async () => {
      const obstacle = await startCheck.obstacle(mailbox);
      if (obstacle !== null || mailbox.state.status === 'running') return obstacle;
      await memory?.learn(mailbox.record);
      return scheduler.outlook(id) === 'hopeless' ? noRoomYet(memory?.obstacle(id) ?? null) : null;
    });
  }

  triedChanges(name: string): readonly TriedChange[] {
    return this.#dependencies.tried.of(this.#find(name).record.id);
  }

  async logs(name: string, query: LogQuery): Promise<Logs> {
    const { logs, references } = this.#dependencies;
    const mailbox = this.#find(name);
    const key = keyOf(mailbox);
    const read = await logs.read(references.log(mailbox.record), query, (message) => withoutKey(message, key));
    return { ...read, logs: read.logs.map((line) => masked(line, key)) };
  }

  followLogs(name: string, query: LogQuery, signal: AbortSignal): AsyncIterable<readonly LogItem[]> {
    const { logs, references } = this.#dependencies;
    const mailbox = this.#find(name);
    return withoutKeys(logs.follow(references.log(mailbox.record), query, signal), mailbox);
  }

  liveRuns(): LiveRun[] {
    const { meter, references, registry } = this.#dependencies;
    return registry.open().flatMap(({ record, state }) => {
      const run = currentRun(state);
      if (!run?.launch || !run.identity) return [];
      const reference = references.of(record.id, run.launch);
      return [{ name: record.name, run: run.number, stats: () => meter.stats(reference) }];
    });
  }

  startAll(names?: readonly string[], by?: string): Promise<Batch['results']> {
    const { commands } = this.#dependencies;
    return this.#each(names, STARTED_BY_ALL, async (name) => commands.startBeside(this.#find(name), by));
  }

  stopAll(names?: readonly string[], by?: string): Promise<Batch['results']> {
    return this.#each(names, STOPPED_BY_ALL, (name) => this.stop(name, { by }));
  }

  restartAll(names: readonly string[], by?: string): Promise<Batch['results']> {
    return this.#each(names, [], (name) => this.restart(name, { by }));
  }

  removeAll(names: readonly string[], options: RemoveOptions = {}): Promise<Batch['results']> {
    return this.#each(names, [], async (name) => {
      await this.remove(name, options);
      return null;
    });
  }

  async acquire(request: LeaseRequest): Promise<Lease> {
    const elsewhere = this.#givesNow();
    if (elsewhere !== null) return elsewhere(request);
    const mailbox = this.#leased(request);
    if (this.#dependencies.trace.isOn && request.after === undefined) this.#noteRoute(request, mailbox);
    if (mailbox === null) throw notFound(request.instance);
    const learning = this.#learning(mailbox, request);
    if (learning !== null) {
      const { stops } = mailbox;
      await learning;
      // The instance may have a new name by now.
      const successor = this.#givesNow();
      if (successor !== null) return successor({ ...request, instance: mailbox.record.name });
      if (mailbox.isClosed) throw notFound(request.instance);
      request.signal.throwIfAborted();
      if (mailbox.stops !== stops) throw notServed(mailbox, { kind: 'refuse', reason: null, retryAfter: 1 }, false);
    }
    try {
      return await this.#dependencies.waitingRooms.acquire(mailbox, request);
    } catch (error) {
      // The waiting room refused it because another server gives leases now.
      const successor = this.#givesNow();
      if (successor === null || request.signal.aborted) throw error;
      // The instance may have been renamed while the request waited.
      return successor({ ...request, instance: mailbox.record.name });
    }
  }

  /** Learns the need of a start, so that one that cannot fit is refused at once; `null`: the request starts nothing, or it is known. */
  #learning({ state, record }: Mailbox, { mayStart, onlyRunning }: LeaseRequest): Promise<void> | null {
    if (isUp(state) || !mayStart || onlyRunning === true || record.settings.on_demand === false) return null;
    return this.#dependencies.memory?.learn(record) ?? null;
  }

  /**
   * Finds the requested instance; `null`: none. A second attempt goes to the instance of the first, which may have
   * another name by now.
   */
  #leased({ instance, after }: LeaseRequest): Mailbox | null {
    const { registry } = this.#dependencies;
    const first = after === undefined ? null : registry.byId(after.instance);
    return first === null || first.isClosed ? registry.findAny(instance) : first;
  }

  /** Traces which instance a request names. */
  #noteRoute({ instance: named, requestId }: LeaseRequest, mailbox: Mailbox | null): void {
    const isName = mailbox?.record.name.toLowerCase() === named.toLowerCase();
    const known = isName ? 'name' : 'alias';
    this.#dependencies.trace.note({
      kind: 'route',
      instance: mailbox === null ? null : { id: mailbox.record.id },
      requestId,
      inputs: { named: named.slice(0, LONGEST_NAMED), by: mailbox === null ? 'unknown' : known },
    });
  }

  /** A method, so that code after an await reads the current value. */
  #givesNow(): ((request: LeaseRequest) => Promise<Lease>) | null {
    return this.#successor;
  }

  // ── Pieces ────────────────────────────────────────────────────────────────────────────────────

  #find(name: string): Mailbox {
    const { registry } = this.#dependencies;
    const mailbox = registry.find(name);
    if (mailbox === null || mailbox.isClosed) throw notFound(name, { instance: registry.findAny(name)?.record.name });
    return mailbox;
  }

  #written({ mailbox, record, before, warnings }: Edited): Written {
    const changes = before === null ? [] : editChanges(before, record);
    return { instance: this.#describe(mailbox), entityTag: tagOf(record), warnings, changes };
  }

  #previewed({ record, problems, warnings, changes }: Foreseen, state: InstanceState): Previewed {
    const instance = this.#describe({ record, state });
    const plan = this.#dependencies.engines.find(record.settings.engine)?.plan(record) ?? null;
    const { restart_required } = instance;
    return {
      instance,
      preview: { problems, warnings, effective_command: commandLine(plan), changes, restart_required },
    };
  }

  #describe({ record, state }: Pick<Mailbox, 'record' | 'state'>): Instance {
    const { meter, references, defaults, clock, contexts, rows } = this.#dependencies;
    const run = currentRun(state);
    const adapter = this.#dependencies.engines.find(record.settings.engine);
    const plan = adapter?.plan(record) ?? null;
    return describe(record, state, {
      model: rows.modelOf(record),
      newerFile: rows.newerFileOf(record),
      memory: rows.memoryOf(record),
      refused: rows.refusedOf({ record, state }),
      abilities: rows.abilitiesOf(record, launchedPlan(state) ?? plan),
      live: rows.live({ record, state }),
      plan,
      isLearnt: adapter?.isLearnt(record.settings) ?? true,
      context: contexts.kept(record.id),
      stats: run?.launch && run.identity ? meter.stats(references.of(record.id, run.launch)) : null,
      defaults: {
        autoRestart: defaults.auto_restart,
        maxRestarts: defaults.max_restarts,
        idleTimeout: defaults.idle_timeout,
      },
      elapsed: clock.elapsed(),
    });
  }

  #each(
    names: readonly string[] | undefined,
    statuses: readonly Status[],
    act: (name: string) => Promise<Status | null>,
  ): Promise<Batch['results']> {
    const inStates = this.#dependencies.registry.open().filter(({ state }) => statuses.includes(state.status));
    const statusOf = (name: string): Status | null => this.#dependencies.registry.find(name)?.state.status ?? null;
    return batch(names ?? inStates.map(({ record }) => record.name), act, statusOf);
  }
}

/** Yields the items of a log, with the key of the current run masked. Keys of ended runs open nothing. */
async function* withoutKeys(
  follower: AsyncIterable<readonly LogItem[]>,
  mailbox: Mailbox,
): AsyncGenerator<readonly LogItem[]> {
  for await (const items of follower) {
    const key = keyOf(mailbox);
    yield key === null ? items : items.map((item) => ('gap' in item ? item : masked(item, key)));
  }
}

function keyOf({ state }: Mailbox): string | null {
  return currentRun(state)?.launch?.key ?? null;
}

function masked(entry: LogEntry, key: string | null): LogEntry {
  const message = withoutKey(entry.message, key);
  return message === entry.message ? entry : { ...entry, message };
}

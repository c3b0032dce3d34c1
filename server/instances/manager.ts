import { ApiError } from '@llamactl/contract/errors';
import type { Config } from '@llamactl/contract/config';
import type {
  Batch,
  CreateInstance,
  Health,
  Instance,
  InstanceSummary,
  Status,
  UpdateInstance,
} from '@llamactl/contract/instance';
import type { LogItem, Logs } from '@llamactl/contract/logs';
import { batch } from './batch.ts';
import type { Edited, Editor } from './editor.ts';
import { tagOf } from './entity-tag.ts';
import type { HealthProbe } from './health-probe.ts';
import type { InstanceState } from './lifecycle.ts';
import type { Lease, LeaseRequest } from './leases.ts';
import type { Mailbox } from './mailbox.ts';
import type { Clock, Engines, InstanceRecord, LaunchPlan, LogQuery, RunLogs, RunMeter } from './ports.ts';
import type { Registry } from './registry.ts';
import type { RunReferences } from './run-references.ts';
import type { Scheduler } from './scheduler.ts';
import type { StartCheck } from './start-check.ts';
import { currentRun } from './transitions.ts';
import { noFreeSlot, notFound, shuttingDown, slotsPinned } from './refusals.ts';
import type { Removals } from './removal.ts';
import type { InstanceManager, LiveRun, StopOptions, WaitOptions, Written } from './use-cases.ts';
import { describe, reasonOf, summarize } from './view.ts';
import type { WaitingRooms } from './waiting-rooms.ts';

/** What the use cases stand on; `app.ts` builds it. */
export interface ManagerDependencies {
  clock: Clock;
  engines: Engines;
  meter: RunMeter;
  logs: Pick<RunLogs, 'read' | 'follow'>;
  registry: Registry;
  references: RunReferences;
  scheduler: Pick<Scheduler, 'outlook' | 'reserve'>;
  waitingRooms: WaitingRooms;
  healthProbe: HealthProbe;
  removals: Removals;
  editor: Editor;
  startCheck: StartCheck;
  defaults: Pick<Config['instances'], 'auto_restart' | 'max_restarts' | 'stop_timeout' | 'idle_timeout'>;
}

/** The states from which start-all starts. */
export const STARTED_BY_ALL: readonly Status[] = ['stopped', 'failed'];
/** The states from which stop-all stops. */
export const STOPPED_BY_ALL: readonly Status[] = ['running', 'starting', 'restarting'];

export class Manager implements InstanceManager {
  readonly #with: ManagerDependencies;
  /** A value for each state of a record: whoever has seen one knows it again. */
  readonly #summaries = new WeakMap<InstanceRecord, { state: InstanceState; summary: InstanceSummary }>();
  #isClosing = false;
  /** Who gives leases since we do not any more. */
  #successor: ((request: LeaseRequest) => Promise<Lease>) | null = null;

  constructor(dependencies: ManagerDependencies) {
    this.#with = dependencies;
  }

  /** Starts nothing from now on, also not what is being looked at. */
  close(): void {
    this.#isClosing = true;
    this.#with.waitingRooms.shut();
  }

  /** The same, but whoever asks for a lease, or waits for one, gets it from `successor`. */
  handOver(successor: (request: LeaseRequest) => Promise<Lease>): void {
    this.#successor = successor;
    this.close();
  }

  idOf(nameOrAlias: string): string | null {
    return this.#findAny(nameOrAlias)?.record.id ?? null;
  }

  nameOf(id: string): string | null {
    const mailbox = this.#with.registry.byId(id);
    return mailbox === null || mailbox.isClosed ? null : mailbox.record.name;
  }

  list(status?: Status): InstanceSummary[] {
    return this.#open()
      .map((mailbox) => this.#summary(mailbox))
      .filter((summary) => status === undefined || summary.status === status);
  }

  get(name: string): Instance {
    return this.#describe(this.#find(name));
  }

  entityTag(name: string): string {
    return tagOf(this.#find(name).record);
  }

  async create(body: CreateInstance): Promise<Written> {
    return this.#written(await this.#with.editor.create(body));
  }

  async update(
    name: string,
    patch: UpdateInstance,
    options: { ifMatch?: string | undefined; restart: boolean },
  ): Promise<Written> {
    const edited = await this.#with.editor.update(this.#find(name), patch, options);
    if (options.restart) await this.relaunch(edited.mailbox);
    return this.#written(edited);
  }

  /** Restarts the engine of an instance that was changed, if it has a run now or ahead. */
  relaunch(mailbox: Mailbox): Promise<Status> {
    return this.#post(mailbox, { type: 'apply', timeoutMs: this.#stopTimeoutMs(undefined) });
  }

  async remove(name: string, signal?: AbortSignal): Promise<void> {
    const mailbox = this.#with.registry.find(name);
    if (mailbox === null) throw notFound(name);
    return this.#with.removals.remove(mailbox, signal);
  }

  async start(name: string, options: WaitOptions = {}): Promise<Status> {
    return this.#comeUp(this.#find(name), { type: 'start', cause: 'command' }, options);
  }

  async stop(name: string, options: StopOptions & WaitOptions = {}): Promise<Status> {
    const mailbox = this.#find(name);
    const entered = await this.#post(mailbox, { type: 'stop', ...this.#stopTerms(options) });
    if (options.wait !== true) return entered;
    const { status } = await mailbox.until((state) => state.status !== 'stopping', options.signal);
    await mailbox.stored;
    return status;
  }

  async restart(name: string, options: StopOptions & WaitOptions = {}): Promise<Status> {
    return this.#comeUp(this.#find(name), { type: 'restart', ...this.#stopTerms(options) }, options);
  }

  /** Start and restart: looks first whether it can succeed. A stop that comes in meanwhile is the newer wish. */
  async #comeUp(mailbox: Mailbox, command: Command, { wait, signal }: WaitOptions): Promise<Status> {
    const { stops } = mailbox;
    if (command.type === 'restart' || !isUp(mailbox.state)) {
      await this.#with.startCheck.assertStartable(mailbox, mailbox.record);
    }
    const { id, name } = mailbox.record;
    const isOver = mailbox.stops !== stops;
    if (!isOver && !isUp(mailbox.state) && this.#with.scheduler.outlook(id) === 'hopeless')
      throw slotsPinned(name, 409);
    const entered = isOver ? mailbox.state.status : await this.#post(mailbox, command);
    return wait === true ? this.#untilRunning(mailbox, signal) : entered;
  }

  async health(name: string): Promise<Health> {
    const mailbox = this.#find(name);
    return this.#with.healthProbe.check(mailbox.record.id, mailbox.state);
  }

  async logs(name: string, query: LogQuery): Promise<Logs> {
    const { logs, references } = this.#with;
    return logs.read(references.log(this.#find(name).record), query);
  }

  followLogs(name: string, query: LogQuery, signal: AbortSignal): AsyncIterable<readonly LogItem[]> {
    const { logs, references } = this.#with;
    return logs.follow(references.log(this.#find(name).record), query, signal);
  }

  liveRuns(): LiveRun[] {
    return this.#open().flatMap(({ record, state }) => {
      const run = currentRun(state);
      if (!run?.launch || !run.identity) return [];
      return [{ name: record.name, run: this.#with.references.of(record.id, run.launch) }];
    });
  }

  startAll(names?: readonly string[]): Promise<Batch['results']> {
    return this.#each(names, STARTED_BY_ALL, (name) => this.#startBeside(this.#find(name)));
  }

  /** Starts what has a place beside all that runs: of many nobody can say for whom another should go. */
  async #startBeside(mailbox: Mailbox): Promise<Status> {
    const { scheduler, startCheck } = this.#with;
    const { stops } = mailbox;
    if (isUp(mailbox.state)) return mailbox.state.status;
    await startCheck.assertStartable(mailbox, mailbox.record);
    // From here to the place in the queue nothing is awaited: what is free stays free.
    if (mailbox.stops !== stops || isUp(mailbox.state)) return mailbox.state.status;
    const { id, name } = mailbox.record;
    if (scheduler.outlook(id) !== 'free') throw noFreeSlot(name);
    const posted = this.#post(mailbox, { type: 'start', cause: 'command' });
    if (mailbox.state.status === 'starting') scheduler.reserve(id);
    return posted;
  }

  stopAll(names?: readonly string[]): Promise<Batch['results']> {
    return this.#each(names, STOPPED_BY_ALL, (name) => this.stop(name));
  }

  async acquire(request: LeaseRequest): Promise<Lease> {
    const elsewhere = this.#givesNow();
    if (elsewhere !== null) return elsewhere(request);
    const mailbox = this.#findAny(request.instance);
    if (mailbox === null) throw notFound(request.instance);
    try {
      return await this.#with.waitingRooms.acquire(mailbox, request);
    } catch (error) {
      // It was sent away because another server gives leases since.
      const successor = this.#givesNow();
      if (successor === null || request.signal.aborted) throw error;
      return successor(request);
    }
  }

  /** Asked anew after each wait. */
  #givesNow(): ((request: LeaseRequest) => Promise<Lease>) | null {
    return this.#successor;
  }

  // ── Pieces ────────────────────────────────────────────────────────────────────────────────────

  #open(): Mailbox[] {
    return this.#with.registry.all().filter((mailbox) => !mailbox.isClosed);
  }

  #find(name: string): Mailbox {
    const mailbox = this.#with.registry.find(name);
    if (mailbox === null || mailbox.isClosed) throw notFound(name);
    return mailbox;
  }

  #findAny(nameOrAlias: string): Mailbox | null {
    const { registry } = this.#with;
    const mailbox = registry.find(nameOrAlias) ?? registry.findByAlias(nameOrAlias);
    return mailbox === null || mailbox.isClosed ? null : mailbox;
  }

  #written({ mailbox, record, warnings }: Edited): Written {
    return { instance: this.#describe(mailbox), entityTag: tagOf(record), warnings };
  }

  #summary({ record, state }: Mailbox): InstanceSummary {
    const known = this.#summaries.get(record);
    if (known?.state === state) return known.summary;
    const summary = summarize(record, state);
    this.#summaries.set(record, { state, summary });
    return summary;
  }

  #describe(mailbox: Mailbox): Instance {
    const { meter, references, defaults, clock } = this.#with;
    const { record, state } = mailbox;
    const run = currentRun(state);
    return describe(record, state, {
      plan: this.#plan(record),
      stats: run?.launch && run.identity ? meter.stats(references.of(record.id, run.launch)) : null,
      defaults: {
        autoRestart: defaults.auto_restart,
        maxRestarts: defaults.max_restarts,
        idleTimeout: defaults.idle_timeout,
      },
      now: clock.now(),
    });
  }

  #plan(record: InstanceRecord): LaunchPlan | null {
    return this.#with.engines.find(record.settings.engine)?.plan(record) ?? null;
  }

  async #post(mailbox: Mailbox, event: Command): Promise<Status> {
    if (mailbox.isClosed) throw notFound(mailbox.record.name);
    if (this.#isClosing && event.type !== 'stop') throw shuttingDown();
    const { reply, stored } = mailbox.post({ ...event, at: this.#with.clock.now() });
    const { status } = reply.kind === 'accepted' ? reply : mailbox.state;
    await stored;
    return status;
  }

  async #untilRunning(mailbox: Mailbox, signal: AbortSignal | undefined): Promise<Status> {
    const isSettled = ({ status }: InstanceState): boolean =>
      status === 'running' || status === 'failed' || status === 'stopped';
    const state = await mailbox.until(isSettled, signal);
    // What a caller is told survives: a server that dies now must not find the instance still starting.
    await mailbox.stored;
    if (state.status === 'running') return state.status;
    const reason = reasonOf(state) ?? 'it was stopped before it was ready';
    throw new ApiError('START_FAILED', `${mailbox.record.name} did not start: ${reason.replace(/\.$/, '')}.`, {
      reason,
    });
  }

  #each(
    names: readonly string[] | undefined,
    statuses: readonly Status[],
    act: (name: string) => Promise<Status>,
  ): Promise<Batch['results']> {
    const inStates = this.#open().filter(({ state }) => statuses.includes(state.status));
    const statusOf = (name: string): Status | null => this.#with.registry.find(name)?.state.status ?? null;
    return batch(names ?? inStates.map(({ record }) => record.name), act, statusOf);
  }

  #stopTerms(options: StopOptions): { force: boolean; timeoutMs: number } {
    return { force: options.force ?? false, timeoutMs: this.#stopTimeoutMs(options.timeout) };
  }

  #stopTimeoutMs(seconds: number | undefined): number {
    return (seconds ?? this.#with.defaults.stop_timeout) * 1_000;
  }
}

function isUp({ status }: InstanceState): boolean {
  return status === 'starting' || status === 'running';
}

type Command =
  | { type: 'start'; cause: 'command' }
  | { type: 'stop' | 'restart'; force: boolean; timeoutMs: number }
  | { type: 'apply'; timeoutMs: number };

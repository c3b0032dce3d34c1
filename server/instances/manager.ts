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
import { matchesTag, tagOf } from './entity-tag.ts';
import type { HealthProbe } from './health-probe.ts';
import type { InstanceState } from './lifecycle.ts';
import type { Lease, LeaseRequest } from './leases.ts';
import type { LeaseBook } from './lease-book.ts';
import type { Mailbox } from './mailbox.ts';
import { targetOf } from './effects.ts';
import type { Clock, Engines, EventSink, InstanceRecord, LaunchPlan, Randomness, Supervisor } from './ports.ts';
import type { Registry } from './registry.ts';
import type { RunReferences } from './run-references.ts';
import { adapterFor, checkSettings, newSettings, patchedSettings } from './settings.ts';
import { currentRun, NEW_STATE } from './transitions.ts';
import { notFound, notRunning } from './refusals.ts';
import type { Removals } from './removal.ts';
import type { InstanceManager, StopOptions, WaitOptions, Written } from './use-cases.ts';
import { describe, reasonOf, summarize } from './view.ts';

/** What the use cases stand on; `app.ts` builds it. */
export interface ManagerDependencies {
  clock: Clock;
  randomness: Randomness;
  events: EventSink;
  engines: Engines;
  supervisor: Pick<Supervisor, 'stats' | 'portHolder' | 'ownsPort'>;
  registry: Registry;
  references: RunReferences;
  leases: LeaseBook;
  healthProbe: HealthProbe;
  removals: Removals;
  /** Makes the mailbox of an instance that has never run, or whose state was stored. */
  openMailbox: (record: InstanceRecord, state: InstanceState) => Mailbox;
  defaults: Pick<Config['instances'], 'auto_restart' | 'max_restarts' | 'stop_timeout'>;
}

export class Manager implements InstanceManager {
  readonly #with: ManagerDependencies;
  #isClosing = false;

  constructor(dependencies: ManagerDependencies) {
    this.#with = dependencies;
  }

  /** Starts nothing from now on, also not what is being looked at. */
  close(): void {
    this.#isClosing = true;
  }

  list(status?: Status): InstanceSummary[] {
    return this.#open()
      .map(({ record, state }) => summarize(record, state))
      .filter((summary) => status === undefined || summary.status === status);
  }

  get(name: string): Instance {
    return this.#describe(this.#find(name));
  }

  entityTag(name: string): string {
    return tagOf(this.#find(name).record);
  }

  async create(body: CreateInstance): Promise<Written> {
    const { engines, randomness, registry, events } = this.#with;
    const settings = newSettings(body);
    const adapter = adapterFor(engines, settings.engine);
    const warnings = await checkSettings(settings, adapter);
    const id = randomness.token(8);
    const now = this.#timestamp();
    const draft: InstanceRecord = {
      id,
      name: body.name,
      port: body.port ?? 0,
      portAssigned: body.port === undefined,
      settings,
      createdAt: now,
      updatedAt: now,
      version: 1,
    };
    const problem = await adapter.preflight(draft, adapter.plan(draft));
    // From here to `add` nothing is awaited: what is free stays free.
    const record = { ...draft, port: body.port ?? registry.assignPort(id) };
    registry.assertFree({ ...record, aliases: settings.aliases });
    const mailbox = this.#with.openMailbox(record, NEW_STATE);
    registry.add(mailbox);
    try {
      await mailbox.amend(record);
    } catch (error) {
      registry.drop(mailbox);
      throw error;
    }
    events.emit({ type: 'instance_created', data: { name: record.name } });
    return {
      instance: this.#describe(mailbox),
      entityTag: tagOf(record),
      warnings: problem === null ? warnings : [...warnings, problem.message],
    };
  }

  async update(
    name: string,
    patch: UpdateInstance,
    options: { ifMatch?: string | undefined; restart: boolean },
  ): Promise<Written> {
    const mailbox = this.#find(name);
    if (patch.name !== undefined && patch.name !== mailbox.record.name) {
      const message = 'cannot be changed; create another instance and delete this one';
      throw new ApiError('VALIDATION_ERROR', `name ${message}.`, { problems: [{ path: 'name', message }] });
    }
    for (;;) {
      const before = mailbox.record;
      if (options.ifMatch !== undefined && !matchesTag(options.ifMatch, before)) {
        throw new ApiError(
          'PRECONDITION_FAILED',
          `${before.name} was changed by somebody else since; read it again and repeat.`,
        );
      }
      const { record, warnings } = await this.#patched(before, patch);
      if (options.restart && hasRestartAhead(mailbox.state)) await this.#assertStartable(mailbox, record);
      if (mailbox.isClosed) throw notFound(name);
      // Somebody else's update, or a port chosen anew, came in between: begin again on what is stored now.
      if (mailbox.record !== before) continue;
      this.#with.registry.assertFree({ ...record, aliases: record.settings.aliases });
      await mailbox.amend(record);
      this.#with.events.emit({ type: 'instance_updated', data: { name: record.name } });
      if (options.restart) await this.#post(mailbox, { type: 'apply', timeoutMs: this.#stopTimeoutMs(undefined) });
      return { instance: this.#describe(mailbox), entityTag: tagOf(record), warnings };
    }
  }

  async #patched(
    before: InstanceRecord,
    patch: UpdateInstance,
  ): Promise<{ record: InstanceRecord; warnings: string[] }> {
    const { engines, registry } = this.#with;
    const adapter = adapterFor(engines, patch.engine ?? (patch.engine === null ? 'llama_cpp' : before.settings.engine));
    const settings = patchedSettings(before.settings, patch, adapter);
    const warnings = await checkSettings(settings, adapter);
    const port = patch.port === undefined ? before.port : (patch.port ?? registry.assignPort(before.id));
    const portAssigned = patch.port === undefined ? before.portAssigned : patch.port === null;
    const record = {
      ...before,
      settings,
      port,
      portAssigned,
      version: before.version + 1,
      updatedAt: this.#timestamp(),
    };
    return { record, warnings };
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
    return status;
  }

  async restart(name: string, options: StopOptions & WaitOptions = {}): Promise<Status> {
    return this.#comeUp(this.#find(name), { type: 'restart', ...this.#stopTerms(options) }, options);
  }

  /** Start and restart: looks first whether it can succeed. A stop that comes in meanwhile is the newer wish. */
  async #comeUp(mailbox: Mailbox, command: Command, { wait, signal }: WaitOptions): Promise<Status> {
    const { state, stops } = mailbox;
    const isUp = state.status === 'starting' || state.status === 'running';
    if (command.type === 'restart' || !isUp) await this.#assertStartable(mailbox, mailbox.record);
    const entered = mailbox.stops === stops ? await this.#post(mailbox, command) : mailbox.state.status;
    return wait === true ? this.#untilRunning(mailbox, signal) : entered;
  }

  async health(name: string): Promise<Health> {
    const mailbox = this.#find(name);
    return this.#with.healthProbe.check(mailbox.record.id, mailbox.state);
  }

  startAll(names?: readonly string[]): Promise<Batch['results']> {
    return this.#each(names, ['stopped', 'failed'], (name) => this.start(name));
  }

  stopAll(names?: readonly string[]): Promise<Batch['results']> {
    return this.#each(names, ['running', 'starting', 'restarting'], (name) => this.stop(name));
  }

  async acquire({ instance, signal }: LeaseRequest): Promise<Lease> {
    signal.throwIfAborted();
    const { registry, leases } = this.#with;
    const mailbox = registry.find(instance) ?? registry.findByAlias(instance);
    if (mailbox === null || mailbox.isClosed) throw notFound(instance);
    const { record, state } = mailbox;
    if (state.status !== 'running' || state.run.launch === null) throw notRunning(record.name, state);
    return leases.of(record.id, state.run.number).grant(record.name, targetOf(state.run.launch));
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

  #describe(mailbox: Mailbox): Instance {
    const { supervisor, references, defaults, clock } = this.#with;
    const { record, state } = mailbox;
    const run = currentRun(state);
    return describe(record, state, {
      plan: this.#plan(record),
      stats: run?.launch && run.identity ? supervisor.stats(references.of(record.id, run.launch)) : null,
      defaults: { autoRestart: defaults.auto_restart, maxRestarts: defaults.max_restarts },
      now: clock.now(),
    });
  }

  #plan(record: InstanceRecord): LaunchPlan | null {
    return this.#with.engines.find(record.settings.engine)?.plan(record) ?? null;
  }

  /** A start that cannot succeed is refused now, while it can still be refused. It is checked again when it launches. */
  async #assertStartable(mailbox: Mailbox, record: InstanceRecord): Promise<void> {
    const { engines, supervisor, references } = this.#with;
    const adapter = adapterFor(engines, record.settings.engine);
    await adapter.learn(record.settings);
    const problem = await adapter.preflight(record, adapter.plan(record));
    if (problem !== null) throw new ApiError(problem.code, problem.message);
    if (record.portAssigned) return;
    // The run of this moment: it may end while the port is looked at, and then was what held it.
    const run = currentRun(mailbox.state);
    const holder = await supervisor.portHolder(record.port);
    if (holder === null) return;
    if (run?.launch?.plan.port === record.port) {
      const owner = await supervisor.ownsPort(references.of(record.id, run.launch), record.port);
      if (owner !== 'foreign') return;
    }
    throw new ApiError(
      'PORT_IN_USE',
      `Port ${record.port} is in use by ${holder.description}; end it, or give ${record.name} another port.`,
    );
  }

  async #post(mailbox: Mailbox, event: Command): Promise<Status> {
    if (mailbox.isClosed) throw notFound(mailbox.record.name);
    if (this.#isClosing && event.type !== 'stop') throw new ApiError('SHUTTING_DOWN', 'llamactl is stopping.');
    const { reply, stored } = mailbox.post({ ...event, at: this.#with.clock.now() });
    const { status } = reply.kind === 'accepted' ? reply : mailbox.state;
    await stored;
    return status;
  }

  async #untilRunning(mailbox: Mailbox, signal: AbortSignal | undefined): Promise<Status> {
    const isSettled = ({ status }: InstanceState): boolean =>
      status === 'running' || status === 'failed' || status === 'stopped';
    const state = await mailbox.until(isSettled, signal);
    if (state.status === 'running') return state.status;
    const reason = reasonOf(state) ?? 'it was stopped before it was ready';
    throw new ApiError('START_FAILED', `${mailbox.record.name} did not start: ${reason.replace(/\.$/, '')}.`, {
      reason,
    });
  }

  async #each(
    names: readonly string[] | undefined,
    statuses: readonly Status[],
    act: (name: string) => Promise<Status>,
  ): Promise<Batch['results']> {
    const wanted =
      names ??
      this.#open()
        .filter(({ state }) => statuses.includes(state.status))
        .map(({ record }) => record.name);
    return Promise.all(
      [...new Set(wanted)].map(async (name) => {
        try {
          return { name, status: await act(name) };
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          return { name, status: this.#with.registry.find(name)?.state.status ?? null, error: error.message };
        }
      }),
    );
  }

  #stopTerms(options: StopOptions): { force: boolean; timeoutMs: number } {
    return { force: options.force ?? false, timeoutMs: this.#stopTimeoutMs(options.timeout) };
  }

  #stopTimeoutMs(seconds: number | undefined): number {
    return (seconds ?? this.#with.defaults.stop_timeout) * 1_000;
  }

  #timestamp(): string {
    return new Date(this.#with.clock.now()).toISOString();
  }
}

/** Whether an update that is applied now leads to a start. */
function hasRestartAhead({ status }: InstanceState): boolean {
  return status === 'starting' || status === 'running' || status === 'restarting';
}

type Command =
  | { type: 'start'; cause: 'command' }
  | { type: 'stop' | 'restart'; force: boolean; timeoutMs: number }
  | { type: 'apply'; timeoutMs: number };

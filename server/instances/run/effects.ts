import { reasonOf } from '@llamactl/contract/reason';
import { GPU_OFFLOAD_SHORT, STRAY_PROCESS, SURVIVES_KILL, type AlertSink } from '../ports/alert-sink.ts';
import { explainExit, type ExitCauseDependencies } from './exit-cause.ts';
import { prepareLaunch, type PreparationDependencies } from './launch-preparation.ts';
import type { InstanceEvent, Launch, RestartTerms, Effect } from '../life/lifecycle.ts';
import type { Contexts } from '../ports/contexts.ts';
import type { EngineEndpoint } from '../ports/engine-endpoint.ts';
import type { InstanceRecord } from '../ports/instance-record.ts';
import type { ListeningPorts, PortWitness } from '../ports/listening-ports.ts';
import type { RunMeter } from '../ports/run-meter.ts';
import type { RunLogs } from '../ports/run-output.ts';
import type { RunFolders } from '../ports/folders.ts';
import type { Exit, RunListener, RunReference, Runs } from '../ports/runs.ts';
import { type Clock, type Moment, momentOf, pause } from '../ports/time.ts';
import { NO_SIGNS, watchForHang } from './hang-watch.ts';
import type { LeaseBook } from '../slots/lease-book.ts';
import { EngineDied, targetOf } from '../slots/leases.ts';
import type { EffectRunner, Mailbox } from '../life/mailbox.ts';
import { lookAtOffload } from './offload-look.ts';
import { atMostUntil, keepsContext } from './kept-context.ts';
import { awaitProjection } from './projection-watch.ts';
import { awaitReady } from './readiness.ts';
import { ALL_PINNED } from '../refusals.ts';
import { planWithKey, withoutKey } from './run-key.ts';
import type { MemoryAdmission } from '../slots/memory-admission.ts';
import type { Scheduler } from '../slots/scheduler.ts';
import type { StartCheck } from '../start-check.ts';
import { currentRun } from '../life/transitions.ts';

/**
 * Effects that are retried after an unexpected failure until their phase is over; otherwise the instance would wait
 * forever. A launch is not retried: it reports the failure as its outcome.
 */
const RETRIED: ReadonlySet<Effect['type']> = new Set([
  'adopt',
  'await-ready',
  'watch-health',
  'look-at-offload',
  'drain',
  'terminate',
  'kill',
  'end-stray',
]);
const RETRY_AFTER_MS = 1_000;

/** Folders of runs kept per instance, so that endless restarts do not fill the disk. */
const KEPT_RUNS = 10;

export interface EffectDependencies extends PreparationDependencies, ExitCauseDependencies {
  clock: Clock;
  runs: Runs;
  runFolders: Pick<RunFolders, 'prune'>;
  listeningPorts: ListeningPorts;
  scheduler: Scheduler;
  startCheck: Pick<StartCheck, 'look' | 'obstacle'>;
  /** `null`: memory limits no start. */
  memory: Pick<
    MemoryAdmission,
    | 'learn'
    | 'obstacle'
    | 'settled'
    | 'gpuVariables'
    | 'hold'
    | 'heldBy'
    | 'take'
    | 'end'
    | 'release'
    | 'report'
    | 'noteUse'
  > | null;
  endpoint: EngineEndpoint;
  logs: RunLogs;
  meter: RunMeter;
  alerts: AlertSink;
  leases: Pick<LeaseBook, 'of' | 'lastUsed'>;
  contexts: Contexts;
  /** The witness of a ready run's port, by the instance's id; `null`: no witness is possible. */
  witness: (instance: string, launch: Launch) => PortWitness | null;
  /** The current restart policy of an instance. */
  terms(record: InstanceRecord): RestartTerms;
  /** Whether a request waits for an instance, by the instance's id. */
  isWaitedFor(instance: string): boolean;
  /** Milliseconds without progress after which a start times out. */
  startTimeoutMs: number;
  onFault(error: unknown, effect: Effect): void;
}

/**
 * Carries out the effects of the state machine and posts their results. An unexpected failure is a fault of llamactl,
 * but must not leave an instance waiting forever: most effects are retried, and a launch reports the failure as its
 * outcome.
 */
export class Effects implements EffectRunner {
  readonly #dependencies: EffectDependencies;

  constructor(dependencies: EffectDependencies) {
    this.#dependencies = dependencies;
  }

  run(effect: Effect, mailbox: Mailbox, signal: AbortSignal): void {
    void this.#carryOut(effect, mailbox, signal).catch((error: unknown) => {
      this.#dependencies.onFault(error, effect);
      if (effect.type === 'prepare' || effect.type === 'spawn') {
        this.#spawnError(mailbox, effect.run, 'a fault of llamactl kept it from starting; its log says more');
      }
      if (!RETRIED.has(effect.type)) return;
      this.#dependencies.clock.after(RETRY_AFTER_MS, () => {
        if (!signal.aborted) this.run(effect, mailbox, signal);
      });
    });
  }

  async #carryOut(effect: Effect, mailbox: Mailbox, signal: AbortSignal): Promise<void> {
    const { scheduler, memory, runs, clock, alerts } = this.#dependencies;
    const { id } = mailbox.record;
    switch (effect.type) {
      case 'request-slot':
        // Of a restart: the memory of the run that has ended.
        memory?.end(id);
        return this.#requestSlot(mailbox, effect.run, signal);
      case 'take-slot': {
        const launch = currentRun(mailbox.state)?.launch ?? null;
        if (launch !== null) memory?.take(id, launch);
        return scheduler.take(id);
      }
      case 'release-slot':
        memory?.release(id);
        return scheduler.release(id);
      case 'withdraw':
        return this.#report(mailbox, effect.run, { code: null, signal: null, at: clock.now() });
      case 'prepare':
        return this.#prepare(mailbox, effect.run, signal);
      case 'spawn':
        return this.#spawn(mailbox, effect.run, effect.launch, signal);
      case 'adopt':
        return this.#adopt(mailbox, effect);
      case 'await-ready':
        return this.#awaitReady(mailbox, effect.run, signal);
      case 'watch-health':
        return this.#watchForHang(mailbox, effect.run, signal);
      case 'look-at-offload':
        return this.#lookAtOffload(mailbox, effect.run, signal);
      case 'drain':
        await this.#dependencies.leases.of(id, effect.run).idle(effect.until, clock, signal);
        return this.#post(mailbox, {
          type: 'drained',
          run: effect.run,
          isCutShort: this.#dependencies.leases.of(id, effect.run).count > 0,
        });
      case 'restore-context':
        await this.#moveContext('restore', mailbox, effect, signal);
        return this.#post(mailbox, { type: 'context-restored', run: effect.run });
      case 'save-context':
        await this.#moveContext('save', mailbox, effect, signal);
        return this.#post(mailbox, { type: 'context-saved', run: effect.run });
      case 'close-leases':
        return this.#dependencies.leases.of(id, effect.run).close(effect.died === true ? new EngineDied() : undefined);
      case 'terminate':
        this.#noteUse(mailbox, effect.run);
        return this.#withRun(mailbox, effect.run, (run) => runs.terminate(run));
      case 'kill':
        return this.#withRun(mailbox, effect.run, (run) => runs.kill(run));
      case 'end-stray':
        await runs.endStray(effect.tag);
        alerts.clear(STRAY_PROCESS, mailbox.record.name);
        if (effect.run !== null) await this.#report(mailbox, effect.run, { code: null, signal: null, at: clock.now() });
        return;
      case 'wait-backoff':
        return this.#waitBackoff(mailbox, effect.until, signal);
      case 'alert':
        return alerts.raise({
          level: effect.level ?? 'error',
          code: effect.code,
          message: effect.message,
          instance: mailbox.record.name,
        });
    }
  }

  async #requestSlot(mailbox: Mailbox, run: number, signal: AbortSignal): Promise<void> {
    const { scheduler, memory } = this.#dependencies;
    const { id } = mailbox.record;
    let learning = memory?.learn(mailbox.record) ?? null;
    while (learning !== null) {
      const { settings } = mailbox.record;
      await learning;
      if (signal.aborted) return;
      // The settings may have changed meanwhile; a need of none would start it beside all others.
      learning = mailbox.record.settings === settings ? null : (memory?.learn(mailbox.record) ?? null);
    }
    // Others end for a start only if it can succeed. A start that gets a slot at once is checked next, with its launch.
    if (scheduler.outlook(id) === 'possible') {
      const obstacle = await this.#dependencies.startCheck.obstacle(mailbox);
      if (signal.aborted) return;
      if (obstacle !== null) return this.#spawnError(mailbox, run, obstacle.message);
    }
    scheduler.request(id, {
      mayEvict: () => this.#isWanted(mailbox),
      onGranted: () => {
        memory?.hold(id);
        this.#post(mailbox, { type: 'granted', run });
      },
      onHopeless: () => this.#spawnError(mailbox, run, memory?.obstacle(id) ?? ALL_PINNED),
    });
  }

  /**
   * Whether the start may evict another instance. A start on demand may not once all its requests have left. Neither
   * may its later repetition by a boot or by the restart policy.
   */
  #isWanted({ record, state }: Mailbox): boolean {
    const run = currentRun(state);
    return run === null || run.wantedByUser || run.cause === 'command' || this.#dependencies.isWaitedFor(record.id);
  }

  async #prepare(mailbox: Mailbox, run: number, signal: AbortSignal): Promise<void> {
    const prepared = await prepareLaunch(this.#dependencies, mailbox, run, signal);
    if (prepared === null) return;
    if ('impossible' in prepared) this.#spawnError(mailbox, run, prepared.impossible);
    else {
      const held = this.#dependencies.memory?.heldBy(mailbox.record.id) ?? null;
      const launch = held === null ? prepared.launch : { ...prepared.launch, memory: held };
      this.#post(mailbox, { type: 'prepared', run, launch });
    }
  }

  async #spawn(mailbox: Mailbox, run: number, launch: Launch, signal: AbortSignal): Promise<void> {
    const { runs, runFolders, references, logs } = this.#dependencies;
    const secrets =
      launch.plan.keyVariable === null || launch.key === null ? {} : { [launch.plan.keyVariable]: launch.key };
    const log = references.log(mailbox.record);
    const reference = references.of(mailbox.record.id, launch);
    await logs.begin(log, reference);
    if (signal.aborted) return this.#spawnError(mailbox, run, 'it was stopped before it was spawned');
    logs.attach(log, reference);
    try {
      const identity = await runs.spawn(reference, planWithKey(launch), secrets, this.#listener(mailbox, run));
      this.#post(mailbox, { type: 'spawned', run, identity });
      await runFolders
        .prune(references.runs(mailbox.record.id), KEPT_RUNS)
        .catch((error: unknown) => this.#dependencies.onFault(error, { type: 'spawn', run, launch }));
    } catch (error) {
      logs.detach(log, reference);
      this.#spawnError(mailbox, run, withoutKey(reasonOf(error), launch.key));
    }
  }

  #adopt(mailbox: Mailbox, { run, launch, identity }: Extract<Effect, { type: 'adopt' }>): void {
    const { runs, references, logs } = this.#dependencies;
    const reference = references.of(mailbox.record.id, launch);
    runs.adopt(reference, identity, this.#listener(mailbox, run));
    logs.attach(references.log(mailbox.record), reference);
  }

  async #awaitReady(mailbox: Mailbox, run: number, signal: AbortSignal): Promise<void> {
    const launch = launchOf(mailbox, run);
    if (launch === null) return;
    const { startTimeoutMs, references } = this.#dependencies;
    const reference = references.of(mailbox.record.id, launch);
    const loaded = new AbortController();
    void this.#watchProjection(mailbox, run, launch, { loaded: loaded.signal, over: signal }).catch((error: unknown) =>
      this.#dependencies.onFault(error, { type: 'await-ready', run }),
    );
    const outcome = await awaitReady(this.#dependencies, reference, targetOf(launch), startTimeoutMs, signal);
    loaded.abort();
    if (outcome === 'ready') {
      // Record the listening socket now, so that a process that has the port later is recognised as foreign.
      this.#dependencies.witness(mailbox.record.id, launch)?.listener();
      this.#post(mailbox, { type: 'ready', run });
    }
    if (outcome === 'taken') {
      const { port } = launch.plan;
      const holder = (await this.#dependencies.listeningPorts.portHolder(port))?.description ?? 'another process';
      this.#post(mailbox, {
        type: 'port-taken',
        run,
        reason: `port ${port} is in use by ${holder}, which does not belong to this run`,
      });
    }
    if (outcome === 'stalled') this.#post(mailbox, { type: 'stalled', run, seconds: startTimeoutMs / 1_000 });
  }

  /** Counts the memory that the engine of a start reports, and ends the start if it may not have as much. */
  async #watchProjection(
    mailbox: Mailbox,
    run: number,
    launch: Launch,
    until: { loaded: AbortSignal; over: AbortSignal },
  ): Promise<void> {
    const { memory, engines, references } = this.#dependencies;
    const fitted = engines.find(launch.engine)?.fitted;
    if (memory === null || fitted === undefined) return;
    const { record } = mailbox;
    const reported = await awaitProjection(this.#dependencies, references.of(record.id, launch), fitted, until);
    if (reported === null) return;
    const reason = await memory.report(record, launch, reported);
    if (reason !== null && !until.over.aborted) this.#post(mailbox, { type: 'does-not-fit', run, reason });
  }

  /** Remembers what a ready run used. */
  #noteUse(mailbox: Mailbox, run: number): void {
    const launch = launchOf(mailbox, run);
    const { memory, meter, references } = this.#dependencies;
    // An engine that is not ready has not used all that it needs.
    if (launch === null || memory === null || currentRun(mailbox.state)?.readyAt === null) return;
    const stats = meter.stats(references.of(mailbox.record.id, launch));
    if (stats !== null) memory.noteUse(launch, { ram: stats.memory_usage, gpus: stats.gpu_memory_usage });
  }

  /** Saves or restores the context of a run. Never rejects, because a stop and a start go on without it. */
  async #moveContext(
    how: 'save' | 'restore',
    mailbox: Mailbox,
    { run, until }: { run: number; until: number },
    signal: AbortSignal,
  ): Promise<void> {
    const launch = launchOf(mailbox, run);
    const { id: instance, name, settings } = mailbox.record;
    // The settings may have changed since the launch.
    if (launch?.contextKey === undefined || !keepsContext(settings)) return;
    const { clock, contexts, witness } = this.#dependencies;
    const target = targetOf(launch, witness(instance, launch));
    const moved = { instance, name, number: run, key: launch.contextKey, target };
    await atMostUntil(clock, until, signal, () => contexts[how](moved, until));
  }

  async #watchForHang(mailbox: Mailbox, run: number, signal: AbortSignal): Promise<void> {
    const launch = launchOf(mailbox, run);
    if (launch === null) return;
    const { references, engines, leases, witness } = this.#dependencies;
    const { id } = mailbox.record;
    const watched = {
      reference: references.of(id, launch),
      target: targetOf(launch, witness(id, launch)),
      signs: engines.find(launch.engine)?.signs ?? NO_SIGNS,
      answered: () => leases.of(id, run).answered,
      leasesSince: (from: number) =>
        leases.of(id, run).count + ((leases.lastUsed(id, run) ?? -Infinity) >= from ? 1 : 0),
    };
    await watchForHang(
      this.#dependencies,
      watched,
      (missed) => this.#post(mailbox, { type: 'health-failed', run, ...missed }),
      signal,
    );
  }

  async #lookAtOffload(mailbox: Mailbox, run: number, signal: AbortSignal): Promise<void> {
    const launch = launchOf(mailbox, run);
    const { references, engines } = this.#dependencies;
    const adapter = launch === null ? null : engines.find(launch.engine);
    if (launch === null || adapter === null) return;
    const reference = references.of(mailbox.record.id, launch);
    const shortfall = await lookAtOffload(this.#dependencies, adapter, reference, launch.plan, signal);
    if (shortfall !== null && !signal.aborted) this.#post(mailbox, { type: 'offload-short', run, shortfall });
  }

  async #waitBackoff(mailbox: Mailbox, until: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#dependencies;
    await pause(clock, Math.max(0, until - clock.elapsed()), signal);
    if (!signal.aborted) this.#post(mailbox, { type: 'backoff-over' });
  }

  #listener(mailbox: Mailbox, run: number): RunListener {
    return {
      onGone: (exit) => {
        void this.#report(mailbox, run, exit);
      },
      onSurvives: (pids, container) =>
        this.#post(mailbox, { type: 'survived', run, pids, ...(container === undefined ? {} : { container }) }),
    };
  }

  /** Posts that a run is over, and why. */
  async #report(mailbox: Mailbox, run: number, exit: Exit): Promise<void> {
    const { logs, alerts, references } = this.#dependencies;
    this.#withRun(mailbox, run, (reference) => logs.detach(references.log(mailbox.record), reference));
    for (const code of [SURVIVES_KILL, GPU_OFFLOAD_SHORT]) alerts.clear(code, mailbox.record.name);
    const ended = await explainExit(this.#dependencies, mailbox, exit);
    this.#post(mailbox, { type: 'exited', run, ended, terms: this.#dependencies.terms(mailbox.record) });
  }

  #spawnError(mailbox: Mailbox, run: number, reason: string): void {
    this.#post(mailbox, { type: 'spawn-error', run, reason, terms: this.#dependencies.terms(mailbox.record) });
  }

  /** Acts on a run if it is still the current one. A newer run must not be affected. */
  #withRun(mailbox: Mailbox, run: number, act: (run: RunReference) => void): void {
    const launch = launchOf(mailbox, run);
    if (launch !== null) act(this.#dependencies.references.of(mailbox.record.id, launch));
  }

  #post(mailbox: Mailbox, event: DistributiveOmit<InstanceEvent, keyof Moment>): void {
    mailbox.post({ ...event, ...momentOf(this.#dependencies.clock) });
  }
}

type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never;

function launchOf(mailbox: Mailbox, run: number): Launch | null {
  const current = currentRun(mailbox.state);
  return current?.number === run ? current.launch : null;
}

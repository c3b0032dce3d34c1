import { ApiError } from '@llamactl/contract/errors';
import type { StartObstacle } from '@llamactl/contract/health';
import { PORT_CLASH, type AlertSink } from './ports/alert-sink.ts';
import { type Mailbox, Sealed } from './life/mailbox.ts';
import type { Engines, StartProblem } from './ports/engine-adapter.ts';
import type { InstanceRecord } from './ports/instance-record.ts';
import type { LaunchPlan } from './ports/runs.ts';
import type { ListeningPorts } from './ports/listening-ports.ts';
import type { Registry } from './registry.ts';
import type { RunReferences } from './run-references.ts';
import { unknownEngine } from './settings/settings.ts';
import { currentRun, isUp } from './life/transitions.ts';
import { noRoom, withoutFolder } from './refusals.ts';
import type { MemoryAdmission } from './slots/memory-admission.ts';

export interface StartCheckDependencies {
  engines: Engines;
  listeningPorts: Pick<ListeningPorts, 'portHolder' | 'ownsPort'>;
  registry: Pick<Registry, 'leaving'>;
  references: RunReferences;
  alerts: Pick<AlertSink, 'raise'>;
  /** `null`: memory limits no start. */
  memory: Pick<MemoryAdmission, 'foresee'> | null;
}

/** Placeholder for an instance without a run: no process carries this tag. */
const NO_RUN = { nonce: 'none' };

/** A launch of a record, as far as it can be foreseen. */
export interface LaunchOutlook {
  /** `null`: the configuration no longer has the engine. */
  plan: LaunchPlan | null;
  /** Why the launch cannot succeed; `null`: no obstacle is known. A taken port is not known here. */
  obstacle: (StartObstacle & Pick<StartProblem, 'isWarnedOf'>) | null;
}

/**
 * Finds out whether starts can succeed, and refuses those that cannot. A start is checked before it is accepted, and
 * again at its launch.
 */
export class StartCheck {
  readonly #dependencies: StartCheckDependencies;

  constructor(dependencies: StartCheckDependencies) {
    this.#dependencies = dependencies;
  }

  /** Learns the engine's flags, plans the launch of a record, and checks on the disk that everything it needs exists. */
  async look(record: InstanceRecord): Promise<LaunchOutlook> {
    await this.#dependencies.engines.find(record.settings.engine)?.learn(record.settings);
    return this.foresee(record);
  }

  /** Like {@link look}, but with the flags learnt so far: runs no program. */
  async foresee(record: InstanceRecord): Promise<LaunchOutlook> {
    const { engines } = this.#dependencies;
    const { engine } = record.settings;
    const adapter = engines.find(engine);
    if (adapter === null) {
      return { plan: null, obstacle: { code: 'VALIDATION_ERROR', message: unknownEngine(engines, engine).message } };
    }
    const plan = adapter.plan(record);
    return { plan, obstacle: await adapter.preflight(record, plan) };
  }

  /**
   * Checks that `record` can be launched as the next run of the mailbox.
   *
   * @param handedOver Ports that other engines of llamactl use now and leave before the launch.
   * @throws {ApiError} the reason why it cannot be launched
   */
  async assertStartable(
    mailbox: Mailbox,
    record: InstanceRecord,
    handedOver: ReadonlySet<number> = new Set(),
  ): Promise<void> {
    const { plan, obstacle } = await this.look(record);
    if (plan === null) throw unknownEngine(this.#dependencies.engines, record.settings.engine);
    if (obstacle !== null) throw new ApiError(obstacle.code, obstacle.message);
    // If llamactl chose the port and it is taken, the launch chooses another.
    if (!record.portAssigned && !handedOver.has(record.port)) await this.#assertPortFree(mailbox, record);
    // A working engine is not ended for a restart that can never fit. Other starts learn their need next.
    const shortage = isUp(mailbox.state) ? ((await this.#dependencies.memory?.foresee(record)) ?? null) : null;
    if (shortage !== null) throw noRoom(record.name, shortage, 409);
  }

  /**
   * Why a start would be refused, as far as this can be known without running a program or binding a port; `null`: no
   * obstacle. For a running instance: why it could not start again. The result holds nothing that a reader of the instance may not see. Waits for reads of the disk.
   */
  async obstacle(mailbox: Mailbox): Promise<StartObstacle | null> {
    const { record, state } = mailbox;
    // After a change, a start or a hand-over the result is out of date.
    const isPast = (): boolean => mailbox.record !== record || mailbox.state !== state || mailbox.isSealed;
    const { plan, obstacle } = await this.foresee(record);
    if (isPast()) return null;
    if (obstacle !== null) {
      const { code, message } = obstacle;
      return { code, message: plan === null ? message : withoutFolder(message, plan.command) };
    }
    // A running engine has its port itself.
    if (state.status === 'running') return null;
    const taken = await this.takenPort(record);
    return taken === null || isPast() ? null : { code: 'PORT_IN_USE', message: taken };
  }

  /** Why the fixed port of a record that does not run is not free, as a sentence; `null`: it is, or llamactl chooses one. */
  async takenPort(record: InstanceRecord): Promise<string | null> {
    const { listeningPorts, references, registry } = this.#dependencies;
    const { id, port } = record;
    if (record.portAssigned || registry.leaving(port, id) !== null) return null;
    // Read who owns the socket. Binding the port to test it could take it from a start.
    if ((await listeningPorts.ownsPort(references.of(id, NO_RUN), port)) !== 'foreign') return null;
    const holder = await listeningPorts.portHolder(port);
    return holder === null ? null : portInUse(record, holder.description);
  }

  async #assertPortFree(mailbox: Mailbox, record: InstanceRecord): Promise<void> {
    const message = await this.#portProblem(mailbox, record);
    if (message === null) return;
    this.#dependencies.alerts.raise({
      level: 'error',
      code: PORT_CLASH,
      message,
      instance: record.name,
      cause: 'port_in_use',
    });
    throw new ApiError('PORT_IN_USE', message);
  }

  /** A sentence that names the process on the instance's port; `null`: the port is free, or will be in time. */
  async #portProblem(mailbox: Mailbox, record: InstanceRecord): Promise<string | null> {
    const { id, port } = record;
    const { listeningPorts, references, registry } = this.#dependencies;
    // Read the run first: if it ends during the look-up, it may be the run that held the port.
    const run = currentRun(mailbox.state);
    const holder = await listeningPorts.portHolder(port);
    if (holder === null) return null;
    // The next server may have started the engine of this instance.
    if (mailbox.isSealed) throw new Sealed();
    if (run?.launch?.plan.port === port) {
      const owner = await listeningPorts.ownsPort(references.of(id, run.launch), port);
      if (owner !== 'foreign') return null;
      if (mailbox.isSealed) throw new Sealed();
    }
    // The launch waits until that engine has left the port.
    if (registry.leaving(port, id) !== null) return null;
    return portInUse(record, holder.description);
  }
}

/** Says that a program has the port of an instance. */
export function portInUse({ name, port }: Pick<InstanceRecord, 'name' | 'port'>, holder: string): string {
  return `Port ${port} is in use by ${holder}; end it, or give ${name} another port.`;
}

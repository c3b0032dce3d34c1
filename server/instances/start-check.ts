import { ApiError } from '@llamactl/contract/errors';
import type { StartObstacle } from '@llamactl/contract/health';
import { PORT_CLASH } from './alert-codes.ts';
import { type Mailbox, Sealed } from './life/mailbox.ts';
import type { AlertSink, EngineAdapter, Engines, InstanceRecord, Supervisor } from './ports.ts';
import type { Registry } from './registry.ts';
import type { RunReferences } from './run-references.ts';
import { adapterFor } from './settings/settings.ts';
import { currentRun } from './life/transitions.ts';

export interface StartCheckDependencies {
  engines: Engines;
  supervisor: Pick<Supervisor, 'portHolder' | 'ownsPort'>;
  registry: Pick<Registry, 'leaving'>;
  references: RunReferences;
  alerts: Pick<AlertSink, 'raise'>;
}

const NO_PORTS: ReadonlySet<number> = new Set();
/** Placeholder for an instance without a run: no process carries this tag. */
const NO_RUN = { nonce: 'none' };

/** Refuses starts that cannot succeed, before they are accepted. The launch repeats every check. */
export class StartCheck {
  readonly #dependencies: StartCheckDependencies;

  constructor(dependencies: StartCheckDependencies) {
    this.#dependencies = dependencies;
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
    handedOver: ReadonlySet<number> = NO_PORTS,
  ): Promise<void> {
    const adapter = adapterFor(this.#dependencies.engines, record.settings.engine);
    await adapter.learn(record.settings);
    const problem = await adapter.preflight(record, adapter.plan(record));
    if (problem !== null) throw new ApiError(problem.code, problem.message);
    // If llamactl chose the port and it is taken, the launch chooses another.
    if (!record.portAssigned && !handedOver.has(record.port)) await this.#assertPortFree(mailbox, record);
  }

  /**
   * Why a start would be refused, as far as this can be known without running a program or binding a port; `null`: no
   * obstacle. The result holds nothing that a reader of the instance may not see. Takes as long as the disk.
   */
  async look(mailbox: Mailbox): Promise<StartObstacle | null> {
    const { record, state } = mailbox;
    // After a change, a start or a hand-over the result is out of date.
    const isPast = (): boolean => mailbox.record !== record || mailbox.state !== state || mailbox.isSealed;
    const obstacle = await this.#obstacle(record, isPast);
    return isPast() ? null : obstacle;
  }

  async #obstacle(record: InstanceRecord, isPast: () => boolean): Promise<StartObstacle | null> {
    const { supervisor, references, registry } = this.#dependencies;
    const { id, port } = record;
    const adapter = this.#adapterOrProblem(record);
    if ('code' in adapter) return adapter;
    const plan = adapter.plan(record);
    const problem = await adapter.preflight(record, plan);
    if (problem !== null) return { code: problem.code, message: withoutFolder(problem.message, plan.command) };
    if (record.portAssigned || registry.leaving(port, id) !== null) return null;
    // Read who owns the socket. Binding the port to test it could take it from a start.
    if ((await supervisor.ownsPort(references.of(id, NO_RUN), port)) !== 'foreign' || isPast()) return null;
    const holder = await supervisor.portHolder(port);
    return holder === null ? null : { code: 'PORT_IN_USE', message: portInUse(record, holder.description) };
  }

  #adapterOrProblem({ settings }: InstanceRecord): EngineAdapter | StartObstacle {
    try {
      return adapterFor(this.#dependencies.engines, settings.engine);
    } catch (error) {
      // The configuration no longer has this engine.
      if (error instanceof ApiError && error.code === 'VALIDATION_ERROR')
        return { code: error.code, message: error.message };
      throw error;
    }
  }

  async #assertPortFree(mailbox: Mailbox, record: InstanceRecord): Promise<void> {
    const message = await this.#portProblem(mailbox, record);
    if (message === null) return;
    this.#dependencies.alerts.raise({ level: 'error', code: PORT_CLASH, message, instance: record.name });
    throw new ApiError('PORT_IN_USE', message);
  }

  /** A sentence that names the process on the instance's port; `null`: the port is free, or will be in time. */
  async #portProblem(mailbox: Mailbox, record: InstanceRecord): Promise<string | null> {
    const { id, port } = record;
    const { supervisor, references, registry } = this.#dependencies;
    // Read the run first: if it ends during the look-up, it may be the run that held the port.
    const run = currentRun(mailbox.state);
    const holder = await supervisor.portHolder(port);
    if (holder === null) return null;
    // The next server may have started the engine of this instance.
    if (mailbox.isSealed) throw new Sealed();
    if (run?.launch?.plan.port === port) {
      const owner = await supervisor.ownsPort(references.of(id, run.launch), port);
      if (owner !== 'foreign') return null;
      if (mailbox.isSealed) throw new Sealed();
    }
    // The launch waits until that engine has left the port.
    if (registry.leaving(port, id) !== null) return null;
    return portInUse(record, holder.description);
  }
}

function portInUse({ name, port }: InstanceRecord, holder: string): string {
  return `Port ${port} is in use by ${holder}; end it, or give ${name} another port.`;
}

/**
 * Removes the folder of a program from a message about it. It comes from the environment of the server or the instance,
 * which not every reader may see.
 */
function withoutFolder(message: string, command: string): string {
  if (command.includes('/')) return message;
  const end = message.startsWith('/') ? message.indexOf(`/${command} `) : -1;
  return end === -1 ? message : message.replaceAll(message.slice(0, end + 1 + command.length), command);
}

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
/** Stands for a run where there is none: no process carries its mark. */
const NO_RUN = { nonce: 'none' };

/** Refuses a start that cannot succeed while it can still be refused. All of it is checked again when it launches. */
export class StartCheck {
  readonly #dependencies: StartCheckDependencies;

  constructor(dependencies: StartCheckDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Throws why `record` could not be launched as the next run of the mailbox.
   *
   * @param handedOver Ports that others of our engines have now and will have left by then.
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
    // A port of ours to choose is chosen anew where it is taken.
    if (!record.portAssigned && !handedOver.has(record.port)) await this.#assertPortFree(mailbox, record);
  }

  /**
   * What a start would be refused for, as far as can be seen without running or taking anything; `null`: nothing. Whoever
   * may read anything may be told. It takes as long as the disk.
   */
  async look(mailbox: Mailbox): Promise<StartObstacle | null> {
    const { record, state } = mailbox;
    // What was changed, started or handed over meanwhile is not what was looked at.
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
    if (problem !== null) return { code: problem.code, message: withoutSearchPath(problem.message, plan.command) };
    if (record.portAssigned || registry.leaving(port, id) !== null) return null;
    // Whose socket it is can be read; whether a port is free is seen by taking it, and it would be taken from a start.
    if ((await supervisor.ownsPort(references.of(id, NO_RUN), port)) !== 'foreign' || isPast()) return null;
    const holder = await supervisor.portHolder(port);
    return holder === null ? null : { code: 'PORT_IN_USE', message: portInUse(record, holder.description) };
  }

  #adapterOrProblem({ settings }: InstanceRecord): EngineAdapter | StartObstacle {
    try {
      return adapterFor(this.#dependencies.engines, settings.engine);
    } catch (error) {
      // The configuration has it no more.
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

  /** Who has the port that the instance needs, in a sentence; `null`: nobody who is in the way. */
  async #portProblem(mailbox: Mailbox, record: InstanceRecord): Promise<string | null> {
    const { id, port } = record;
    const { supervisor, references, registry } = this.#dependencies;
    // The run of this moment: it may end while the port is looked at, and then was what held it.
    const run = currentRun(mailbox.state);
    const holder = await supervisor.portHolder(port);
    if (holder === null) return null;
    // It may be the engine of this very instance, started by whoever has taken it up.
    if (mailbox.isSealed) throw new Sealed();
    if (run?.launch?.plan.port === port) {
      const owner = await supervisor.ownsPort(references.of(id, run.launch), port);
      if (owner !== 'foreign') return null;
      if (mailbox.isSealed) throw new Sealed();
    }
    // The launch waits for that engine to be gone.
    if (registry.leaving(port, id) !== null) return null;
    return portInUse(record, holder.description);
  }
}

function portInUse({ name, port }: InstanceRecord, holder: string): string {
  return `Port ${port} is in use by ${holder}; end it, or give ${name} another port.`;
}

/**
 * What is said of a program, without the folders that it was looked for in: they come from the environment of the server,
 * or of the instance, whose values are for those who set them.
 */
function withoutSearchPath(message: string, command: string): string {
  if (command.includes('/')) return message;
  const shortened = message.replace(/ on the PATH \(.*\)/s, ' on the PATH');
  const end = shortened.startsWith('/') ? shortened.indexOf(`/${command} `) : -1;
  return end === -1 ? shortened : shortened.replaceAll(shortened.slice(0, end + 1 + command.length), command);
}

import { ApiError } from '@llamactl/contract/errors';
import type { StartObstacle } from '@llamactl/contract/health';
import { PORT_CLASH } from './alert-codes.ts';
import { type Mailbox, Sealed } from './mailbox.ts';
import type { AlertSink, Engines, InstanceRecord, Supervisor } from './ports.ts';
import type { Registry } from './registry.ts';
import type { RunReferences } from './run-references.ts';
import { adapterFor } from './settings.ts';
import { currentRun } from './transitions.ts';

export interface StartCheckDependencies {
  engines: Engines;
  supervisor: Pick<Supervisor, 'portHolder' | 'ownsPort'>;
  registry: Pick<Registry, 'leaving'>;
  references: RunReferences;
  alerts: Pick<AlertSink, 'raise'>;
}

const NO_PORTS: ReadonlySet<number> = new Set();

/** Refuses a start that cannot succeed while it can still be refused. All of it is checked again when it launches. */
export class StartCheck {
  readonly #with: StartCheckDependencies;

  constructor(dependencies: StartCheckDependencies) {
    this.#with = dependencies;
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
    const adapter = adapterFor(this.#with.engines, record.settings.engine);
    await adapter.learn(record.settings);
    const problem = await adapter.preflight(record, adapter.plan(record));
    if (problem !== null) throw new ApiError(problem.code, problem.message);
    // A port of ours to choose is chosen anew where it is taken.
    if (!record.portAssigned && !handedOver.has(record.port)) await this.#assertPortFree(mailbox, record);
  }

  /** What a start would be refused for, as far as can be seen without running anything; `null`: nothing. */
  async look(mailbox: Mailbox): Promise<StartObstacle | null> {
    const { record } = mailbox;
    try {
      const adapter = adapterFor(this.#with.engines, record.settings.engine);
      const problem = await adapter.preflight(record, adapter.plan(record));
      if (problem !== null || record.portAssigned) return problem;
      const message = await this.#portProblem(mailbox, record);
      return message === null ? null : { code: 'PORT_IN_USE', message };
    } catch (error) {
      // The configuration has this engine no more.
      if (error instanceof ApiError) return { code: 'ENGINE_NOT_FOUND', message: error.message };
      // Another server has taken it up, and starts it.
      if (error instanceof Sealed) return null;
      throw error;
    }
  }

  async #assertPortFree(mailbox: Mailbox, record: InstanceRecord): Promise<void> {
    const message = await this.#portProblem(mailbox, record);
    if (message === null) return;
    this.#with.alerts.raise({ level: 'error', code: PORT_CLASH, message, instance: record.name });
    throw new ApiError('PORT_IN_USE', message);
  }

  /** Who has the port that the instance needs, in a sentence; `null`: nobody who is in the way. */
  async #portProblem(mailbox: Mailbox, { id, name, port }: InstanceRecord): Promise<string | null> {
    const { supervisor, references, registry } = this.#with;
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
    return `Port ${port} is in use by ${holder.description}; end it, or give ${name} another port.`;
  }
}

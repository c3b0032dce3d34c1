import { ApiError } from '@llamactl/contract/errors';
import type { HealthProbe } from './health-probe.ts';
import type { LeaseBook } from './lease-book.ts';
import type { Mailbox } from './mailbox.ts';
import { GRACE_MS, patience } from './patience.ts';
import type { Clock, EventSink, InstanceStore, RunLogs, Supervisor } from './ports.ts';
import { stillRunning } from './refusals.ts';
import { currentRun } from './transitions.ts';
import type { Registry } from './registry.ts';
import type { RunReferences } from './run-references.ts';

export interface RemovalDependencies {
  clock: Clock;
  store: Pick<InstanceStore, 'remove'>;
  events: EventSink;
  supervisor: Pick<Supervisor, 'discard'>;
  logs: Pick<RunLogs, 'forget'>;
  registry: Registry;
  references: RunReferences;
  leases: LeaseBook;
  healthProbe: HealthProbe;
  onFault: (error: unknown, what: string) => void;
}

/** Deletes instances. Parallel deletes of one instance are one deletion, and all of them succeed. */
export class Removals {
  readonly #with: RemovalDependencies;
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(dependencies: RemovalDependencies) {
    this.#with = dependencies;
  }

  /** Waits for a stop under way, at most its remaining time and ten seconds, or until a start comes in. */
  async remove(mailbox: Mailbox, signal?: AbortSignal): Promise<void> {
    for (;;) {
      const { id } = mailbox.record;
      const underWay = this.#underWay.get(id);
      if (underWay !== undefined || mailbox.isClosed) return underWay;
      const { reply } = mailbox.post({ type: 'delete', at: this.#with.clock.now() });
      if (reply.kind === 'gone') return this.#erase(mailbox);
      if (reply.kind !== 'wait') throw stillRunning(mailbox);
      await this.untilEnded(mailbox, signal);
    }
  }

  /** Waits for a stop under way as {@link remove} does, and removes nothing. Throws that it has not ended. */
  async untilEnded(mailbox: Mailbox, signal?: AbortSignal): Promise<void> {
    const { state, record } = mailbox;
    if (state.status !== 'stopping') return;
    const waiting = patience(this.#with.clock, state.ending.deadline + GRACE_MS, signal);
    try {
      await mailbox.until(({ status }) => status !== 'stopping', waiting.signal);
    } catch (error) {
      if (signal?.aborted === true) throw error;
      const pid = currentRun(mailbox.state)?.identity?.pid ?? 'unknown';
      throw new ApiError(
        'INSTANCE_RUNNING',
        `${record.name} is still stopping: process ${pid} has not ended; try again later, or stop it with force.`,
      );
    } finally {
      waiting.cancel();
    }
  }

  #erase(mailbox: Mailbox): Promise<void> {
    const { id } = mailbox.record;
    const removal = this.#eraseFiles(mailbox).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, removal);
    return removal;
  }

  /** The name is free again only when nothing is left that a new instance of that name could inherit. */
  async #eraseFiles(mailbox: Mailbox): Promise<void> {
    const { store, supervisor, logs, references, registry, leases, healthProbe, events, onFault } = this.#with;
    const { id, name } = mailbox.record;
    const bequeathed = await mailbox.bequeath();
    const deleted = events.keep({ type: 'instance_deleted', data: { name } }, id);
    try {
      await store.remove(id, [...bequeathed, deleted]);
    } catch (error) {
      events.discard(deleted);
      mailbox.reopen(bequeathed);
      throw error;
    }
    try {
      logs.forget(references.log(mailbox.record));
      // Folders are named by id: what cannot be removed now is inherited by nobody, and goes at the next boot.
      await supervisor.discard(references.folder(id)).catch((error: unknown) => onFault(error, `the files of ${name}`));
      leases.forget(id);
      healthProbe.forget(id);
      registry.drop(mailbox);
    } finally {
      events.publish(deleted);
    }
  }
}

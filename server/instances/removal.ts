import { ApiError } from '@llamactl/contract/errors';
import type { HealthReports } from './run/health-report.ts';
import type { InstanceRows } from './instance-rows.ts';
import type { LoadWatch } from './run/load-watch.ts';
import type { RefusedStarts } from './refused-starts.ts';
import type { TriedChanges } from './why/tried-changes.ts';
import type { LeaseBook } from './slots/lease-book.ts';
import type { Mailbox } from './life/mailbox.ts';
import { momentOf, type Clock } from './ports/time.ts';
import { GRACE_MS, deadlineSignal } from './life/deadline-signal.ts';
import type { Contexts } from './ports/contexts.ts';
import type { RunFolders } from './ports/folders.ts';
import type { EventSink } from './ports/event-sink.ts';
import type { InstanceStore } from './ports/instance-store.ts';
import type { RunLogs } from './ports/run-output.ts';
import { stillRunning } from './refusals.ts';
import { currentRun } from './life/transitions.ts';
import type { Registry } from './registry.ts';
import type { RunReferences } from './run-references.ts';
import type { RemoveOptions } from './use-cases.ts';

export interface RemovalDependencies {
  clock: Clock;
  store: Pick<InstanceStore, 'remove'>;
  events: EventSink;
  runFolders: Pick<RunFolders, 'discard'>;
  logs: Pick<RunLogs, 'forget'>;
  registry: Registry;
  references: RunReferences;
  leases: LeaseBook;
  contexts: Pick<Contexts, 'forget'>;
  healthReports: HealthReports;
  rows: Pick<InstanceRows, 'forget'>;
  loads: Pick<LoadWatch, 'forget'>;
  tried: Pick<TriedChanges, 'forget'>;
  refusedStarts: Pick<RefusedStarts, 'forget'>;
  onFault: (error: unknown, what: string) => void;
}

/** A removal that is stored. Files of the instance may still exist. */
export interface Removed {
  /** Resolves when the files are gone or cannot be removed now; a later boot removes the rest. Never rejects. */
  erased: Promise<void>;
}

const NOTHING_LEFT: Removed = { erased: Promise.resolve() };

/**
 * Deletes instances. Parallel deletes of one instance are one deletion, and all of them succeed.
 *
 * A deletion is complete when it is stored. Erasing files may take long (logs of many gigabytes) and continues in the
 * background; after a crash or a hand-over the next server continues it. Folders are named by id, so a new instance of the
 * same name has other folders.
 */
export class Removals {
  readonly #dependencies: RemovalDependencies;
  /** Removals by instance id, until they are stored. */
  readonly #underWay = new Map<string, Promise<Removed>>();
  /** The newest removal of each name, while its files are being erased. */
  readonly #erasing = new Map<string, Removed>();

  constructor(dependencies: RemovalDependencies) {
    this.#dependencies = dependencies;
  }

  /** The last removed instance of this name while its files are being erased; otherwise `null`. */
  erasing(name: string): Removed | null {
    return this.#erasing.get(name.toLowerCase()) ?? null;
  }

  /**
   * Resolves when the removal is stored. Waits for a stop under way, for its remaining time plus ten seconds at most, or
   * until a start arrives.
   */
  async remove(mailbox: Mailbox, { by, signal }: RemoveOptions = {}): Promise<Removed> {
    for (;;) {
      const { id, name } = mailbox.record;
      const underWay = this.#underWay.get(id);
      if (underWay !== undefined) return underWay;
      if (mailbox.isClosed) return this.erasing(name) ?? NOTHING_LEFT;
      const { reply } = mailbox.post({ type: 'delete', ...momentOf(this.#dependencies.clock) });
      if (reply.kind === 'gone') return this.#removeClosed(mailbox, by);
      if (reply.kind !== 'wait') throw stillRunning(mailbox);
      await this.untilEnded(mailbox, signal);
    }
  }

  /** Waits for a stop under way as {@link remove} does. @throws {ApiError} the engine has not ended in time */
  async untilEnded(mailbox: Mailbox, signal?: AbortSignal): Promise<void> {
    const { state, record } = mailbox;
    if (state.status !== 'stopping') return;
    const waiting = deadlineSignal(this.#dependencies.clock, state.ending.deadline + GRACE_MS, signal);
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

  #removeClosed(mailbox: Mailbox, by: string | undefined): Promise<Removed> {
    const { id } = mailbox.record;
    const removal = this.#store(mailbox, by).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, removal);
    return removal;
  }

  async #store(mailbox: Mailbox, by: string | undefined): Promise<Removed> {
    const { store, logs, references, registry, leases, contexts, healthReports, rows, loads, tried, refusedStarts } =
      this.#dependencies;
    const { events } = this.#dependencies;
    const { id, name } = mailbox.record;
    const unstoredEvents = await mailbox.takeUnstoredEvents();
    const deleted = events.keep({ type: 'instance_deleted', data: { name, caller: by } }, id);
    try {
      await store.remove(id, [...unstoredEvents, deleted]);
    } catch (error) {
      events.discard(deleted);
      mailbox.reopen(unstoredEvents);
      throw error;
    }
    try {
      logs.forget(references.log(mailbox.record));
      leases.forget(id);
      void contexts.forget(id);
      healthReports.forget(id);
      rows.forget(id);
      loads.forget(id);
      tried.forget(id);
      refusedStarts.forget(id);
      registry.drop(mailbox);
    } finally {
      events.publish(deleted);
    }
    return this.#erase(mailbox);
  }

  #erase({ record: { id, name } }: Mailbox): Removed {
    const { runFolders, references, onFault } = this.#dependencies;
    const key = name.toLowerCase();
    const erased = runFolders
      .discard(references.folder(id))
      .catch((error: unknown) => onFault(error, `the files of ${name}`))
      .finally(() => {
        if (this.#erasing.get(key) === removed) this.#erasing.delete(key);
      });
    const removed: Removed = { erased };
    this.#erasing.set(key, removed);
    return removed;
  }
}

/** Waits until the files of stored removals are erased, or until `signal` aborts. Another server may erase the rest. */
export function untilErased(removals: readonly Removed[], signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    void Promise.all(removals.map(({ erased }) => erased)).then(() => resolve());
    signal?.addEventListener('abort', () => resolve(), { once: true });
    if (signal?.aborted === true) resolve();
  });
}

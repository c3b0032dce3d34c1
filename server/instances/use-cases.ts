import type { AuditChange } from '@llamactl/contract/auth';
import type { Health } from '@llamactl/contract/health';
import type {
  Batch,
  CreateInstance,
  Instance,
  InstanceSummary,
  Status,
  UpdateInstance,
} from '@llamactl/contract/instance';
import type { Preview } from '@llamactl/contract/instance-edit';
import type { Applied, Fleet, FleetStep } from '@llamactl/contract/fleet';
import type { LogItem, Logs } from '@llamactl/contract/logs';
import type { Stats } from '@llamactl/contract/stats';
import type { Lease, LeaseRequest } from './slots/leases.ts';
import type { TriedChange } from './why/tried-changes.ts';
import type { LogQuery } from './ports/run-output.ts';

/** Reasons with which a use case fails while another server takes over. */
export { Sealed } from './life/mailbox.ts';
export { StoreClosed } from './ports/instance-store.ts';

/** Stands for the name of an instance that a caller may not see. */
export const HIDDEN_INSTANCE = 'another instance';

/** How a stop treats requests in flight. */
export interface StopOptions {
  /** Whether to send SIGKILL at once. */
  force?: boolean | undefined;
  /** Seconds that requests in flight may take; default `instances.stop_timeout`. */
  timeout?: number | undefined;
}

/** Whether a command answers at once or waits for its outcome. */
export interface WaitOptions {
  wait?: boolean | undefined;
  /** Aborts the waiting, not the command. */
  signal?: AbortSignal | undefined;
  /**
   * Whether the previous server has begun the command. If so, this server only waits for its outcome, and ignores later
   * commands.
   */
  isBegun?: boolean | undefined;
  /** Subject of the caller, for the event about the change; absent: unknown. */
  by?: string | undefined;
}

/** How an instance is removed. */
export type RemoveOptions = Pick<WaitOptions, 'by' | 'signal'>;

/** Abort reason of a wait that the next server continues. */
export class Moved extends Error {
  override readonly name = 'Moved';
}

/** A run that has a process. */
export interface LiveRun {
  /** Name of its instance. */
  name: string;
  /** Counts the instance's runs. */
  run: number;
  /** The resources that it uses now; `null`: the engine is dead. */
  stats(): Stats | null;
}

/** How an update is made. */
export interface UpdateOptions extends Pick<WaitOptions, 'by'> {
  /** Value of `If-Match`: an entity tag, a list of them or `*`. */
  ifMatch?: string | undefined;
  /** Whether to restart the engine after the write. */
  restart: boolean;
}

/** The result of a create or an update. */
export interface Written {
  instance: Instance;
  /** The tag of the written version; the instance may have been changed or deleted since. */
  entityTag: string;
  warnings: string[];
  /** Old and new values of what an update or a rename changed, for the audit trail. Only the environment is masked. */
  changes: AuditChange[];
}

/** An instance as it would be after an edit that was not made. */
export interface Previewed {
  instance: Instance;
  preview: Omit<Preview, 'estimate'>;
}

/**
 * The use cases of instances. Errors that a caller may read are thrown as `ApiError`. Names are matched without regard to
 * case.
 */
export interface InstanceManager {
  /** The internal id of the instance with this name, else with this exact alias; `null`: no such instance. */
  idOf(nameOrAlias: string): string | null;
  /** The name of the instance with this id; `null`: it does not exist or was deleted. */
  nameOf(id: string): string | null;
  /** Lists instances from memory, oldest first. */
  list(status?: Status): InstanceSummary[];
  get(name: string): Instance;
  /** The strong entity tag of an instance's settings, quotes included. */
  entityTag(name: string): string;
  /** @param by Subject of the caller; also below. `undefined`: unknown */
  create(body: CreateInstance, by?: string): Promise<Written>;
  /** Foresees {@link create}; changes nothing. */
  previewCreate(body: CreateInstance): Promise<Previewed>;
  /** Foresees {@link update}; changes nothing. @throws {ApiError} `INSTANCE_NOT_FOUND`, `PRECONDITION_FAILED` */
  previewUpdate(name: string, patch: UpdateInstance, options: Omit<UpdateOptions, 'by'>): Promise<Previewed>;
  update(name: string, patch: UpdateInstance, options: UpdateOptions): Promise<Written>;
  /**
   * Gives an instance another name, in any state, without touching its engine. Resolves when the new name is stored.
   */
  rename(name: string, newName: string, by?: string): Promise<Written>;
  remove(name: string, options?: RemoveOptions): Promise<void>;
  /** Resolves to the status entered; with `wait`, resolves to `running` or rejects with the reason. */
  start(name: string, options?: WaitOptions): Promise<Status>;
  stop(name: string, options?: StopOptions & WaitOptions): Promise<Status>;
  restart(name: string, options?: StopOptions & WaitOptions): Promise<Status>;
  health(name: string): Promise<Health>;
  /** Changes of its settings with which the instance failed again, for the same cause. */
  triedChanges(name: string): readonly TriedChange[];
  startAll(names?: readonly string[], by?: string): Promise<Batch['results']>;
  stopAll(names?: readonly string[], by?: string): Promise<Batch['results']>;
  /** Restarts each of these instances; starts stopped ones. */
  restartAll(names: readonly string[], by?: string): Promise<Batch['results']>;
  /** Deletes each of these instances that does not run. Its status is then `null`. */
  removeAll(names: readonly string[], options?: RemoveOptions): Promise<Batch['results']>;
  logs(name: string, query: LogQuery): Promise<Logs>;
  /** Throws at once if the instance does not exist; ends when it is deleted. */
  followLogs(name: string, query: LogQuery, signal: AbortSignal): AsyncIterable<readonly LogItem[]>;
  /** All runs that have a process now. */
  liveRuns(): LiveRun[];
  /**
   * Gives a request its lease, the only way to an engine. Starts a stopped instance. Waits for a start, a slot, or the
   * request's turn until the caller aborts. Throws:
   *
   * - `INSTANCE_NOT_FOUND`;
   * - `INSTANCE_NOT_RUNNING`: this request may not start it, or a recent start failed;
   * - `START_FAILED`: the start that the request waited for failed; both have the `reason` if it is known;
   * - `RATE_LIMITED`: too many requests wait for their turn;
   * - `CAPACITY_EXCEEDED` (503): too many requests wait for a slot, or all slots are pinned;
   * - `SHUTTING_DOWN`: the request would have to wait.
   *
   * The headers have `Retry-After` if the same request may succeed later.
   */
  acquire(request: LeaseRequest): Promise<Lease>;
}

/** How a fleet document is applied. */
export interface ApplyOptions {
  /** Whether to remove the instances that the document does not name, after stopping those that run. */
  prune: boolean;
  /** Whether to change nothing, and only return the planned steps. */
  dryRun: boolean;
  /** Aborts the waiting, not the work. */
  signal?: AbortSignal | undefined;
  /** Subject of the caller; absent: unknown. */
  by?: string | undefined;
  /**
   * Called with the results once all is done, also if the caller has left. Not called for a dry run or a refusal.
   *
   * @param changes Old and new values of each updated instance, by name, as in {@link Written}.
   */
  onApplied?:
    | ((results: readonly FleetStep[], changes: ReadonlyMap<string, readonly AuditChange[]>) => void)
    | undefined;
}

/** Exports and applies all instances as one document. */
export interface FleetManager {
  /**
   * All instances, oldest first, with the values of their environments. Applying the result changes nothing. An instance that
   * has not changed is the same object as before.
   *
   * @param names Only these instances, in any case.
   * @throws {ApiError} `INSTANCE_NOT_FOUND`
   */
  export(names?: readonly string[]): Fleet;
  /**
   * Changes the instances to match the document. First checks everything: one error lists all problems, and nothing is
   * changed. Later a step that fails does not stop the others; its result has the `error`.
   *
   * Each step compares the document with the state at that moment. It reverts changes that others made meanwhile, and
   * lists them in its `changes`.
   */
  apply(fleet: Fleet, options: ApplyOptions): Promise<Applied>;
}

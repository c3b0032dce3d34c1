import type { Health } from '@llamactl/contract/health';
import type {
  Batch,
  CreateInstance,
  Instance,
  InstanceSummary,
  Status,
  UpdateInstance,
} from '@llamactl/contract/instance';
import type { Applied, Fleet } from '@llamactl/contract/fleet';
import type { LogItem, Logs } from '@llamactl/contract/logs';
import type { Lease, LeaseRequest } from './slots/leases.ts';
import type { LogQuery, RunReference } from './ports.ts';

/** How a stop treats requests in flight. */
export interface StopOptions {
  /** SIGKILL at once. */
  force?: boolean | undefined;
  /** Seconds that requests in flight may take; default `instances.stop_timeout`. */
  timeout?: number | undefined;
}

/** Whether a command answers at once or when its outcome is there. */
export interface WaitOptions {
  wait?: boolean | undefined;
  /** Ends the waiting, not the command. */
  signal?: AbortSignal | undefined;
  /** The server before this one has done it: only the outcome is waited for, whatever was commanded since. */
  isBegun?: boolean | undefined;
}

/** A run that has a process. */
export interface LiveRun {
  /** Of its instance. */
  name: string;
  run: RunReference;
}

/** What a create or an update made. */
export interface Written {
  instance: Instance;
  /** Of what was written; by the time it is read there may be another, or none. */
  entityTag: string;
  warnings: string[];
}

/**
 * What can be done with instances: the use cases. Everything that a caller may read is thrown as an `ApiError`.
 * Names are found without regard to case.
 */
export interface InstanceManager {
  /** The internal id of what has this name, else of what has this very alias; `null`: nothing has. */
  idOf(nameOrAlias: string): string | null;
  /** `null`: there is none of this id, or none any more. */
  nameOf(id: string): string | null;
  /** Oldest first, from memory. */
  list(status?: Status): InstanceSummary[];
  get(name: string): Instance;
  /** The strong entity tag of an instance's settings, quotes included. */
  entityTag(name: string): string;
  create(body: CreateInstance): Promise<Written>;
  /** @param options.ifMatch Value of `If-Match`: an entity tag, a list of them or `*`. */
  update(
    name: string,
    patch: UpdateInstance,
    options: { ifMatch?: string | undefined; restart: boolean },
  ): Promise<Written>;
  remove(name: string, signal?: AbortSignal): Promise<void>;
  /** Resolves to the state entered; with `wait`, to `running` or an error with the reason. */
  start(name: string, options?: WaitOptions): Promise<Status>;
  stop(name: string, options?: StopOptions & WaitOptions): Promise<Status>;
  restart(name: string, options?: StopOptions & WaitOptions): Promise<Status>;
  health(name: string): Promise<Health>;
  startAll(names?: readonly string[]): Promise<Batch['results']>;
  stopAll(names?: readonly string[]): Promise<Batch['results']>;
  logs(name: string, query: LogQuery): Promise<Logs>;
  /** Throws at once when there is no such instance; ends when it is deleted. */
  followLogs(name: string, query: LogQuery, signal: AbortSignal): AsyncIterable<readonly LogItem[]>;
  /** The runs of this moment that have a process. */
  liveRuns(): LiveRun[];
  /**
   * The only way to an engine. Starts what is stopped, and waits for a start, a slot, or the request's turn, as long as
   * the caller likes. Throws:
   *
   * - `INSTANCE_NOT_FOUND`;
   * - `INSTANCE_NOT_RUNNING`: it is not started for this request, or was not lately because that failed;
   * - `START_FAILED`: the start that was waited for failed; both with the `reason` where there is one;
   * - `RATE_LIMITED`: too many wait for their turn;
   * - `CAPACITY_EXCEEDED` (503): too many wait for a slot, or all slots are pinned;
   * - `SHUTTING_DOWN`: it would have to wait.
   *
   * `Retry-After` is among the headers where the same request may succeed later.
   */
  acquire(request: LeaseRequest): Promise<Lease>;
}

/** How a document is made true. */
export interface ApplyOptions {
  /** Removes the instances that the document does not name; one that runs is stopped first. */
  prune: boolean;
  /** Changes nothing; answers what would be done. */
  dryRun: boolean;
  /** Ends the waiting, not the work. */
  signal?: AbortSignal | undefined;
}

/** All instances as one document. */
export interface FleetManager {
  /** Oldest first, values of environments included. Applied again it changes nothing. */
  export(): Fleet;
  /**
   * Makes the instances be as the document says. Everything is judged first, and one error tells every problem; then
   * nothing was changed. Later one step that fails does not stop the others: its result has the `error`.
   *
   * Each step is decided on the state of the moment in which it is made. What somebody else changed meanwhile is brought
   * back to what the document says, and stands among the step's `changes`.
   */
  apply(fleet: Fleet, options: ApplyOptions): Promise<Applied>;
}

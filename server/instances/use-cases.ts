import type {
  Batch,
  CreateInstance,
  Health,
  Instance,
  InstanceSummary,
  Status,
  UpdateInstance,
} from '@llamactl/contract/instance';
import type { Lease, LeaseRequest } from './leases.ts';

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
  /** The only way to an engine. Throws `INSTANCE_NOT_FOUND` or `INSTANCE_NOT_RUNNING` (with the reason). */
  acquire(request: LeaseRequest): Promise<Lease>;
}

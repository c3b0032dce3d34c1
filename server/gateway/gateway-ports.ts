import type { ApiError } from '@llamactl/contract/errors';
import type { Status } from '@llamactl/contract/instance';
import type { Lease, LeaseRequest } from '../instances/slots/leases.ts';
import type { Clock } from '../instances/ports/time.ts';
import type { Trace } from '../instances/ports/trace.ts';
import type { Bodies } from './bodies.ts';
import type { Admission, LimitHolder } from './caller-limits.ts';
import type { RequestAuthor, Requests } from './requests.ts';

/** An instance as the gateway sees it. */
export interface GatewayInstance {
  name: string;
  /** Name of the engine. */
  engine: string;
  status: Status;
  aliases: readonly string[];
  /** Whether `GET /v1/models` leaves out the instance. */
  unlisted: boolean;
  /** Why the instance failed or restarts; `null`: neither, or unknown. */
  reason: string | null;
  /** Whether a request starts the instance if it is stopped. */
  on_demand: boolean;
  /** RFC 3339. */
  created_at: string;
}

/** The part of the instances' domain that the gateway uses. */
export interface GatewayInstances {
  /** Returns all instances, oldest first, from memory. */
  list(): readonly GatewayInstance[];
  /** Leases an engine; there is no other way to reach one. @throws {ApiError} such as `INSTANCE_NOT_RUNNING` */
  acquire(request: LeaseRequest): Promise<Lease>;
}

/** Everything that the gateway needs from outside. */
export interface GatewayDependencies {
  clock: Pick<Clock, 'after' | 'elapsed' | 'nextTurn'>;
  /** Reads and scans bodies. */
  bodies: Bodies;
  /** Records every request. */
  requests: Requests;
  /** Returns the paths under `/v1` where the engine of this name only computes; see `EngineAdapter.inferencePaths`. */
  inferencePaths: (engine: string) => ReadonlySet<string>;
  settings: GatewaySettings;
  measureSendQueues: MeasureSendQueues;
  /** Headers and paths that `/v1` blocks. */
  closed: ClosedToCallers;
  trace: Trace;
}

/** Headers and paths that `/v1` blocks, so that the callers of one engine do not reach each other's data. */
export interface ClosedToCallers {
  /** Request headers that no engine gets, in lower case. */
  headers: ReadonlySet<string>;
  /** Whether a path is answered with 404. @param url Path and query as received. */
  covers(url: string): boolean;
}

/**
 * Measures, for each connection, how many bytes its peer has not acknowledged. The result lacks a connection if the
 * system does not report it.
 *
 * @param connections In the form `localPort:remotePort`.
 * @param found Called once with the result, at once or in a later turn.
 */
export type MeasureSendQueues = (
  connections: ReadonlySet<string>,
  found: (bytes: ReadonlyMap<string, number>) => void,
) => void;

/** Settings of the configuration's `gateway` section. */
export interface GatewaySettings {
  /** Seconds between two comments in a stream whose model is loading; 0: no comments before the engine's answer. */
  loadingKeepaliveSeconds: number;
  /** Whether `GET /v1/models` lists each alias as a separate model. */
  aliasesInModels: boolean;
}

/** Facts about one request from the HTTP layer. */
export interface CallContext {
  requestId: string;
  /** Names the token's account or the key in records and lists; not a secret. */
  caller: string;
  /** Whom usage counts the request for; `null`: no account. */
  author: RequestAuthor | null;
  /** Whose budgets and turns the request uses: `user:<account id>`, or `address:<ip>` without an account. */
  account: string;
  /** The instances that the caller may see. */
  instances: GatewayInstances;
  /** Whether requests of this caller start stopped instances. */
  mayStart: boolean;
  /**
   * Why the model of this machine with this name cannot be loaded; empty: no reason is known. `null`: no model has the name,
   * or the caller may not list models.
   */
  problemsInLibrary(model: string): readonly string[] | null;
  /** Why llamactl closed the connection: its caller's credentials were revoked or have expired; `null`: it did not. */
  readonly shutOut: ApiError | null;
  /** The instance that the path names, decoded; `null`: the request names a model. */
  instance: string | null;
  /** Bytes that the caller sent right after its request for a WebSocket; `null`: the request is an ordinary one. */
  upgradeHead: Buffer | null;
  /** Holders of the limits that the request counts towards. */
  holders: readonly LimitHolder[];
  /** Called when the request is within its caller's limits. Every answer to it, also an error, gets these headers. */
  onAdmitted(headers: Admission['headers']): void;
  /** Called when the request has a record: from now on, the record also has its error. */
  onRecord(): void;
  /** Called with the instance's name when the request gets a lease. */
  onLease(instance: string): void;
  /** Path and query as received, not decoded, without the base path. */
  url: string;
  /** Headers that llamactl sends with every answer, such as `X-Request-Id`: name, value, name, value, … */
  headers: readonly string[];
}

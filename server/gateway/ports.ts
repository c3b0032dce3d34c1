import type { RequestFigures } from '@llamactl/contract/requests';
import type { Status } from '@llamactl/contract/instance';
import type { Lease, LeaseRequest } from '../instances/slots/leases.ts';
import type { Clock } from '../instances/ports.ts';
import type { Bodies } from './bodies.ts';
import type { ClosedToCallers } from './crossing.ts';
import type { Requests } from './requests.ts';

/** What the gateway tells about an instance. */
export interface GatewayInstance {
  name: string;
  /** Name of the engine. */
  engine: string;
  status: Status;
  aliases: readonly string[];
  /** Not shown by `GET /v1/models`. */
  unlisted: boolean;
  /** Why it failed, or why it restarts. */
  reason: string | null;
  /** A request starts it when it is stopped. */
  on_demand: boolean;
  /** RFC 3339. */
  created_at: string;
}

/** The instances, as far as the gateway needs them. */
export interface GatewayInstances {
  /** Oldest first, from memory. */
  list(): readonly GatewayInstance[];
  /** The only way to an engine. Throws `INSTANCE_NOT_FOUND` or `INSTANCE_NOT_RUNNING`. */
  acquire(request: LeaseRequest): Promise<Lease>;
}

/** What the gateway is built from. */
export interface GatewayDependencies {
  clock: Pick<Clock, 'after' | 'elapsed' | 'nextTurn'>;
  /** Reads the bodies that have to be looked into. */
  bodies: Bodies;
  /** Keeps account of every request. */
  requests: Requests;
  /** Paths under `/v1` where an engine only computes, by the engine's name; see `EngineAdapter.inferencePaths`. */
  inferencePaths: (engine: string) => ReadonlySet<string>;
  settings: GatewaySettings;
  measureSendQueues: MeasureSendQueues;
  /** What `/v1` keeps from engines. */
  closed: ClosedToCallers;
}

/**
 * Finds how many bytes of connections their peers have not acknowledged. Where the system does not tell, a connection is
 * missing in what is found.
 *
 * @param connections As `localPort:remotePort`.
 * @param found Called once, in a later turn or at once.
 */
export type MeasureSendQueues = (
  connections: ReadonlySet<string>,
  found: (bytes: ReadonlyMap<string, number>) => void,
) => void;

/** The configuration's `gateway`. */
export interface GatewaySettings {
  /** Between two comments in a stream whose model is loading; 0: none, and the answer begins when the engine's does. */
  loadingKeepaliveSeconds: number;
  /** Each alias is a model of its own in `GET /v1/models`. */
  aliasesInModels: boolean;
}

/** What the HTTP layer knows about one request. */
export interface CallContext {
  requestId: string;
  /** Names the token's account or the key in records and lists; not a secret. */
  caller: string;
  /** Whose budgets and turns the request uses: `user:<account id>`, or `address:<ip>` for a caller without an account. */
  account: string;
  /** The instances as there are for the caller. */
  instances: GatewayInstances;
  /** Whether a request of this caller starts what is stopped. */
  mayStart: boolean;
  /** Told the instance's name once the request has come to it. */
  onLease: (instance: string) => void;
  /** Gets the figures of the request when it is over. Must not throw. */
  onOver?: (figures: RequestFigures) => void;
  /** Path and query as they were received, undecoded; only the base path is taken off. */
  url: string;
  /** What every answer of ours says, `X-Request-Id` among it: name, value, name, value, … */
  headers: readonly string[];
}

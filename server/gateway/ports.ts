import type { Status } from '@llamactl/contract/instance';
import type { Lease, LeaseRequest } from '../instances/leases.ts';
import type { Clock } from '../instances/ports.ts';
import type { Bodies } from './bodies.ts';
import type { Requests } from './requests.ts';

/** What the gateway tells about an instance. */
export interface GatewayInstance {
  name: string;
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
  clock: Pick<Clock, 'after' | 'nextTurn'>;
  /** Reads the bodies that have to be looked into. */
  bodies: Bodies;
  /** Keeps account of every request. */
  requests: Requests;
  settings: GatewaySettings;
}

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
  /** Whom to count the request to; not a secret. */
  caller: string;
  /** Whose share of the memory for bodies the request uses: the id of the account, of all its keys too, else the client's address. */
  account: string;
  /** The instances as there are for the caller. */
  instances: GatewayInstances;
  /** Whether a request of this caller starts what is stopped. */
  mayStart: boolean;
  /** Told the instance's name once the request has come to it. */
  onLease: (instance: string) => void;
  /** Path and query as they were received, undecoded; only the base path is taken off. */
  url: string;
  /** What every answer of ours says, `X-Request-Id` among it: name, value, name, value, … */
  headers: readonly string[];
}

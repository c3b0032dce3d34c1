import type { IncomingMessage } from 'node:http';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import type { Config } from '@llamactl/contract/config';
import fastify, { type FastifyBaseLogger } from 'fastify';
import type { Accounts } from '../auth/accounts.ts';
import type { AuditTrail } from '../auth/audit.ts';
import type { Caller } from '../auth/caller.ts';
import type { Keys } from '../auth/api-keys.ts';
import type { Tickets } from '../auth/tickets.ts';
import type { FleetManager, InstanceManager } from '../instances/use-cases.ts';
import type { Figures } from '../metrics/figures.ts';
import type { Clock } from '../instances/ports.ts';
import { AddressBound, type AddressBoundParts, unboundedAddresses } from './edge/address-bound.ts';
import { apiPageRoutes } from './routes/api-page.routes.ts';
import { auditRoutes } from './routes/audit.routes.ts';
import { authRoutes, type Login } from './routes/auth.routes.ts';
import type { CallerFinder } from './edge/authenticate.ts';
import { batchRoutes } from './routes/batch.routes.ts';
import { binder } from './bind.ts';
import { readJsonBodies } from './bodies/body.ts';
import { configRoutes, type ConfigEditor } from './routes/config.routes.ts';
import type { ErrorShape } from './errors.ts';
import { fleetRoutes } from './routes/fleet.routes.ts';
import type { RateLimiter } from './edge/gate.ts';
import { instanceRoutes } from './routes/instances.routes.ts';
import { keyRoutes } from './routes/keys.routes.ts';
import { lifecycleRoutes } from './routes/lifecycle.routes.ts';
import { logRoutes } from './routes/logs.routes.ts';
import { metricsRoutes, type Metrics } from './routes/metrics.routes.ts';
import type { HttpApp, HttpPlugin } from './plugin.ts';
import { prometheusRoutes } from './routes/prometheus.routes.ts';
import { requestRoutes, type RequestsView } from './routes/requests.routes.ts';
import { Rules, type Timeouts } from './connection-rules.ts';
import { seenBy } from './routes/seen-manager.ts';
import { systemRoutes, type SystemVoice } from './routes/system.routes.ts';
import { ticketRoutes } from './routes/ticket.routes.ts';
import { Upgrades } from './edge/upgrade.ts';
import type { Turnstile } from './edge/turnstile.ts';
import { userRoutes } from './routes/users.routes.ts';

/** Who may get in, as far as routes and rules need it. */
export interface HttpAuthentication extends Login {
  authenticator: CallerFinder;
  accounts: Pick<Accounts, 'named' | 'list' | 'create' | 'update' | 'remove'>;
  keys: Pick<Keys, 'list' | 'create' | 'remove'>;
  tickets: Pick<Tickets, 'issue'>;
}

/** What the HTTP server is made of. */
export interface HttpServerParts extends SystemVoice {
  manager: InstanceManager;
  auth: HttpAuthentication;
  /** What is done through here is recorded there. */
  audit: Pick<AuditTrail, 'record' | 'read'>;
  /** Counts what callers ask. */
  limits: RateLimiter;
  /** Where a request comes from. */
  clientAddress: (raw: IncomingMessage) => string;
  fleet: FleetManager;
  configEditor: ConfigEditor;
  metrics: Metrics;
  /** For Prometheus. */
  figures: Figures;
  /** To engines. */
  requests: RequestsView;
  config: Pick<Config, 'server' | 'auth'>;
  /** A pino logger; gets one line for each request. */
  log: FastifyBaseLogger;
  clock: Clock;
  /** Of this machine: a name under which we answer. */
  hostname: string;
  /** Routes of others, each in its own scope. */
  plugins?: readonly HttpPlugin[];
  /** Prefixes under which errors look other than under `/api`. */
  errorShapes?: readonly ErrorShape[];
  /** Aborts when callers that wait for an outcome should be sent away. */
  shutdownSignal?: AbortSignal;
  timeouts?: Partial<Timeouts>;
  /** Connections at once; more are closed as they come. `null`, or left out: as many as there are. */
  maxConnections?: number | null;
  /** Connections of one address at once; left out: 256, but for loopback and the trusted proxies. */
  addressBound?: Pick<AddressBoundParts, 'isUnbounded' | 'most'>;
  /** Where requests are held while the server is being replaced; left out: it never is. */
  turnstile?: Turnstile;
}

/** What listens already: a descriptor, or another server of this process. */
export type Listener = { fd: number } | NetServer;

/** The server, listening or not yet. */
export interface HttpServer {
  app: HttpApp;
  /** Listens by what listens already. */
  listenBy(listener: Listener): Promise<AddressInfo>;
  /** @param address Other than the configured one; port 0 lets the system choose. Rejects with Node's error when it is taken. */
  listen(address?: { host?: string; port?: number }): Promise<AddressInfo>;
  /**
   * Serves a connection that has come by another way. It counts as one of ours, and is closed where there are too many.
   *
   * @param options.isBegun What its request wants was done by the server that it comes from; default: it was not.
   */
  take(connection: Socket, options?: { isBegun: boolean }): void;
  /** From now on every answer ends its connection. */
  sayGoodbye(): void;
  /**
   * Another server answers on the same address: what came here is finished here, however long it takes. An idle connection
   * ends with its next answer, or when its time is over: a request may be on its way on it. Resolves when the last connection
   * is gone.
   *
   * @param options.stopsListening False where another server of this process listens by the same handle.
   */
  leave(options: { stopsListening: boolean }): Promise<void>;
  /** Takes no more connections, ends the idle ones, lets requests under way finish for a while, then breaks them off. */
  close(): Promise<void>;
  /** Breaks off all requests under way at once. */
  breakOff(): void;
}

/** Connections that may wait to be accepted; the system allows as many by default. */
const BACKLOG = 4_096;
/** How often is looked whether connections are left. */
const LOOK_MS = 50;

function pause(clock: Pick<Clock, 'after'>, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(milliseconds, resolve);
  });
}

function connectionsOf(server: NetServer): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

/** Builds the HTTP server: the API's own routes, the rules that hold for every request, and the plugins' scopes. */
export function createHttpServer(parts: HttpServerParts): HttpServer {
  const { config, clock, manager, auth, plugins = [] } = parts;
  const begun = new WeakSet<Socket>();
  const isBegun = (connection: Socket): boolean => begun.has(connection);
  const rules = new Rules({ ...parts, authenticator: auth.authenticator, isBegun });
  const app = fastify(rules.options());
  const upgrades = new Upgrades(app.server, (request, response) => app.routing(request, response));
  rules.apply(app, upgrades);
  const mostConnections = parts.maxConnections ?? null;
  if (mostConnections !== null) app.server.maxConnections = mostConnections;
  const bound = new AddressBound({
    clock,
    log: parts.log,
    ...(parts.addressBound ?? { isUnbounded: unboundedAddresses(config.server) }),
  });
  // A connection that another process of a reload passes on was counted there.
  const passedOn = new WeakSet<Socket>();
  app.server.prependListener('connection', (connection: Socket) => {
    if (!passedOn.has(connection)) bound.admit(connection);
  });
  let open = 0;
  app.server.on('connection', (connection: Socket) => {
    open += 1;
    connection.once('close', () => (open -= 1));
  });
  // Node counts only those that it has accepted itself.
  let taken = 0;
  const count = (change: 1 | -1): void => {
    taken += change;
    if (mostConnections !== null) app.server.maxConnections = Math.max(0, mostConnections - taken);
  };

  void app.register(async (scope) => {
    readJsonBodies(scope, clock, rules.timeouts.body);
    const managerFor = (caller: Caller | null): InstanceManager => seenBy(caller, manager);
    const bind = binder(scope, { managerFor, clock, shutdown: parts.shutdownSignal, turnstile: parts.turnstile });
    instanceRoutes(bind, config.server.base_path);
    lifecycleRoutes(bind);
    batchRoutes(bind);
    logRoutes(bind, clock);
    fleetRoutes(bind, parts.fleet);
    metricsRoutes(bind, parts.metrics);
    prometheusRoutes(bind, parts.figures);
    requestRoutes(bind, parts.requests);
    configRoutes(bind, parts.configEditor);
    authRoutes(bind, auth, parts.clientAddress);
    userRoutes(bind, auth.accounts);
    keyRoutes(bind, auth.keys);
    auditRoutes(bind, parts.audit);
    ticketRoutes(bind, auth.tickets);
    systemRoutes(bind, parts);
    apiPageRoutes(scope, parts);
  });
  for (const plugin of plugins) void app.register(async (scope) => plugin(scope));

  const breakOff = (): void => {
    app.server.closeAllConnections();
    upgrades.destroyAll();
  };

  return {
    app,
    breakOff,
    listen: async ({ host = config.server.host, port = config.server.port } = {}) => {
      // Fastify would open a second server for ::1 that knows nothing of what is set up above.
      await app.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port, backlog: BACKLOG });
      return app.server.address() as AddressInfo;
    },
    listenBy: async (listener) => {
      await app.ready();
      await new Promise<void>((resolve, reject) => {
        app.server.once('error', reject);
        // As an option, Node would overlook the backlog, and shrink the queue that we share.
        app.server.listen(listener, BACKLOG, () => {
          app.server.off('error', reject);
          resolve();
        });
      });
      return app.server.address() as AddressInfo;
    },
    take: (connection, options) => {
      if (mostConnections !== null && open >= mostConnections) return void connection.destroy();
      count(1);
      connection.once('close', () => count(-1));
      if (options?.isBegun === true) begun.add(connection);
      passedOn.add(connection);
      app.server.emit('connection', connection);
    },
    sayGoodbye: () => {
      rules.isClosing = true;
    },
    leave: async ({ stopsListening }) => {
      rules.isClosing = true;
      // Past Node's own `close` of HTTP servers, which ends idle connections at once.
      if (stopsListening) NetServer.prototype.close.call(app.server);
      while ((await connectionsOf(app.server)) > 0) await pause(clock, LOOK_MS);
    },
    close: async () => {
      rules.isClosing = true;
      const cancel = clock.after(rules.timeouts.close, breakOff);
      await app.close().finally(cancel);
    },
  };
}

import type { IncomingMessage } from 'node:http';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import type { Config } from '@llamactl/contract/config';
import fastify, { type FastifyBaseLogger } from 'fastify';
import type { AuditTrail } from '../auth/audit.ts';
import type { BodyBudget } from '../gateway/body-budget.ts';
import { pause, type Clock } from '../instances/ports/time.ts';
import type { SlicedWork } from '../sliced-work.ts';
import { type ApiAccounts, apiOperations, type ApiParts } from './api-operations.ts';
import { bindRoutes } from './bind.ts';
import { readJsonBodies } from './bodies/body.ts';
import { compressJson } from './compressed-json.ts';
import { Rules, type Timeouts, Upgrades } from './connection-rules.ts';
import { AddressBound, type AddressBoundOptions, unboundedAddresses } from './edge/address-bound.ts';
import type { CallerFinder, RateLimiter } from './edge/gate.ts';
import type { Turnstile } from './edge/turnstile.ts';
import type { ErrorShape } from './errors.ts';
import type { HttpApp, HttpPlugin } from './plugin.ts';
import { webPageRoutes } from './routes/web-page.routes.ts';
import type { PageFiles } from './web-page/page-file.ts';

/** Authentication, as far as operations and rules need it. */
export interface HttpAuthentication extends ApiAccounts {
  authenticator: CallerFinder;
}

/** Dependencies of the HTTP server. */
export interface HttpServerOptions extends ApiParts {
  auth: HttpAuthentication;
  /** Records requests, and reads the records. */
  audit: Pick<AuditTrail, 'record' | 'read'>;
  /** Counts the requests of each caller. */
  limits: RateLimiter;
  /** Returns the client address of a request. */
  clientAddress: (raw: IncomingMessage) => string;
  config: Pick<Config, 'server' | 'auth'>;
  /** A pino logger; gets one line for each request. */
  log: FastifyBaseLogger;
  clock: Clock;
  /** Parses and validates bodies; the gateway shares it. */
  work: SlicedWork;
  /** The memory for bodies under `/api`. */
  bodyBudget: BodyBudget;
  /** Hostname of this machine; the server answers under this name. */
  hostname: string;
  page: PageFiles;
  /** Other routes, each plugin in its own scope. */
  plugins?: readonly HttpPlugin[];
  /** Error formats by prefix, other than that of `/api`. */
  errorShapes?: readonly ErrorShape[];
  /** Aborts when the server stops, so that callers waiting for an outcome get an error. */
  shutdownSignal?: AbortSignal;
  timeouts?: Partial<Timeouts>;
  /** Most open connections; further ones are closed at once. Default or `null`: no limit. */
  maxConnections?: number | null;
  /** Most open connections of one address. Default: 256, except for loopback and trusted proxies. */
  addressBound?: Pick<AddressBoundOptions, 'isUnbounded' | 'most'>;
  /** Holds requests while the server is being replaced. Default: the server is never replaced. */
  turnstile?: Turnstile;
}

/** An existing listener: a descriptor, or another server of this process. */
export type Listener = { fd: number } | NetServer;

/** The HTTP server, listening or not yet. */
export interface HttpServer {
  app: HttpApp;
  /** Listens with an existing listener. */
  listenBy(listener: Listener): Promise<AddressInfo>;
  /**
   * @param address Instead of the configured one; port 0 lets the system choose. Rejects with Node's error when the
   * address is taken.
   */
  listen(address?: { host?: string; port?: number }): Promise<AddressInfo>;
  /**
   * Serves a connection that another process accepted. The connection counts towards the limit of connections, and is
   * closed if it exceeds that limit.
   *
   * @param options.isBegun Whether the server that passes the connection has already carried out its request. Default:
   *   false.
   */
  take(connection: Socket, options?: { isBegun: boolean }): void;
  /** Makes every further answer close its connection. */
  sayGoodbye(): void;
  /**
   * Leaves the address to another server, and finishes all requests that arrived here, without a time limit. An idle
   * connection closes with its next answer, or after the idle time: a request may already be on its way. Resolves when
   * the last connection is closed.
   *
   * @param options.stopsListening False when another server of this process listens with the same handle.
   */
  leave(options: { stopsListening: boolean }): Promise<void>;
  /**
   * Accepts no more connections, closes idle ones, gives requests in flight a limited time to finish, then aborts them.
   */
  close(): Promise<void>;
  /** Aborts all requests in flight at once. */
  breakOff(): void;
}

/** Connections that may wait to be accepted; also the default of the operating system. */
const BACKLOG = 4_096;
/** Interval at which `leave` and `close` check open connections. */
const LOOK_MS = 50;

function connectionsOf(server: NetServer): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

/** Builds the HTTP server: the API's own routes, the rules for every request, and the plugins' scopes. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { config, clock, work, auth, clientAddress, bodyBudget: budget, plugins = [] } = options;
  const rules = new Rules({ ...options, authenticator: auth.authenticator });
  const app = fastify(rules.options());
  const upgrades = new Upgrades(app.server, (request, response) => app.routing(request, response));
  rules.apply(app, upgrades);
  const mostConnections = options.maxConnections ?? null;
  if (mostConnections !== null) app.server.maxConnections = mostConnections;
  const bound = new AddressBound({
    clock,
    log: options.log,
    ...(options.addressBound ?? { isUnbounded: unboundedAddresses(config.server) }),
  });
  // Connections from another process of a reload, which has already counted them.
  const passedOn = new WeakSet<Socket>();
  app.server.prependListener('connection', (connection: Socket) => {
    if (!passedOn.has(connection)) bound.admit(connection);
  });
  const open = new Set<Socket>();
  app.server.on('connection', (connection: Socket) => {
    open.add(connection);
    connection.once('close', () => open.delete(connection));
  });
  // Node counts only connections that it has accepted itself.
  let taken = 0;
  const count = (change: 1 | -1): void => {
    taken += change;
    if (mostConnections !== null) app.server.maxConnections = Math.max(0, mostConnections - taken);
  };

  void app.register(async (scope) => {
    compressJson(scope);
    readJsonBodies(scope, { clock, work, budget, clientAddress, timeoutMs: rules.timeouts.body });
    const { shutdownSignal: shutdown, turnstile } = options;
    bindRoutes(scope, { operations: apiOperations(options), clock, addressOf: clientAddress, shutdown, turnstile });
    webPageRoutes(scope, options);
  });
  for (const plugin of plugins) void app.register(async (scope) => plugin(scope));

  /**
   * Closes connections without a request, now and until the returned function is called. Node itself does so only once,
   * and only for connections that have had a request. It leaves those that browsers open in advance, and streams that
   * end later. These would delay the end of the server until the time limit, 30 s.
   */
  const closeIdle = (): (() => void) => {
    let cancel = (): void => {};
    const look = (): void => {
      for (const connection of open) if (connection.bytesRead === 0) connection.destroy();
      app.server.closeIdleConnections();
      cancel = clock.after(LOOK_MS, look);
    };
    look();
    return () => cancel();
  };
  const breakOff = (): void => {
    app.server.closeAllConnections();
    upgrades.destroyAll();
  };

  return {
    app,
    breakOff,
    listen: async ({ host = config.server.host, port = config.server.port } = {}) => {
      // For `localhost`, fastify would open a second server for ::1 without any of the above setup.
      await app.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port, backlog: BACKLOG });
      return app.server.address() as AddressInfo;
    },
    listenBy: async (listener) => {
      await app.ready();
      await new Promise<void>((resolve, reject) => {
        app.server.once('error', reject);
        // Pass the backlog as an argument: Node ignores it as an option, and would shrink the shared queue.
        app.server.listen(listener, BACKLOG, () => {
          app.server.off('error', reject);
          resolve();
        });
      });
      return app.server.address() as AddressInfo;
    },
    take: (connection, { isBegun } = { isBegun: false }) => {
      if (mostConnections !== null && open.size >= mostConnections) return void connection.destroy();
      count(1);
      connection.once('close', () => count(-1));
      if (isBegun) rules.begun.add(connection);
      passedOn.add(connection);
      app.server.emit('connection', connection);
    },
    sayGoodbye: () => {
      rules.isClosing = true;
    },
    leave: async ({ stopsListening }) => {
      rules.isClosing = true;
      // Avoid `close` of Node's HTTP server, which closes idle connections at once.
      if (stopsListening) NetServer.prototype.close.call(app.server);
      while ((await connectionsOf(app.server)) > 0) await pause(clock, LOOK_MS);
    },
    close: async () => {
      rules.isClosing = true;
      const cancel = clock.after(rules.timeouts.close, breakOff);
      const stopLooking = closeIdle();
      await app.close().finally(() => {
        cancel();
        stopLooking();
      });
    },
  };
}

import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Config } from '@llamactl/contract/config';
import { ApiError } from '@llamactl/contract/errors';
import type { FastifyBaseLogger, FastifyHttpOptions } from 'fastify';
import type { AuditTrail } from '../auth/audit.ts';
import type { Clock } from '../instances/ports/time.ts';
import { BODY_LIMIT } from './bodies/body.ts';
import { Admission, type Readiness, RouteTable } from './edge/admission.ts';
import type { BrowserCookie } from './edge/browser-cookie.ts';
import { ConnectionBounds, UnreadBodies } from './edge/connection-bounds.ts';
import { type CallerFinder, Gate, type RateLimiter } from './edge/gate.ts';
import { ownNames } from './edge/origin.ts';
import { ParserErrors } from './edge/parser-errors.ts';
import { OPEN_TURNSTILE, type Turnstile } from './edge/turnstile.ts';
import { type ErrorShape, JSON_HEADERS, replyWithError } from './errors.ts';
import type { HttpApp, HttpReply, HttpRequest } from './plugin.ts';
import { AuditWatch, logRequest, OwnRequestLines } from './request-log.ts';
import { isWebSocket, requestId, withoutBasePath } from './target.ts';

/** Time limits for callers, milliseconds. None of them limits an answer. */
export interface Timeouts {
  /** For the header, from the first byte or the opening of the connection. */
  header: number;
  /** Interval of the checks of `header`. */
  check: number;
  /** For a body under `/api`, and for a body that still arrives after its answer. Bodies for engines have no limit. */
  body: number;
  /**
   * How long an idle connection stays open. It must outlast the idle time of proxies, so that the proxy closes first.
   */
  idle: number;
  /** How long requests in flight may take when the server closes. */
  close: number;
}

const TIMEOUTS: Timeouts = { header: 20_000, check: 5_000, body: 60_000, idle: 75_000, close: 10_000 };
/** Most bytes of URL and header together. Node's default; the 431 answer names it. */
const HEADER_LIMIT = 16_384;
/** Properties that this server adds to every request. */
const OWN_PROPERTIES = [
  'upgradeHead',
  'caller',
  'instance',
  'over',
  'concerns',
  'recordEdits',
  'recordChanges',
  'isRecorded',
  'isPassedOn',
  'isBegun',
] as const;

/** No route has a schema of fastify. Without this, fastify loads ajv and others at each start. */
const WITHOUT_SCHEMAS = { buildValidator: refuseSchemas, buildSerializer: refuseSchemas };

function refuseSchemas(): never {
  throw new Error('a route has a schema of fastify; operations have schemas of zod');
}

/** Dependencies of the rules. */
interface RulesOptions {
  config: Pick<Config, 'server' | 'auth'>;
  log: FastifyBaseLogger;
  clock: Clock;
  readiness: () => Readiness;
  authenticator: CallerFinder;
  limits: RateLimiter;
  audit: Pick<AuditTrail, 'record'>;
  /** Returns the client address of a request. */
  clientAddress: (raw: IncomingMessage) => string;
  hostname: string;
  cookie: BrowserCookie;
  errorShapes?: readonly ErrorShape[];
  timeouts?: Partial<Timeouts>;
  turnstile?: Turnstile;
}

/** Rules for every request, whether a route exists for it or not. */
export class Rules {
  readonly timeouts: Timeouts;
  /** Connections whose request the predecessor has already carried out. */
  readonly begun = new WeakSet<Socket>();
  /** When true, every answer closes its connection. */
  isClosing = false;
  readonly #log: FastifyBaseLogger;
  readonly #clock: Clock;
  readonly #basePath: string;
  readonly #shapes: readonly ErrorShape[];
  readonly #routes = new RouteTable();
  readonly #admission: Admission;
  readonly #gate: Gate;
  readonly #audit: AuditWatch;
  readonly #unreadBodies: UnreadBodies;
  readonly #parserErrors: ParserErrors;
  readonly #bounds: ConnectionBounds;
  readonly #turnstile: Turnstile;

  constructor({
    config,
    log,
    clock,
    readiness,
    authenticator,
    limits,
    audit,
    clientAddress: addressOf,
    hostname,
    cookie,
    errorShapes = [],
    timeouts,
    turnstile = OPEN_TURNSTILE,
  }: RulesOptions) {
    this.#log = log;
    this.#clock = clock;
    this.#basePath = config.server.base_path;
    this.timeouts = { ...TIMEOUTS, ...timeouts };
    this.#shapes = errorShapes;
    this.#turnstile = turnstile;
    this.#admission = new Admission(ownNames(config, hostname), this.#routes, readiness, config.server);
    this.#gate = new Gate({ authenticator, limits, addressOf, cookie, clock });
    this.#audit = new AuditWatch({ audit, clock, addressOf });
    this.#unreadBodies = new UnreadBodies(clock, this.timeouts.body);
    this.#parserErrors = new ParserErrors({
      shapes: errorShapes,
      clock,
      log,
      unreadBodies: this.#unreadBodies,
      headersFor: (path, peer) => this.#gate.headersFor(path, peer),
    });
    this.#bounds = new ConnectionBounds((error, socket) => this.#parserErrors.answer(error, socket));
  }

  /** Options of a new application, which is then passed to {@link apply}. */
  options(): FastifyHttpOptions<Server> {
    return {
      loggerInstance: this.#log,
      logController: new OwnRequestLines({ requestIdLogLabel: 'request_id' }),
      genReqId: (raw) => requestId(raw.headers['x-request-id']),
      bodyLimit: BODY_LIMIT,
      keepAliveTimeout: this.timeouts.idle,
      forceCloseConnections: 'idle',
      // Fastify's 503 has another error format; ours comes from `readiness`.
      return503OnClosing: false,
      // The URL's length is checked as a whole, with our own message.
      routerOptions: { maxParamLength: HEADER_LIMIT },
      rewriteUrl: (raw) => withoutBasePath(raw.url ?? '/', this.#basePath),
      http: {
        maxHeaderSize: HEADER_LIMIT,
        headersTimeout: this.timeouts.header,
        connectionsCheckingInterval: this.timeouts.check,
        // Node would answer with an empty 400; our own check names the missing header.
        requireHostHeader: false,
        keepAlive: true,
        // Ignore offers of HTTP/2 and other protocols: such a request is an ordinary one (RFC 9110, 7.8).
        shouldUpgradeCallback: isWebSocket,
      },
      clientErrorHandler: (error, socket) => this.#parserErrors.answer(error, socket),
      frameworkErrors: (error, request, reply) => this.#answerUnroutable(error, request, reply),
      schemaController: { compilersFactory: WITHOUT_SCHEMAS },
    };
  }

  apply(app: HttpApp, upgrades: Upgrades): void {
    app.addHook('onRoute', ({ method, url }) => this.#routes.add(method, url));
    for (const property of OWN_PROPERTIES) app.decorateRequest(property, null);
    app.addHook('onRequest', async (request, reply) => {
      request.upgradeHead = upgrades.headOf(request.raw);
      request.isBegun = this.begun.has(request.raw.socket) || null;
      if (!this.#turnstile.isOpen) return this.#passOn(request, reply);
      reply.header('x-request-id', request.id);
      logRequest(request, reply, this.#clock);
      this.#audit.watch(request, reply);
      if (this.#isAnswered(request, reply)) return reply;
      const admission = this.#gate.admit(request, reply);
      if (admission !== undefined) await admission;
      return undefined;
    });
    app.addHook('onSend', async (_request, reply, payload) => {
      this.#addHeaders(reply);
      return payload;
    });
    app.setErrorHandler((thrown, request, reply) => replyWithError(thrown, request, reply, this.#shapes));
    app.setNotFoundHandler((request) => {
      throw this.#admission.notFound(request);
    });
    this.#serveOddRequests(app);
  }

  /** Passes a request to the successor. The server that answers also checks, counts and logs the request. */
  async #passOn(request: HttpRequest, reply: HttpReply): Promise<HttpReply> {
    reply.hijack();
    const { raw, originalUrl: url, upgradeHead: head } = request;
    await this.#turnstile.passOn({ request: raw, response: reply.raw, head, url, isBegun: request.isBegun === true });
    return reply;
  }

  /** Whether the request was answered before authentication. Throws the refusal, if any. */
  #isAnswered(request: HttpRequest, reply: HttpReply): boolean {
    const isOptions = request.method === 'OPTIONS';
    // Count OPTIONS requests but never refuse them: a page cannot read why its preflight failed.
    if (isOptions) this.#gate.countOther(request, reply);
    try {
      return this.#admission.admit(request, reply);
    } catch (refusal) {
      const isForeign = refusal instanceof ApiError && refusal.code === 'FORBIDDEN';
      throw (isOptions ? null : this.#gate.countOther(request, reply, isForeign)) ?? refusal;
    }
  }

  /** Answers a request whose URL the router could not read. No hook has run for it. */
  #answerUnroutable(error: Error, request: HttpRequest, reply: HttpReply): void {
    for (const property of OWN_PROPERTIES) request[property] = null;
    logRequest(request, reply, this.#clock);
    let answer: unknown = this.#gate.countOther(request, reply) ?? error;
    try {
      this.#admission.judge(request.raw);
    } catch (refusal) {
      answer = refusal;
    }
    void replyWithError(answer, request, reply, this.#shapes);
  }

  #addHeaders(reply: HttpReply): void {
    if (this.isClosing) reply.header('connection', 'close');
    if (!String(reply.getHeader('content-type')).startsWith('application/json')) return;
    for (const [name, value] of Object.entries(JSON_HEADERS)) if (!reply.hasHeader(name)) reply.header(name, value);
  }

  /** Handles requests that Node would answer itself or leave without an answer. */
  #serveOddRequests(app: HttpApp): void {
    const { server } = app;
    // The limit in bytes is enough. A limit in number would silently drop headers, perhaps `Origin`.
    server.maxHeadersCount = 0;
    // Replaces fastify's listener, which would serve requests that are refused here.
    server.removeAllListeners('request').on('request', (request, response) => {
      this.#unreadBodies.watch(request, response);
      if (this.#bounds.admit(request, response)) app.routing(request, response);
    });
    // Node would answer 417. A server may ignore expectations other than 100-continue (RFC 9110, 10.1.1).
    server.on('checkExpectation', (request, response) => server.emit('request', request, response));
    server.on('connect', (request, socket) => {
      socket.on('error', () => socket.destroy());
      const refusal = new ApiError('METHOD_NOT_ALLOWED', 'This server is no proxy: CONNECT does not work here.', {
        headers: { allow: 'DELETE, GET, HEAD, OPTIONS, POST, PUT' },
      });
      this.#parserErrors.send(socket, refusal, `CONNECT ${request.url ?? ''}`);
    });
  }
}

/** Handles a request, like a `request` listener of Node's server. */
export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Routes WebSocket handshakes like all other requests (id, Host and Origin, routes, errors), with a response on their
 * bare socket. A handler that takes over the connection hijacks the reply and uses socket and head. Otherwise the
 * caller gets an ordinary answer, and the connection closes.
 */
export class Upgrades {
  readonly #heads = new WeakMap<IncomingMessage, Buffer>();
  /** Open sockets. Node counts them, but `closeAllConnections` does not close them. */
  readonly #sockets = new Set<Duplex>();

  constructor(server: Server, listener: RequestListener) {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#heads.set(request, head);
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      // Node has removed its error listener; without one, a reset connection would end the process.
      socket.on('error', () => socket.destroy());
      listener(request, responseOn(socket, request));
    });
  }

  /** The bytes after a request's header; `null`: not a WebSocket handshake. */
  headOf(request: IncomingMessage): Buffer | null {
    return this.#heads.get(request) ?? null;
  }

  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

function responseOn(socket: Duplex, request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  if (!(socket instanceof Socket)) throw new TypeError('a connection of the server is not a socket');
  response.assignSocket(socket);
  response.once('finish', () => {
    response.detachSocket(socket);
    socket.end();
  });
  return response;
}

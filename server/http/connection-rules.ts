import { ApiError } from '@llamactl/contract/errors';
import type { Config } from '@llamactl/contract/config';
import type { FastifyBaseLogger, FastifyHttpOptions } from 'fastify';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { AuditTrail } from '../auth/audit.ts';
import type { Clock } from '../instances/ports/time.ts';
import { Admission, type Readiness } from './edge/admission.ts';
import { AuditWatch } from './audit-watch.ts';
import type { CallerFinder } from './edge/authenticate.ts';
import { BODY_LIMIT } from './bodies/body.ts';
import { JSON_HEADERS, replyWithError, type ErrorShape } from './errors.ts';
import { Gate, type RateLimiter } from './edge/gate.ts';
import { ownNames } from './edge/origin.ts';
import { ConnectionBounds } from './edge/connection-bounds.ts';
import { ParserErrors } from './edge/parser-errors.ts';
import type { HttpApp, HttpReply, HttpRequest } from './plugin.ts';
import { requestId } from './request-id.ts';
import { logRequest, OwnRequestLines } from './request-log.ts';
import { RouteTable } from './route-table.ts';
import { isWebSocket, pathOf, withoutBasePath } from './target.ts';
import { OPEN_TURNSTILE, type Turnstile } from './edge/turnstile.ts';
import { UnreadBodies } from './edge/unread-bodies.ts';
import type { Upgrades } from './edge/upgrade.ts';

/** Time limits for callers, milliseconds. None of them limits an answer. */
export interface Timeouts {
  /** For the header, from the first byte or the opening of the connection. */
  header: number;
  /** Interval of the checks of `header`. */
  check: number;
  /** For a body under `/api`, and for a body that still arrives after its answer. Bodies for engines have no limit. */
  body: number;
  /** How long an idle connection is kept. Longer than proxies keep theirs, so that the proxy closes first. */
  idle: number;
  /** How long requests in flight may take when the server closes. */
  close: number;
}

const TIMEOUTS: Timeouts = { header: 20_000, check: 5_000, body: 60_000, idle: 75_000, close: 10_000 };
/** Most bytes of URL and header together. Node's default; the 431 answer names it. */
const HEADER_LIMIT = 16_384;
/** Properties that this server adds to every request. */
const OWN_PROPERTIES = ['upgradeHead', 'caller', 'instance', 'over', 'concerns', 'isPassedOn', 'isBegun'] as const;

/** Dependencies of the rules. */
interface RulesParts {
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
  errorShapes?: readonly ErrorShape[];
  timeouts?: Partial<Timeouts>;
  turnstile?: Turnstile;
  /** Whether the predecessor has already carried out the request of a connection. */
  isBegun: (connection: Socket) => boolean;
}

/** Rules for every request, whether a route exists for it or not. */
export class Rules {
  readonly timeouts: Timeouts;
  /** When true, every answer closes its connection. */
  isClosing = false;
  readonly #parts: RulesParts;
  readonly #shapes: readonly ErrorShape[];
  readonly #routes = new RouteTable();
  readonly #admission: Admission;
  readonly #gate: Gate;
  readonly #audit: AuditWatch;
  readonly #unreadBodies: UnreadBodies;
  readonly #parserErrors: ParserErrors;
  readonly #bounds: ConnectionBounds;
  readonly #turnstile: Turnstile;

  constructor(parts: RulesParts) {
    this.#parts = parts;
    this.timeouts = { ...TIMEOUTS, ...parts.timeouts };
    this.#shapes = parts.errorShapes ?? [];
    this.#turnstile = parts.turnstile ?? OPEN_TURNSTILE;
    this.#admission = new Admission(
      ownNames(parts.config, parts.hostname),
      this.#routes,
      parts.readiness,
      parts.config.server.base_path,
    );
    const { authenticator, limits, clientAddress: addressOf, audit, clock } = parts;
    this.#gate = new Gate({ authenticator, limits, addressOf });
    this.#audit = new AuditWatch({ audit, clock, addressOf });
    this.#unreadBodies = new UnreadBodies(clock, this.timeouts.body);
    this.#parserErrors = new ParserErrors({
      shapes: this.#shapes,
      clock,
      log: parts.log,
      unreadBodies: this.#unreadBodies,
      headersFor: (path, peer) => this.#gate.headersFor(path, peer),
    });
    this.#bounds = new ConnectionBounds((error, socket) => this.#parserErrors.answer(error, socket));
  }

  /** Options of a new application, which is then passed to {@link apply}. */
  options(): FastifyHttpOptions<Server> {
    const { config, log } = this.#parts;
    return {
      loggerInstance: log,
      logController: new OwnRequestLines({ requestIdLogLabel: 'request_id' }),
      genReqId: (raw) => requestId(raw.headers['x-request-id']),
      bodyLimit: BODY_LIMIT,
      keepAliveTimeout: this.timeouts.idle,
      forceCloseConnections: 'idle',
      // Fastify's 503 has another error format; ours comes from `readiness`.
      return503OnClosing: false,
      // The URL's length is checked as a whole, with our own message.
      routerOptions: { maxParamLength: HEADER_LIMIT },
      rewriteUrl: (raw) => withoutBasePath(raw.url ?? '/', config.server.base_path),
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
    };
  }

  apply(app: HttpApp, upgrades: Upgrades): void {
    app.addHook('onRoute', ({ method, url }) => this.#routes.add(method, url));
    for (const property of OWN_PROPERTIES) app.decorateRequest(property, null);
    app.addHook('onRequest', async (request, reply) => {
      request.upgradeHead = upgrades.headOf(request.raw);
      request.isBegun = this.#parts.isBegun(request.raw.socket) || null;
      if (!this.#turnstile.isOpen) return this.#passOn(request, reply);
      reply.header('x-request-id', request.id);
      logRequest(request, reply, this.#parts.clock);
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
      throw this.#admission.notFound(pathOf(request.url));
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
    logRequest(request, reply, this.#parts.clock);
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

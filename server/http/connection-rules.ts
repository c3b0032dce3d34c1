import { ApiError } from '@llamactl/contract/errors';
import type { Config } from '@llamactl/contract/config';
import type { FastifyBaseLogger, FastifyHttpOptions } from 'fastify';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { AuditTrail } from '../auth/audit.ts';
import type { Clock } from '../instances/ports.ts';
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

/** How long callers may take, milliseconds. None of them bounds an answer. */
export interface Timeouts {
  /** From the first byte, or the opening of the connection, to the end of the header. */
  header: number;
  /** How often that is looked at. */
  check: number;
  /** For a body under `/api`, and one that is still sent after its answer. What goes to an engine may take as long as it takes. */
  body: number;
  /** How long an idle connection is kept: longer than proxies keep theirs, so that they close first. */
  idle: number;
  /** How long requests under way may take when the server closes. */
  close: number;
}

const TIMEOUTS: Timeouts = { header: 20_000, check: 5_000, body: 60_000, idle: 75_000, close: 10_000 };
/** Bytes for URL and header together; Node's own default, told in the 431. */
const HEADER_LIMIT = 16_384;
/** What we add to every request. */
const OWN_PROPERTIES = ['upgradeHead', 'caller', 'instance', 'concerns', 'isPassedOn', 'isBegun'] as const;

/** What the rules need to know. */
interface RulesParts {
  config: Pick<Config, 'server' | 'auth'>;
  log: FastifyBaseLogger;
  clock: Clock;
  readiness: () => Readiness;
  authenticator: CallerFinder;
  limits: RateLimiter;
  audit: Pick<AuditTrail, 'record'>;
  /** Where a request comes from. */
  clientAddress: (raw: IncomingMessage) => string;
  hostname: string;
  errorShapes?: readonly ErrorShape[];
  timeouts?: Partial<Timeouts>;
  turnstile?: Turnstile;
  /** Whether the request of a connection was begun by the server before this one. */
  isBegun: (connection: Socket) => boolean;
}

/** What holds for every request, whichever route it is for and whether it is for one at all. */
export class Rules {
  readonly timeouts: Timeouts;
  /** From now on every answer ends its connection. */
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

  /** Of a new application, which is then handed to {@link apply}. */
  options(): FastifyHttpOptions<Server> {
    const { config, log } = this.#parts;
    return {
      loggerInstance: log,
      logController: new OwnRequestLines({ requestIdLogLabel: 'request_id' }),
      genReqId: (raw) => requestId(raw.headers['x-request-id']),
      bodyLimit: BODY_LIMIT,
      keepAliveTimeout: this.timeouts.idle,
      forceCloseConnections: 'idle',
      // A bare 503 in another shape; ours comes from `readiness`.
      return503OnClosing: false,
      // The length of a URL is judged as a whole, in our own words.
      routerOptions: { maxParamLength: HEADER_LIMIT },
      rewriteUrl: (raw) => withoutBasePath(raw.url ?? '/', config.server.base_path),
      http: {
        maxHeaderSize: HEADER_LIMIT,
        headersTimeout: this.timeouts.header,
        connectionsCheckingInterval: this.timeouts.check,
        // Node would answer with an empty 400; our own check says what is missing.
        requireHostHeader: false,
        keepAlive: true,
        // HTTP/2 and other offers are not taken up: such a request is an ordinary one (RFC 9110, 7.8).
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

  /** Before anything is judged or counted: that is the business of the server that answers. */
  async #passOn(request: HttpRequest, reply: HttpReply): Promise<HttpReply> {
    reply.hijack();
    const { raw, originalUrl: url, upgradeHead: head } = request;
    await this.#turnstile.passOn({ request: raw, response: reply.raw, head, url, isBegun: request.isBegun === true });
    return reply;
  }

  /** Whether the request was answered without being let in anywhere. Throws the refusal, if there is one. */
  #isAnswered(request: HttpRequest, reply: HttpReply): boolean {
    const isOptions = request.method === 'OPTIONS';
    // Counted, and never refused: a page is not told why its preflight failed.
    if (isOptions) this.#gate.countOther(request, reply);
    try {
      return this.#admission.admit(request, reply);
    } catch (refusal) {
      const isForeign = refusal instanceof ApiError && refusal.code === 'FORBIDDEN';
      throw (isOptions ? null : this.#gate.countOther(request, reply, isForeign)) ?? refusal;
    }
  }

  /** The router could not read the URL, and no hook has run. */
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

  /** Requests that Node would answer by itself, or by silence. */
  #serveOddRequests(app: HttpApp): void {
    const { server } = app;
    // The limit in bytes is enough. A limit in number would drop headers without a word, perhaps the Origin.
    server.maxHeadersCount = 0;
    // In the place of fastify's own listener, which would serve what is refused here.
    server.removeAllListeners('request').on('request', (request, response) => {
      this.#unreadBodies.watch(request, response);
      if (this.#bounds.admit(request, response)) app.routing(request, response);
    });
    // A bare 417; what is expected beyond 100-continue can be left unmet (RFC 9110, 10.1.1).
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

import { ConfigSchema } from '@llamactl/contract/config';
import { ApiError } from '@llamactl/contract/errors';
import { ENGINE_PATHS, OPERATIONS, PASS_THROUGH } from '@llamactl/contract/operations';
import { addressGroup } from '../../auth/address-group.ts';
import type { Caller } from '../../auth/caller.ts';
import { isKeySecret, keyPrefix } from '../../auth/key-secret.ts';
import { mayCall } from '../../auth/permissions.ts';
import { Bodies } from '../../gateway/bodies.ts';
import { BodyBudget } from '../../gateway/body-budget.ts';
import type { Admission, LimitHolder } from '../../gateway/caller-limits.ts';
import { closedToCallers } from '../../gateway/crossing.ts';
import { createGateway } from '../../gateway/gateway.ts';
import type { CallContext, GatewayInstances, GatewaySettings, MeasureSendQueues } from '../../gateway/gateway-ports.ts';
import type { Refusal } from '../../gateway/refused-requests.ts';
import { type RequestAuthor, Requests } from '../../gateway/requests.ts';
import type { Engines } from '../../instances/ports/engine-adapter.ts';
import type { Clock } from '../../instances/ports/time.ts';
import { NO_TRACE, type Trace } from '../../instances/ports/trace.ts';
import { type Models, NO_MODELS } from '../../models/library.ts';
import type { SlicedWork } from '../../sliced-work.ts';
import { clientAddresses } from '../edge/client-address.ts';
import { watchWelcome } from '../edge/gate.ts';
import { asApiError } from '../errors.ts';
import type { Access, HttpApp, HttpPlugin, HttpReply, HttpRequest } from '../plugin.ts';

/**
 * Methods that are not passed to engines: this server answers `OPTIONS`, and an engine that echoes a `TRACE` would
 * reveal its key.
 */
const NOT_PASSED: ReadonlySet<string> = new Set(['OPTIONS', 'TRACE']);

interface GatewayRoutesOptions {
  /** Returns the instances that a caller may see and start. */
  instancesFor: (caller: Caller | null) => GatewayInstances;
  clock: Clock;
  /** Scans large bodies. */
  work: SlicedWork;
  /** The models of this machine. Default: none. */
  models?: Pick<Models, 'named'>;
  /** Where the gateway records its requests. Default: a record that no route shows. */
  requests?: Requests;
  /** Default: no engine declares anything. */
  engines?: Pick<Engines, 'find' | 'names'>;
  /** Default: the defaults of the configuration. */
  settings?: GatewaySettings;
  /** Default: send queues are unknown. */
  measureSendQueues?: MeasureSendQueues;
  /** Bytes of memory for held bodies. Default: the configuration's default. */
  bodyMemory?: number;
  /** Limits of a caller without an account. Default: none. */
  addressLimits?: LimitHolder['limits'] | null;
  /** Returns the address of the client. Default: the peer of the connection. */
  clientAddress?: (raw: HttpRequest['raw']) => string;
  /** Aborted when another server has taken over. */
  leaving?: AbortSignal;
  /** Default: decisions are not traced. */
  trace?: Trace;
}

const NO_PATHS: ReadonlySet<string> = new Set();
const DEFAULTS = ConfigSchema.parse({}).gateway;
const BODY_MEMORY = DEFAULTS.body_memory_mb * 1024 * 1024;
const AS_CONFIGURED_BY_DEFAULT: GatewaySettings = {
  loadingKeepaliveSeconds: DEFAULTS.loading_keepalive,
  aliasesInModels: DEFAULTS.aliases_in_models,
};

/**
 * The routes to engines: `/v1/*` and some paths of llama-server by the request's model, `/api/instances/{name}/proxy/*` by name.
 *
 * They answer in `preParsing`, before Fastify reads the body and checks its content type: only the engine decides which
 * bodies are valid. So everything that must happen first, such as authentication, must be an `onRequest` hook.
 */
export function gatewayRoutes({
  instancesFor,
  clock,
  work,
  models = NO_MODELS,
  requests = new Requests({ clock }),
  engines,
  settings = AS_CONFIGURED_BY_DEFAULT,
  measureSendQueues = (_connections, found) => found(new Map()),
  bodyMemory = BODY_MEMORY,
  addressLimits = null,
  clientAddress: addressOf = clientAddresses([]),
  leaving,
  trace = NO_TRACE,
}: GatewayRoutesOptions): HttpPlugin {
  const crossings = engines?.names().flatMap((name) => engines.find(name)?.crossing ?? []) ?? [];
  return (app) => {
    const gateway = createGateway({
      clock,
      bodies: new Bodies({ clock, work, budget: new BodyBudget({ clock, bytes: bodyMemory }) }),
      requests,
      inferencePaths: (engine) => engines?.find(engine)?.inferencePaths ?? NO_PATHS,
      settings,
      measureSendQueues,
      closed: closedToCallers(crossings),
      trace,
    });
    leaving?.addEventListener('abort', () => gateway.rest());
    app.addHook('preClose', async () => gateway.close());
    app.setErrorHandler((thrown, request) => {
      if (request.isRecorded !== true) requests.noteRefusal(refusalOf(thrown, request, app.prefix, addressOf));
      // The handler of the whole server answers.
      throw thrown;
    });

    const serve = async (request: HttpRequest, reply: HttpReply, instance: string | null): Promise<void> => {
      const { caller, raw } = request;
      const account = accountOf(caller, addressOf, raw);
      const holders = instance === null ? limitHolders(caller, account, addressLimits) : NO_HOLDERS;
      const url = urlOf(request, app.prefix);
      const facts = { account, holders, url, instance, instances: instancesFor(caller), models };
      const context = new RequestContext(request, reply, facts);
      // Closes the connection of a caller whose credentials are revoked or expire.
      const stopWatching = watchWelcome(caller, clock, (reason) => {
        context.shutOut = reason;
        raw.socket.destroy();
      });
      try {
        await gateway.serve(raw, reply.raw, context);
      } finally {
        stopWatching();
      }
    };

    const serveModel = (request: HttpRequest, reply: HttpReply): Promise<void> => {
      if (request.upgradeHead === null) return serve(request, reply, null);
      throw new ApiError(
        'VALIDATION_ERROR',
        'This path has no WebSocket; /api/instances/NAME/proxy passes one to an engine.',
      );
    };
    route(app, PASS_THROUGH.inference, ['/v1/*'], serveModel);
    route(app, PASS_THROUGH.native, ENGINE_PATHS, serveModel);

    const proxyUrls = ['/api/instances/:name/proxy', '/api/instances/:name/proxy/*'];
    route(app, PASS_THROUGH.proxy, proxyUrls, (request, reply) => {
      const { name = '' } = request.params as { name?: string };
      return serve(request, reply, name);
    });
  };
}

function route(
  app: HttpApp,
  { id, permission, cost }: Access,
  urls: readonly string[],
  serve: (request: HttpRequest, reply: HttpReply) => Promise<void>,
): void {
  for (const url of urls) {
    app.route({
      method: app.supportedMethods.filter((method) => !NOT_PASSED.has(method)),
      url,
      exposeHeadRoute: false,
      config: { access: { id, permission, cost } },
      preParsing: async (request, reply) => {
        void reply.header('x-llamactl-source', 'llamactl');
        await serve(request, reply);
        reply.hijack();
      },
      handler: () => {
        throw new Error('a request for an engine went on after it had been answered');
      },
    });
  }
}

/** A request of fastify, as the gateway sees it. A class, so that requests share its methods. */
class RequestContext implements CallContext {
  readonly requestId: string;
  readonly caller: string;
  readonly author: RequestAuthor | null;
  readonly account: string;
  readonly holders: readonly LimitHolder[];
  readonly mayStart: boolean;
  readonly instances: GatewayInstances;
  readonly instance: string | null;
  readonly url: string;
  readonly upgradeHead: Buffer | null;
  readonly headers: string[];
  shutOut: ApiError | null = null;
  readonly #request: HttpRequest;
  readonly #reply: HttpReply;
  readonly #models: Pick<Models, 'named'>;

  constructor(
    request: HttpRequest,
    reply: HttpReply,
    {
      account,
      holders,
      url,
      instance,
      instances,
      models,
    }: Pick<CallContext, 'account' | 'holders' | 'url' | 'instance' | 'instances'> & { models: Pick<Models, 'named'> },
  ) {
    this.requestId = request.id;
    this.caller = request.caller?.subject ?? 'anonymous';
    this.author = authorOf(request.caller);
    this.account = account;
    this.holders = holders;
    this.mayStart = request.caller?.mayStart ?? false;
    this.instances = instances;
    this.#models = models;
    this.instance = instance;
    this.url = url;
    this.upgradeHead = request.upgradeHead;
    this.headers = ownHeaders(request, reply);
    this.#request = request;
    this.#reply = reply;
  }

  problemsInLibrary(model: string): readonly string[] | null {
    const { caller } = this.#request;
    const mayList = caller !== null && mayCall(caller, OPERATIONS.listModels.permission);
    return mayList ? (this.#models.named(model)?.problems ?? null) : null;
  }

  onAdmitted(headers: Admission['headers']): void {
    void this.#reply.headers(headers);
    for (const [name, value] of Object.entries(headers)) this.headers.push(name, value);
  }

  onRecord(): void {
    this.#request.isRecorded = true;
  }

  onLease(instance: string): void {
    this.#request.instance = instance;
  }
}

/** A request that was refused before it had a record, for the list of requests. */
function refusalOf(
  thrown: unknown,
  request: HttpRequest,
  prefix: string,
  addressOf: (raw: HttpRequest['raw']) => string,
): Refusal {
  const { id, caller, raw, method, routeOptions } = request;
  const { status, code, message } = asApiError(thrown);
  const isKnown = caller !== null && caller.kind !== 'anonymous';
  return {
    id,
    caller: isKnown ? caller.subject : accountOf(null, addressOf, raw),
    key: isKnown ? null : unknownKey(raw),
    door: routeOptions.config.access?.id === PASS_THROUGH.proxy.id ? 'proxy' : 'v1',
    method,
    path: urlOf(request, prefix),
    userAgent: raw.headers['user-agent'] ?? null,
    status,
    code,
    message,
  };
}

/** The beginning of the key that a request was refused with; `null`: it has none. */
function unknownKey({ headers: { authorization = '', 'x-api-key': apiKey } }: HttpRequest['raw']): string | null {
  const key = [authorization.replace(/^Bearer +/i, ''), apiKey].flat().find((text) => isKeySecret(text?.trim() ?? ''));
  return key === undefined ? null : keyPrefix(key.trim());
}

/** Id of the account, shared by all its keys and tokens, or else of the address. An IPv6 address counts as its /64. */
function accountOf(
  caller: Caller | null,
  addressOf: (raw: HttpRequest['raw']) => string,
  raw: HttpRequest['raw'],
): string {
  const userId = caller?.userId ?? null;
  return userId === null ? `address:${addressGroup(addressOf(raw))}` : `user:${userId}`;
}

function authorOf(caller: Caller | null): RequestAuthor | null {
  if (caller === null) return null;
  const { userId, username, credentialId, keyName } = caller;
  if (userId === null || username === null) return null;
  const key = credentialId === null || keyName === null ? null : { id: credentialId, name: keyName };
  return { account: { id: userId, name: username }, key };
}

/** Headers of all answers that this server makes itself. */
function ownHeaders(request: HttpRequest, reply: HttpReply): string[] {
  const headers = ['X-Request-Id', request.id];
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (name === 'x-request-id' || name === 'x-llamactl-source' || value === undefined) continue;
    if (Array.isArray(value)) for (const each of value) headers.push(name, each);
    else headers.push(name, String(value));
  }
  return headers;
}

/** Path and query of a request. Its target may begin with scheme and host (RFC 9112, 3.2.2). */
function urlOf({ raw }: HttpRequest, prefix: string): string {
  return (raw.url ?? '').replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/, '').slice(prefix.length);
}

const NO_HOLDERS: readonly LimitHolder[] = [];

/**
 * Returns the holders of the limits against which a request to `/v1` counts: its key and its account; without an
 * account, its address.
 *
 * @param account Id of account or address, as in `CallContext.account`.
 * @param addressLimits Limits of an address; `null`: none.
 * @returns empty for most requests, without any work
 */
function limitHolders(
  caller: Pick<Caller, 'subject' | 'username' | 'accountLimits' | 'keyLimits'> | null,
  account: string,
  addressLimits: LimitHolder['limits'] | null,
): readonly LimitHolder[] {
  const username = caller?.username ?? null;
  if (caller === null || username === null) {
    return addressLimits === null
      ? NO_HOLDERS
      : [{ id: account, name: account.replace(':', ' '), limits: addressLimits }];
  }
  const { subject, accountLimits, keyLimits } = caller;
  if (accountLimits === null && keyLimits === null) return NO_HOLDERS;
  const holders: LimitHolder[] = [];
  if (keyLimits !== null) holders.push({ id: subject, name: subject.replace(':', ' '), limits: keyLimits });
  if (accountLimits !== null) holders.push({ id: account, name: `account ${username}`, limits: accountLimits });
  return holders;
}

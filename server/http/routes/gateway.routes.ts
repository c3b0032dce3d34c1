import { ConfigSchema } from '@llamactl/contract/config';
import { ApiError } from '@llamactl/contract/errors';
import { PASS_THROUGH } from '@llamactl/contract/operations';
import type { RequestFigures } from '@llamactl/contract/requests';
import type { Caller } from '../../auth/caller.ts';
import { addressGroup } from '../../auth/address-group.ts';
import { Bodies } from '../../gateway/bodies.ts';
import { BodyBudget } from '../../gateway/body-budget.ts';
import { CallerLimits, type LimitHolder } from '../../gateway/caller-limits.ts';
import { closedToCallers } from '../../gateway/crossing.ts';
import { createGateway } from '../../gateway/gateway.ts';
import { isModelsUrl } from '../../gateway/models.ts';
import type { CallContext, GatewayInstances, GatewaySettings, MeasureSendQueues } from '../../gateway/ports.ts';
import { Requests } from '../../gateway/requests.ts';
import type { Engines } from '../../instances/ports/engine-adapter.ts';
import type { Clock } from '../../instances/ports/time.ts';
import { NO_TRACE, type Trace } from '../../instances/ports/trace.ts';
import type { SlicedWork } from '../../sliced-work.ts';
import type { Access } from '../edge/access.ts';
import { bodyMeter, bookedTokens, mayGenerate } from '../edge/booked-tokens.ts';
import { clientAddresses } from '../edge/client-address.ts';
import type { HttpApp, HttpPlugin, HttpReply, HttpRequest } from '../plugin.ts';
import { watchWelcome } from '../edge/welcome.ts';

/**
 * Methods that are not passed to engines: this server answers `OPTIONS`, and an engine that echoes a `TRACE` would
 * reveal its key.
 */
const NOT_PASSED: ReadonlySet<string> = new Set(['OPTIONS', 'TRACE']);

export interface GatewayRoutesParts {
  /** Returns the instances that a caller may see and start. */
  instancesFor: (caller: Caller | null) => GatewayInstances;
  clock: Clock;
  /** Scans large bodies. */
  work: SlicedWork;
  /** Record of the requests. Default: one that no route shows. */
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
  /** Aborts when another server has taken over. */
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

const NO_HOLDERS: readonly LimitHolder[] = [];

/**
 * The routes to engines: `/v1/*` by the request's model, `/api/instances/{name}/proxy/*` by name.
 *
 * They are served in `preParsing`, before the body is read and its content type is checked, because the engine decides
 * about bodies. So everything that must happen first, such as authentication, must be an `onRequest` hook.
 */
export function gatewayRoutes(parts: GatewayRoutesParts): HttpPlugin {
  const { instancesFor, clock, work, engines, settings, measureSendQueues, leaving } = parts;
  const {
    requests = new Requests({ clock }),
    bodyMemory = BODY_MEMORY,
    addressLimits = null,
    trace = NO_TRACE,
  } = parts;
  const addressOf = parts.clientAddress ?? clientAddresses([]);
  const crossings = engines?.names().flatMap((name) => engines.find(name)?.crossing ?? []) ?? [];
  return (app) => {
    const gateway = createGateway({
      clock,
      bodies: new Bodies({ clock, work, budget: new BodyBudget({ clock, bytes: bodyMemory }) }),
      requests,
      inferencePaths: (engine) => engines?.find(engine)?.inferencePaths ?? NO_PATHS,
      settings: settings ?? AS_CONFIGURED_BY_DEFAULT,
      measureSendQueues: measureSendQueues ?? ((_connections, found) => found(new Map())),
      closed: closedToCallers(crossings),
      trace,
    });
    leaving?.addEventListener('abort', () => gateway.rest());
    const limits = new CallerLimits(clock, trace);
    /**
     * Serves a request within the limits of its caller. The request counts as in flight from here to the end of its
     * answer, including all waiting. The list of models comes from memory and does not count.
     */
    const byModelWithin = async (request: HttpRequest, reply: HttpReply): Promise<void> => {
      const { caller, raw } = request;
      const account = accountOf(caller, addressOf, raw);
      const holders = limitHolders(caller, account, addressLimits);
      if (holders.length === 0 || isModelsUrl(urlOf(request, app.prefix))) {
        return gateway.byModel(raw, reply.raw, contextOf(request, reply, account));
      }
      const admission = limits.admit(holders, request.id);
      const bodyLength = bodyMeter(raw);
      let tokens = 0;
      try {
        void reply.headers(admission.headers);
        const onOver = (figures: RequestFigures): void => {
          const speed = figures.instance === null ? 0 : requests.speedOf(figures.instance);
          tokens = bookedTokens(figures, bodyLength(), speed, mayGenerate(raw));
        };
        await gateway.byModel(raw, reply.raw, { ...contextOf(request, reply, account), onOver });
      } finally {
        admission.end(tokens);
      }
    };
    /** Closes the connection of a caller whose credentials are revoked or expire. */
    const guard = ({ caller, raw }: HttpRequest): (() => void) =>
      watchWelcome(caller, clock, () => raw.socket.destroy());
    const contextOf = (
      request: HttpRequest,
      reply: HttpReply,
      account = accountOf(request.caller, addressOf, request.raw),
    ): CallContext => ({
      requestId: request.id,
      caller: request.caller?.subject ?? 'anonymous',
      account,
      instances: instancesFor(request.caller),
      mayStart: request.caller?.mayStart ?? false,
      url: urlOf(request, app.prefix),
      headers: ownHeaders(request, reply),
      onLease: (instance) => {
        request.instance = instance;
      },
    });
    let isClosing = false;
    app.addHook('preClose', async () => {
      isClosing = true;
      gateway.close();
    });
    // An answer in flight announced a connection that stays open, and an idle connection keeps the server from closing.
    app.addHook('onResponse', async ({ raw }, reply) => {
      if (isClosing && reply.raw.writableFinished) raw.socket.destroySoon();
    });

    route(app, PASS_THROUGH.inference, ['/v1/*'], async (request, reply) => {
      if (request.upgradeHead !== null) {
        throw new ApiError(
          'VALIDATION_ERROR',
          '/v1 has no WebSocket; /api/instances/NAME/proxy passes one to an engine.',
        );
      }
      const leave = guard(request);
      try {
        await byModelWithin(request, reply);
      } finally {
        leave();
      }
    });

    route(
      app,
      PASS_THROUGH.proxy,
      ['/api/instances/:name/proxy', '/api/instances/:name/proxy/*'],
      async (request, reply) => {
        const { name: instance = '' } = request.params as { name?: string };
        const context = { ...contextOf(request, reply), instance };
        const { upgradeHead } = request;
        const leave = guard(request);
        try {
          if (upgradeHead === null) await gateway.byName(request.raw, reply.raw, context);
          else await gateway.webSocket(request.raw, reply.raw, upgradeHead, context);
        } finally {
          leave();
        }
      },
    );
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

/** Id of the account, which all its keys and tokens share, or of the address. An IPv6 address counts as its /64. */
function accountOf(
  caller: Caller | null,
  addressOf: (raw: HttpRequest['raw']) => string,
  raw: HttpRequest['raw'],
): string {
  const userId = caller?.userId ?? null;
  return userId === null ? `address:${addressGroup(addressOf(raw))}` : `user:${userId}`;
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

/**
 * Returns the holders of limits that a request to `/v1` counts to: its key and its account; without an account, its
 * address.
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

import type { IncomingMessage } from 'node:http';
import type { Config } from '@llamactl/contract/config';
import { ApiError, retryIn } from '@llamactl/contract/errors';
import { PASS_THROUGH } from '@llamactl/contract/operations';
import type { HttpReply, HttpRequest } from '../plugin.ts';
import { headerValues, isWebSocket, pathOf } from '../target.ts';
import { counterpartOf, neighbourAt } from './neighbour-paths.ts';
import { type Area, isAllowedOrigin, judgeOrigin, type OwnNames } from './origin.ts';

/** Whether the server accepts requests; the probes report it too. */
export type Readiness = 'ok' | 'starting' | 'stopping';

/** Longest URL in UTF-16 units, which are bytes in a request line. Longer URLs get an error, and are not cut off. */
export const LONGEST_URL = 8_192;

const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz', '/health']);
/** A path of llama-swap. */
const UNLOAD = /^\/api\/models\/unload\/?$/;
const EMPTY_STEP = /\/(?:\/|$)/;
/** Answer to `OPTIONS *`. */
const ALL_METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'];
/** About how long this server takes to start. */
const START_SECONDS = 1;

/** The first check of every request: decides whether it is processed at all. */
export class Admission {
  readonly #own: OwnNames;
  readonly #routes: RouteTable;
  readonly #readiness: () => Readiness;
  /** Prefix of all paths as callers see them; empty: none. */
  readonly #basePath: string;
  /** Empty: unknown. */
  readonly #publicUrl: string;

  constructor(
    own: OwnNames,
    routes: RouteTable,
    readiness: () => Readiness,
    { base_path: basePath, public_url: publicUrl }: Pick<Config['server'], 'base_path' | 'public_url'>,
  ) {
    this.#own = own;
    this.#routes = routes;
    this.#readiness = readiness;
    this.#basePath = basePath.replace(/\/+$/, '');
    this.#publicUrl = publicUrl.replace(/\/+$/, '');
  }

  /**
   * Throws the refusal, if there is one. True when the request has been answered here. A request with a wrong Host or
   * Origin does not learn whether its path exists.
   */
  admit(request: HttpRequest, reply: HttpReply): boolean {
    const path = pathOf(request.raw.url ?? '');
    this.judge(request.raw, areaOf(request));
    this.#allowOrigin(request, reply);
    if (request.method === 'OPTIONS') {
      this.#answerOptions(request, reply, path === '*' ? ALL_METHODS : this.#routes.methodsOf(path));
      return true;
    }
    if (this.#isElsewhere(request, path)) throw this.refusalOf(request);
    this.#refuseUnlessReady(path);
    return false;
  }

  /**
   * Applies the rules that need only the header; also for requests whose URL the router cannot read.
   *
   * @param area From the router; default: no engine is behind the route.
   */
  judge(raw: IncomingMessage, area: Area = 'other'): void {
    if ((raw.url ?? '').length > LONGEST_URL) {
      throw new ApiError('URI_TOO_LONG', `The URL is longer than ${LONGEST_URL} bytes.`);
    }
    const refusal = judgeOrigin(
      {
        area,
        method: raw.method ?? '',
        target: raw.url ?? '',
        httpVersion: raw.httpVersion,
        hosts: headerValues(raw, 'host'),
        origin: raw.headers.origin,
        referer: raw.headers.referer,
        fetchSite: joined(raw.headers['sec-fetch-site']),
        fetchDest: joined(raw.headers['sec-fetch-dest']),
        isWebSocket: isWebSocket(raw),
      },
      this.#own,
    );
    if (refusal !== null) throw refusal;
  }

  /** Returns 404 or, when the path is known, 405. */
  refusalOf(request: HttpRequest): ApiError {
    const path = pathOf(request.raw.url ?? '');
    const methods = this.#routes.methodsOf(path);
    // llama-swap's POST /api/models/unload looks like a model of ours.
    if (methods.length === 0 || neighbourAt(request.method, path) !== null) return this.notFound(request);
    const allow = methods.join(', ');
    const sentence = `${request.method} does not work on ${shortened(path)}; allowed: ${allow}.`;
    return new ApiError('METHOD_NOT_ALLOWED', sentence, { headers: { allow } });
  }

  notFound({ raw, protocol, host }: HttpRequest): ApiError {
    const path = pathOf(raw.url ?? '');
    const neighbour = neighbourAt(raw.method ?? '', path);
    if (neighbour !== null) {
      const base = this.#publicUrl === '' ? `${protocol}://${host}${this.#basePath}` : this.#publicUrl;
      const found = counterpartOf(path, neighbour);
      const counterpart = found === null ? null : shortened(found);
      const ways = [
        ...(counterpart === '' ? ['it has no counterpart'] : []),
        ...(!counterpart ? [] : [`its counterpart is ${counterpart.replace('/', `${this.#basePath}/`)}`]),
        ...(neighbour.note === undefined ? [] : [neighbour.note]),
        ...(counterpart?.includes(' /v1/') !== false ? [`the base URL for OpenAI clients is ${base}/v1`] : []),
      ];
      return new ApiError('NOT_FOUND', `Nothing answers at ${shortened(path)}, ${neighbour.what}; ${ways.join('; ')}.`);
    }
    const isSlashTooMuch = this.#routes.methodsOf(path.replace(/\/+$/, '')).length > 0;
    const hint = isSlashTooMuch
      ? 'leave out the slash at its end'
      : `${this.#basePath}/docs lists all paths, ${this.#basePath}/api/openapi.json the same for programs`;
    return new ApiError('NOT_FOUND', `Nothing answers at ${shortened(path)}; ${hint}.`);
  }

  /**
   * Whether no route fits: the router found none, or matched one by mistake. Example: `/api/instances/` names no
   * instance.
   */
  #isElsewhere(request: HttpRequest, path: string): boolean {
    if (request.is404 || this.#routes.isTaken(path, request.routeOptions.url ?? '')) return true;
    // It matches the route of a model, and no model has this id.
    if (UNLOAD.test(path)) return true;
    return EMPTY_STEP.test(path) && this.#routes.methodsOf(path).length === 0;
  }

  #allowOrigin(request: HttpRequest, reply: HttpReply): void {
    const { origin } = request.headers;
    if (origin !== undefined && isAllowedOrigin(origin, this.#own)) reply.headers(corsHeaders(origin));
  }

  #answerOptions(request: HttpRequest, reply: HttpReply, methods: readonly string[]): void {
    const { origin, 'access-control-request-headers': asked } = request.headers;
    if (methods.length === 0) throw this.notFound(request);
    const isPreflight = request.headers['access-control-request-method'] !== undefined;
    if (isPreflight && origin !== undefined && isAllowedOrigin(origin, this.#own)) {
      reply.headers(preflightHeaders(methods, asked));
    }
    void reply.code(204).header('allow', methods.join(', ')).send();
  }

  #refuseUnlessReady(path: string): void {
    const readiness = this.#readiness();
    if (readiness === 'ok' || PROBES.has(path)) return;
    if (readiness === 'stopping') throw new ApiError('SHUTTING_DOWN', 'llamactl is stopping.');
    throw new ApiError('SHUTTING_DOWN', 'llamactl is still starting; try again in a moment.', retryIn(START_SECONDS));
  }
}

/** Decides by the route and not by the path, because the router decodes the path. */
function areaOf({ routeOptions }: HttpRequest): Area {
  const { id, credentials } = routeOptions.config.access ?? {};
  if (id === PASS_THROUGH.inference.id || id === PASS_THROUGH.native.id) return 'inference';
  if (id === PASS_THROUGH.proxy.id) return 'proxy';
  return credentials === 'cookie' || credentials === 'cookie setter' ? 'browser' : 'other';
}

/** Joins a repeated header, so that it equals none of the values that browsers send. */
function joined(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

function shortened(path: string): string {
  return path.length > 200 ? `${path.slice(0, 200)}…` : path;
}

interface Route {
  steps: readonly string[];
  methods: Set<string>;
}

/** The known paths with their methods. Distinguishes an unknown path (404) from a wrong method (405). */
export class RouteTable {
  /** By pattern. */
  readonly #routes = new Map<string, Route>();

  /** @param pattern In the router's syntax: `/api/instances/:name`, `/v1/*`. */
  add(methods: string | readonly string[], pattern: string): void {
    const route = this.#routes.get(pattern) ?? { steps: pattern.split('/'), methods: new Set() };
    for (const method of [methods].flat()) route.methods.add(method);
    this.#routes.set(pattern, route);
  }

  /** The methods of a path, sorted, including `OPTIONS`; empty for an unknown path. */
  methodsOf(path: string): string[] {
    const steps = path.split('/').map(decoded);
    const fitting = [...this.#routes.values()].filter((route) => fits(route.steps, steps));
    // The pattern with the fewest variables fits best.
    const [best] = fitting.sort((a, b) => wildness(a.steps) - wildness(b.steps));
    return best === undefined
      ? []
      : [...best.methods]
          .filter((method) => method !== 'OPTIONS')
          .concat('OPTIONS')
          .sort();
  }

  /**
   * Whether a path that matched a variable pattern is in fact a fixed path, which has only other methods. Example:
   * `GET /api/instances/start-all` does not name an instance.
   */
  isTaken(path: string, pattern: string): boolean {
    return pattern.includes(':') && this.#routes.has(path.split('/').map(decoded).join('/')) && !/[:*]/.test(path);
  }
}

function fits(pattern: readonly string[], steps: readonly string[]): boolean {
  const isOpen = pattern.at(-1) === '*';
  if (isOpen ? steps.length < pattern.length : steps.length !== pattern.length) return false;
  return pattern.every((step, index) => {
    const given = steps[index] ?? '';
    return step === '*' || (step.startsWith(':') ? given !== '' : step === given);
  });
}

function wildness(pattern: readonly string[]): number {
  return pattern.reduce((sum, step) => sum + (step === '*' ? 100 : step.startsWith(':') ? 1 : 0), 0);
}

/** Decodes a step of a path. A step that cannot be decoded stays as it is, and so matches no route. */
function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch (error) {
    if (error instanceof URIError) return step;
    throw error;
  }
}

/** Response headers that a page of another origin may read. */
const EXPOSED = [
  'ETag, Location, Retry-After, X-Llamactl-Source, X-Request-Id',
  'X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset',
  'X-RateLimit-Limit-Requests, X-RateLimit-Remaining-Requests, X-RateLimit-Reset-Requests',
  'X-RateLimit-Limit-Tokens, X-RateLimit-Remaining-Tokens, X-RateLimit-Reset-Tokens',
].join(', ');
const HEADER_NAMES = /^[A-Za-z0-9-]+(?:\s*,\s*[A-Za-z0-9-]+)*$/;
/** Seconds that a browser may cache the answer to a preflight. */
const MAX_AGE = 600;

/** The CORS headers of every answer to a page of an allowed origin. */
function corsHeaders(origin: string): Record<string, string> {
  return { 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED, vary: 'Origin' };
}

/**
 * The headers of a preflight's answer, in addition to {@link corsHeaders}. The page is trusted, so it may send all
 * headers that it requests.
 *
 * @param methods Methods of the path.
 * @param requestedHeaders Value of `Access-Control-Request-Headers`.
 */
function preflightHeaders(methods: readonly string[], requestedHeaders: string | undefined): Record<string, string> {
  const isRequested = requestedHeaders !== undefined && HEADER_NAMES.test(requestedHeaders);
  return {
    'access-control-allow-methods': methods.join(', '),
    ...(isRequested ? { 'access-control-allow-headers': requestedHeaders } : {}),
    // A page on the network may call a server on this machine only if the server says so.
    'access-control-allow-private-network': 'true',
    'access-control-max-age': String(MAX_AGE),
  };
}

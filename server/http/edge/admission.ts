import type { IncomingMessage } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import { PASS_THROUGH } from '@llamactl/contract/operations';
import { corsHeaders, preflightHeaders } from './cors.ts';
import { type Area, isAllowedOrigin, judgeOrigin, type OwnNames } from './origin.ts';
import type { HttpReply, HttpRequest } from '../plugin.ts';
import type { RouteTable } from '../route-table.ts';
import { headerValues, isWebSocket, pathOf } from '../target.ts';

/** Whether the server accepts requests; the probes report it too. */
export type Readiness = 'ok' | 'starting' | 'stopping';

/** In UTF-16 units, which are bytes in a request line. Longer URLs get an error, and are not cut off. */
export const LONGEST_URL = 8_192;

const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz', '/health']);
const EMPTY_STEP = /\/(?:\/|$)/;
/** Answer to `OPTIONS *`. */
const ALL_METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'];
/** Seconds; about the duration of a start. */
const RETRY_AFTER = 1;

/** The first check of every request: decides whether it is processed at all. */
export class Admission {
  readonly #own: OwnNames;
  readonly #routes: RouteTable;
  readonly #readiness: () => Readiness;
  readonly #basePath: string;

  /** @param basePath Prefix of all paths as callers see them; `/`: no prefix. */
  constructor(own: OwnNames, routes: RouteTable, readiness: () => Readiness, basePath: string) {
    this.#own = own;
    this.#routes = routes;
    this.#readiness = readiness;
    this.#basePath = basePath.replace(/\/+$/, '');
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
    if (this.#isElsewhere(request, path)) {
      if (!isBrowserAtRoot(request, path)) throw this.refusalOf(request);
      this.#leadToDocs(reply);
      return true;
    }
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
    if (methods.length === 0) return this.notFound(path);
    const allow = methods.join(', ');
    const sentence = `${request.method} does not work on ${shortened(path)}; allowed: ${allow}.`;
    return new ApiError('METHOD_NOT_ALLOWED', sentence, { headers: { allow } });
  }

  notFound(path: string): ApiError {
    const isSlashTooMuch = this.#routes.methodsOf(path.replace(/\/+$/, '')).length > 0;
    const hint = isSlashTooMuch
      ? 'leave out the slash at its end'
      : `${this.#basePath}/docs lists all paths, ${this.#basePath}/api/openapi.json the same for programs`;
    return new ApiError('NOT_FOUND', `Nothing answers at ${shortened(path)}; ${hint}.`);
  }

  /**
   * Whether the router matched a route by mistake, which counts as not found. Example: `/api/instances/` names no
   * instance.
   */
  #isElsewhere(request: HttpRequest, path: string): boolean {
    if (request.is404 || this.#routes.isTaken(path, request.routeOptions.url ?? '')) return true;
    return EMPTY_STEP.test(path) && this.#routes.methodsOf(path).length === 0;
  }

  /** The printed address of a server has no page of its own, and people click on it. */
  #leadToDocs(reply: HttpReply): void {
    const headers = { location: `${this.#basePath}/docs`, vary: 'Accept', 'cache-control': 'no-store' };
    void reply.code(302).headers(headers).send();
  }

  #allowOrigin(request: HttpRequest, reply: HttpReply): void {
    const { origin } = request.headers;
    if (origin !== undefined && isAllowedOrigin(origin, this.#own)) reply.headers(corsHeaders(origin));
  }

  #answerOptions(request: HttpRequest, reply: HttpReply, methods: readonly string[]): void {
    const { origin, 'access-control-request-headers': asked } = request.headers;
    if (methods.length === 0) throw this.notFound(pathOf(request.raw.url ?? ''));
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
    throw new ApiError('SHUTTING_DOWN', 'llamactl is still starting; try again in a moment.', {
      headers: { 'retry-after': String(RETRY_AFTER) },
    });
  }
}

function isBrowserAtRoot({ method, headers }: HttpRequest, path: string): boolean {
  return path === '/' && (method === 'GET' || method === 'HEAD') && /\btext\/html\b/i.test(headers.accept ?? '');
}

/** Decides by the route and not by the path, because the router decodes the path. */
function areaOf({ routeOptions }: HttpRequest): Area {
  const id = routeOptions.config.access?.id;
  if (id === PASS_THROUGH.inference.id) return 'inference';
  return id === PASS_THROUGH.proxy.id ? 'proxy' : 'other';
}

/** Joins a repeated header, so that it equals none of the values that browsers send. */
function joined(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

function shortened(path: string): string {
  return path.length > 200 ? `${path.slice(0, 200)}…` : path;
}

import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { ApiError } from '@llamactl/contract/errors';
import { codeOf, reasonOf } from '@llamactl/contract/reason';
import type { z } from 'zod';
import { type OutgoingAgents, outgoingAgents } from './outgoing-agents.ts';
import { isPublicAddress, NotPublicError, publicLookup, seemsPublic } from './public-address.ts';

/** An answer of another machine, whatever its status. */
export interface RemoteAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface RemoteRequest {
  method?: 'GET' | 'HEAD';
  headers?: Readonly<Record<string, string>>;
  /** Longest body that is read, in bytes. */
  mostBytes: number;
  /**
   * `same origin`: follows redirects within the origin, with the headers; refuses others. `public`: follows `https:` redirects to
   * any public address, without the headers, and refuses every address that is not public. `none`: returns a redirect.
   */
  redirects: 'same origin' | 'public' | 'none';
  signal: AbortSignal;
}

/** Sends requests to other machines. */
export interface RequestSender {
  /**
   * Sends a request, and returns the whole answer. Rejects with the reason of the signal if that aborts.
   *
   * @throws {ApiError} `HUB_ERROR` when no answer comes, or none that fits the request
   */
  send(url: URL, request: RemoteRequest): Promise<RemoteAnswer>;
}

export interface RemoteRequestsOptions {
  /** Of the server: proxies, certificates, `HF_HUB_OFFLINE`. */
  environment: Readonly<Record<string, string | undefined>>;
  version: string;
  /** Longest time for one answer. */
  timeoutMs?: number;
}

const TIMEOUT_MS = 30_000;
const MOST_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** The values of `HF_HUB_OFFLINE` that Hugging Face's programs accept. */
const ON = /^(?:1|on|yes|true)$/i;

/** Why nothing is fetched while {@link isOffline}. */
export const OFFLINE = 'HF_HUB_OFFLINE is set, so llamactl sends no requests for models.';

/** Whether the user has forbidden requests for models. */
export function isOffline(environment: RemoteRequestsOptions['environment']): boolean {
  return ON.test(environment['HF_HUB_OFFLINE'] ?? '');
}

/** Sends small requests to the machines that models come from. Bounds each answer in size and time. */
export class RemoteRequests implements RequestSender {
  readonly #agents: OutgoingAgents;
  readonly #isOffline: boolean;
  readonly #userAgent: string;
  readonly #timeoutMs: number;

  constructor({ environment, version, timeoutMs = TIMEOUT_MS }: RemoteRequestsOptions) {
    this.#agents = outgoingAgents(environment);
    this.#isOffline = isOffline(environment);
    this.#userAgent = `llamactl/${version}`;
    this.#timeoutMs = timeoutMs;
  }

  async send(url: URL, request: RemoteRequest): Promise<RemoteAnswer> {
    if (this.#isOffline) throw new ApiError('HUB_ERROR', OFFLINE);
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const signal = AbortSignal.any([request.signal, timeout]);
    let target = url;
    let headers = request.headers ?? {};
    try {
      for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
        if (request.redirects === 'public') await this.#assertPublic(target);
        const answer = await this.#sendOnce(target, { ...request, headers, signal });
        const { location } = answer.headers;
        if (!REDIRECTS.has(answer.status) || location === undefined || request.redirects === 'none') return answer;
        const next = redirected(target, location, request.redirects);
        if (next.origin !== target.origin) headers = {};
        target = next;
      }
    } catch (error) {
      request.signal.throwIfAborted();
      if (timeout.aborted) throw failure(target, `it did not answer within ${this.#timeoutMs / 1_000} s`, error);
      throw error instanceof ApiError ? error : failure(target, codeOf(error) ?? reasonOf(error), error);
    }
    throw failure(target, `it redirects more than ${MOST_REDIRECTS} times`);
  }

  /** For a direct connection to a name, {@link publicLookup} checks the address that is connected to. */
  async #assertPublic({ hostname, protocol, host }: URL): Promise<void> {
    const address = hostname.replace(/^\[|\]$/g, '');
    if (protocol !== 'https:') throw new ApiError('HUB_ERROR', `${host} would be asked without https.`);
    if (isIP(address) !== 0 && !isPublicAddress(address)) throw notPublic(host);
    if (this.#agents.isProxied && !(await seemsPublic(address))) throw notPublic(host);
  }

  async #sendOnce(target: URL, request: RemoteRequest): Promise<RemoteAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const options: https.RequestOptions = {
      method: request.method ?? 'GET',
      // With a proxy, this would judge the address of the proxy.
      ...(request.redirects === 'public' && !this.#agents.isProxied ? { lookup: publicLookup } : {}),
      agent: this.#agents.of(target),
      headers: { 'accept-encoding': 'identity', 'user-agent': this.#userAgent, ...request.headers },
      signal: request.signal,
    };
    const outgoing = target.protocol === 'https:' ? https.request(target, options) : http.request(target, options);
    outgoing.on('response', resolve);
    outgoing.on('error', (error) => reject(error instanceof NotPublicError ? notPublic(target.host) : error));
    outgoing.end();
    const incoming = await promise;
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > request.mostBytes) throw failure(target, `its answer is longer than ${request.mostBytes} bytes`);
      chunks.push(chunk);
    }
    return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) };
  }
}

/** Reads the JSON of an answer. @throws {ApiError} `HUB_ERROR` when it is not as expected */
export function jsonOf<Schema extends z.ZodType>(answer: RemoteAnswer, schema: Schema, host: string): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(answer.body.toString('utf8'));
  } catch (error) {
    throw unexpected(host, reasonOf(error));
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unexpected(host, issue === undefined ? '' : `${issue.path.join('.')}: ${issue.message}`);
}

function unexpected(host: string, details: string): ApiError {
  return new ApiError('HUB_ERROR', `${host} sent an answer that llamactl does not understand.`, {
    details: details.slice(0, 200),
  });
}

function redirected(from: URL, location: string, redirects: 'same origin' | 'public'): URL {
  if (!URL.canParse(location, from.href)) throw failure(from, 'it redirects to an invalid address');
  const next = new URL(location, from);
  if (redirects === 'same origin' && next.origin !== from.origin) {
    throw failure(from, `it redirects to another server, ${next.host}`);
  }
  return next;
}

function failure({ host }: URL, reason: string, cause?: unknown): ApiError {
  return new ApiError('HUB_ERROR', `The request to ${host} failed: ${reason}.`, { cause });
}

function notPublic(host: string): ApiError {
  return new ApiError(
    'HUB_ERROR',
    `${host} is an address of this machine or of a private network, from which llamactl downloads nothing.`,
  );
}

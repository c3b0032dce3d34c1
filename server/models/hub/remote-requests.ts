import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { ApiError } from '@llamactl/contract/errors';
import { codeOf, reasonOf } from '@llamactl/contract/reason';
import { connectionFault } from './connection-fault.ts';
import { isOn } from './hub-switches.ts';
import { type OutgoingAgents, outgoingAgents } from './outgoing-agents.ts';
import { type AddressRules, INTERNET, NotPublicError, publicLookup, seemsPublic } from './public-address.ts';

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
   * any public address, to another origin without the headers, and refuses every address that is not public. `to the edge`:
   * follows redirects within the origin, with the headers, and returns the first one that leaves it.
   */
  redirects: 'same origin' | 'public' | 'to the edge';
  signal: AbortSignal;
}

/** Sends requests to other machines. */
export interface RequestSender {
  /**
   * Sends a request, and returns the whole answer. Rejects with the reason of the signal if that aborts.
   *
   * @throws {ApiError} `HUB_ERROR` when no answer comes, or none that fits the request; `VALIDATION_ERROR` when the address of a
   *   `public` request is not public
   */
  send(url: URL, request: RemoteRequest): Promise<RemoteAnswer>;
}

export interface RemoteRequestsOptions {
  /** Of the server: proxies, certificates, `HF_HUB_OFFLINE`. */
  environment: Readonly<Record<string, string | undefined>>;
  version: string;
  /** Longest time for one answer. */
  timeoutMs?: number;
  /** Which hosts are public. Default: those of the internet. */
  rules?: AddressRules;
  /** The setting that names the server with this origin, for messages; `null`: none does. Default: none for any. */
  settingOf?: (origin: string) => string | null;
}

const TIMEOUT_MS = 30_000;
const MOST_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Why nothing is fetched while {@link isOffline}. */
export const OFFLINE = 'HF_HUB_OFFLINE is set, so llamactl sends no requests for models.';

/** Whether the user has forbidden requests for models. */
export function isOffline(environment: RemoteRequestsOptions['environment']): boolean {
  return isOn(environment['HF_HUB_OFFLINE']);
}

/** Sends small requests to the machines that models come from. Bounds each answer in size and time. */
export class RemoteRequests implements RequestSender {
  readonly #agents: OutgoingAgents;
  readonly #isOffline: boolean;
  readonly #userAgent: string;
  readonly #timeoutMs: number;
  readonly #rules: AddressRules;
  readonly #settingOf: (origin: string) => string | null;

  constructor({
    environment,
    version,
    timeoutMs = TIMEOUT_MS,
    rules = INTERNET,
    settingOf = () => null,
  }: RemoteRequestsOptions) {
    this.#agents = outgoingAgents(environment);
    this.#isOffline = isOffline(environment);
    this.#userAgent = `llamactl/${version}`;
    this.#timeoutMs = timeoutMs;
    this.#rules = rules;
    this.#settingOf = settingOf;
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
        if (!REDIRECTS.has(answer.status) || location === undefined) return answer;
        const next = URL.parse(location, target.href);
        if (next === null) throw failure(target, 'it redirects to an invalid address');
        if (next.origin !== target.origin) {
          if (request.redirects === 'to the edge') return answer;
          if (request.redirects === 'same origin')
            throw failure(target, `it redirects to another server, ${next.host}`);
          headers = {};
        }
        target = next;
      }
    } catch (error) {
      request.signal.throwIfAborted();
      if (error instanceof NotPublicError) throw notPublic(target, target === url);
      if (timeout.aborted) throw failure(target, `it did not answer within ${this.#timeoutMs / 1_000} s`, error);
      if (error instanceof ApiError) throw error;
      const fault = connectionFault(error, {
        host: target.host,
        isProxied: this.#agents.isProxied,
        setting: this.#settingOf(target.origin),
      });
      if (fault !== null) throw new ApiError('HUB_ERROR', fault, { cause: error });
      throw failure(target, codeOf(error) ?? reasonOf(error), error);
    }
    throw failure(target, `it redirects more than ${MOST_REDIRECTS} times`);
  }

  /**
   * Judges a host before the request. For a name that is connected to directly, {@link publicLookup} judges the address of the
   * connection itself; a proxy resolves names itself, so that our own resolution counts.
   */
  async #assertPublic({ hostname, protocol, host }: URL): Promise<void> {
    const address = hostname.replace(/^\[|\]$/g, '');
    if (protocol !== 'https:') throw new ApiError('HUB_ERROR', `llamactl asks ${host} with https only.`);
    if (isIP(address) !== 0) {
      if (!this.#rules.isPublic(address)) throw new NotPublicError(host);
    } else if (this.#agents.isProxied && !(await seemsPublic(address, this.#rules))) throw new NotPublicError(host);
  }

  async #sendOnce(target: URL, request: RemoteRequest): Promise<RemoteAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const options: https.RequestOptions = {
      method: request.method ?? 'GET',
      ...(request.redirects === 'public' ? { lookup: publicLookup(this.#rules) } : {}),
      agent: this.#agents.of(target),
      headers: { 'accept-encoding': 'identity', 'user-agent': this.#userAgent, ...request.headers },
      signal: request.signal,
    };
    const outgoing = target.protocol === 'https:' ? https.request(target, options) : http.request(target, options);
    outgoing.on('response', resolve);
    // Node closes the connection without an error if the answer switches to another protocol.
    outgoing.on('close', () => reject(new Error('it sent no answer to this request')));
    outgoing.on('error', reject);
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

function failure({ host }: URL, reason: string, cause?: unknown): ApiError {
  return new ApiError('HUB_ERROR', `The request to ${host} failed: ${reason}.`, { cause });
}

/** @param isGiven The reference of the caller names this address, not a redirect. */
function notPublic({ host }: URL, isGiven: boolean): ApiError {
  return new ApiError(
    isGiven ? 'VALIDATION_ERROR' : 'HUB_ERROR',
    `${host} is an address of this machine or of a private network, from which llamactl downloads nothing.`,
  );
}

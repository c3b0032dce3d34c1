import { lookup, promises } from 'node:dns';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { type OutgoingAgents, outgoingAgents } from '../hub/outgoing-agents.ts';
import { isPublicAddress, seemsPublic } from '../hub/public-address.ts';

/** A request that this program does not make, or an answer that it does not take. A retry would end in the same way. */
export class RemoteRefusal extends Error {
  override readonly name = 'RemoteRefusal';
}

export interface RemoteReaderOptions {
  /** Absolute, `http:` or `https:`. */
  url: string;
  /** Credentials and the like, sent to the origin of `url` alone. */
  headers: Readonly<Record<string, string>>;
  /** Variables with proxies and authorities. */
  environment: Readonly<Record<string, string | undefined>>;
  /** A connection without a byte for this time is broken. */
  stallMs: number;
  /** Origins of the endpoints in the configuration, which may have addresses that are not public. Default: none. */
  endpoints?: readonly string[] | undefined;
  /** Default: {@link isPublicAddress}. */
  isPublic?: ((address: string) => boolean) | undefined;
}

/** An answer whose body the caller reads or destroys. */
export interface RemoteAnswer {
  answer: IncomingMessage;
  /** It comes from the remembered address of an earlier redirect, which may have expired. */
  isRemembered: boolean;
}

/** Most redirects of one request. */
const MOST_HOPS = 5;
/** Statuses that send a GET to another address. */
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Longest body of a redirect that is read, so that its connection can be used again, in bytes. */
const SHORT_BODY = 16_384;

/**
 * Reads one file of another machine by GET requests, and follows redirects: to https only, unless the file's own URL is http;
 * only to public addresses, unless the file lies at a configured endpoint without a public address. A proxy resolves names
 * itself; then our own resolution of them counts. The last address is remembered, because hubs limit how often they are asked.
 */
export class RemoteReader {
  readonly #options: RemoteReaderOptions;
  readonly #origin: URL;
  readonly #agents: OutgoingAgents;
  readonly #isPublic: (address: string) => boolean;
  /** The user chose the file's own host in the configuration. References have https always, so plain http is such a choice. */
  readonly #isChosen: boolean;
  /** Redirects may lead to addresses that are not public. Decided once, at the first redirect; `null`: not yet. */
  #mayBeInner: boolean | null = null;
  /** Where the file was last found, after redirects; `null`: unknown. */
  #found: URL | null = null;

  /** @throws {RemoteRefusal} the URL is not one of http or https */
  constructor(options: RemoteReaderOptions) {
    this.#options = options;
    const origin = URL.parse(options.url);
    if (origin === null || !isHttp(origin)) throw new RemoteRefusal('The URL of the file is neither http nor https.');
    this.#origin = origin;
    this.#isPublic = options.isPublic ?? isPublicAddress;
    this.#isChosen = origin.protocol === 'http:' || (options.endpoints ?? []).includes(origin.origin);
    const isInner = isIP(hostOf(origin)) !== 0 && !this.#isPublic(hostOf(origin));
    if (isInner && !this.#isChosen) throw innerRefusal(origin.host, 'has');
    this.#agents = outgoingAgents(options.environment, { keepAlive: true });
  }

  /** Asks the file's own URL the next time. */
  forget(): void {
    this.#found = null;
  }

  /**
   * Rejects with a {@link RemoteRefusal}, or with Node's error of a connection.
   */
  async get(headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<RemoteAnswer> {
    const isRemembered = this.#found !== null;
    let url = this.#found ?? this.#origin;
    for (let hop = 0; ; hop += 1) {
      const answer = await this.#ask(url, headers, signal);
      const next = locationOf(answer, url);
      if (next === null) {
        this.#found = url === this.#origin ? null : url;
        return { answer, isRemembered };
      }
      const isShort = Number(answer.headers['content-length'] ?? Infinity) <= SHORT_BODY;
      if (isShort) answer.resume();
      else answer.destroy();
      if (hop === MOST_HOPS) throw new RemoteRefusal(`${this.#origin.host} redirects more than ${MOST_HOPS} times.`);
      await this.#checkRedirect(next);
      url = next;
    }
  }

  close(): void {
    this.#agents.close();
  }

  async #checkRedirect(url: URL): Promise<void> {
    const { host, protocol } = this.#origin;
    this.#mayBeInner ??= await this.#isInnerEndpoint();
    const isAllowed = url.protocol === 'https:' || (url.protocol === 'http:' && protocol === 'http:');
    if (!isAllowed || url.username !== '' || url.password !== '')
      throw new RemoteRefusal(`${host} redirects to an address that is not plain https.`);
    const isLiteral = isIP(hostOf(url)) !== 0;
    const isInner = isLiteral
      ? !this.#isPublic(hostOf(url))
      : this.#agents.isProxied && !(await seemsPublic(hostOf(url)));
    if (isInner && !this.#mayBeInner) throw innerRefusal(host, 'redirects to');
  }

  /** Whether the file's own host is a configured endpoint all of whose addresses are of this machine or a private network. */
  async #isInnerEndpoint(): Promise<boolean> {
    const isEndpoint = (this.#options.endpoints ?? []).includes(this.#origin.origin);
    if (!isEndpoint) return false;
    const addresses = await promises.lookup(hostOf(this.#origin), { all: true });
    return addresses.every(({ address }) => !this.#isPublic(address));
  }

  #ask(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<IncomingMessage> {
    const { stallMs, headers: own } = this.#options;
    const isSecure = url.protocol === 'https:';
    return new Promise((resolve, reject) => {
      const request = (isSecure ? https : http).request(url.href, {
        agent: this.#agents.of(url),
        headers: {
          'user-agent': 'llamactl',
          'accept-encoding': 'identity',
          ...headers,
          ...(url.origin === this.#origin.origin ? own : {}),
        },
        lookup: this.#lookupFor(url),
        signal,
        // As an option it also bounds the connect.
        timeout: stallMs,
      });
      request.once('timeout', () => {
        request.destroy(new Error(`${url.host} sent nothing for ${Math.round(stallMs / 1_000)} s`));
      });
      request.once('error', reject);
      request.once('response', resolve);
      request.end();
    });
  }

  /** Judges the addresses of a name at the moment of the connection, so that the name cannot change in between. */
  #lookupFor(url: URL): LookupFunction {
    return (hostname, options, callback) => {
      lookup(hostname, options, (error, address, family) => {
        // A proxy is the choice of our user.
        if (error !== null || hostname !== hostOf(url)) return callback(error, address, family);
        const isOwn = url.origin === this.#origin.origin;
        const addresses: unknown[] = Array.isArray(address) ? address.map((each) => each.address) : [address];
        const inner = addresses.filter((each) => !this.#isPublic(String(each)));
        const isAllowed = isOwn ? this.#isChosen : this.#mayBeInner === true;
        if (inner.length > 0 && !isAllowed)
          return callback(innerRefusal(this.#origin.host, isOwn ? 'has' : 'redirects to'), '', 0);
        callback(null, address, family);
      });
    };
  }
}

function innerRefusal(host: string, what: 'has' | 'redirects to'): RemoteRefusal {
  return new RemoteRefusal(`${host} ${what} an address of this machine or of a private network.`);
}

/** The name or address of a URL, without the brackets of IPv6. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

function isHttp({ protocol }: URL): boolean {
  return protocol === 'http:' || protocol === 'https:';
}

function locationOf({ statusCode = 0, headers: { location } }: IncomingMessage, base: URL): URL | null {
  if (!REDIRECTS.has(statusCode)) return null;
  const url = location === undefined ? null : URL.parse(location, base.href);
  if (url === null) throw new RemoteRefusal(`${base.host} redirects to nowhere.`);
  return url;
}

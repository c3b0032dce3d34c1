import { isIP, isIPv6 } from 'node:net';
import { ApiError } from '@llamactl/contract/errors';
import type { Config } from '@llamactl/contract/config';
import { isLoopbackHost } from '../../config/loopback.ts';
import { authorityOf } from '../target.ts';

/**
 * The part of the server that a request is for: `/v1`, the pass-through to an engine, the log-ins of browsers, or the
 * rest. The router's route decides, never the path as sent: `/%76%31/models` is `/v1` too.
 */
export type Area = 'inference' | 'proxy' | 'browser' | 'other';

/** Destination and origin of a request, from its headers. */
export interface RequestFacts {
  area: Area;
  method: string;
  /** The request line's target as sent: `/api`, or with scheme and host before it. */
  target: string;
  /** `1.0` or `1.1`. */
  httpVersion: string;
  /** Every `Host` header, as sent. */
  hosts: readonly string[];
  origin: string | undefined;
  /** Browsers send it with a GET that has no `Origin`. */
  referer: string | undefined;
  /** `Sec-Fetch-Site`. Browsers send it to this machine and over TLS, but not over plain HTTP to another machine. */
  fetchSite: string | undefined;
  /** `Sec-Fetch-Dest`. */
  fetchDest: string | undefined;
  isWebSocket: boolean;
}

/** Names under which this server answers, and origins whose pages may call it. */
export interface OwnNames {
  /**
   * Whether the Host is checked. Off only with authentication on a network: there the server cannot know its names, and
   * a foreign page has no token.
   */
  isHostChecked: boolean;
  /**
   * Whether `/v1` needs no credentials although authentication is on. Then `/v1` always checks the Host, and accepts
   * any IP address.
   */
  isInferenceOpen: boolean;
  /** Normalized, without ports. Includes all loopback addresses implicitly. */
  hosts: ReadonlySet<string>;
  /** Origins whose pages have the same rights as our own page. */
  origins: ReadonlySet<string>;
  /** Origin of `server.public_url`; `null`: it is not set. */
  publicOrigin: string | null;
}

/** Methods that change nothing (RFC 9110, 9.2.1). */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Values of `Sec-Fetch-Site` that a page of the same origin, an address typed by the user, and a program send. */
const UNSUSPICIOUS_SITES: ReadonlySet<string | undefined> = new Set(['same-origin', 'none', undefined]);
/**
 * Values of `Sec-Fetch-Dest` that a browser sends to show an engine's page. No script can read the answers to these
 * requests.
 */
const SHOWN_DESTS: ReadonlySet<string> = new Set(['document', 'script', 'style', 'image', 'font']);
const PORT = /:\d{0,5}$/;
const HOST = /^(?<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{0,5})?$/;
const WEB_ORIGIN = /^https?:\/\/[^/?#@]+$/i;
const LONGEST_ECHO = 100;

/** @param hostname Hostname of this machine, with or without a domain. */
export function ownNames(config: Pick<Config, 'server' | 'auth'>, hostname: string): OwnNames {
  const { host, public_url: publicUrl, allowed_hosts: allowedHosts, allowed_origins: allowedOrigins } = config.server;
  const label = hostname.split('.')[0] ?? '';
  const configured = [host, ...allowedHosts].map((name) => (isIPv6(name) ? `[${name}]` : name));
  const names = ['localhost', hostname, URL.parse(publicUrl)?.host ?? '', ...configured];
  // Any machine on the network could claim `localhost.local`.
  if (label.toLowerCase() !== 'localhost') names.push(`${label}.local`);
  return {
    isHostChecked: !config.auth.enabled || isLoopbackHost(host),
    isInferenceOpen: config.auth.enabled && config.auth.inference === 'open',
    hosts: new Set(names.map(normalizedHost).filter((name): name is string => name !== null && !isUnspecified(name))),
    origins: new Set(allowedOrigins.map(normalizedOrigin)),
    publicOrigin: originOf(publicUrl === '' ? undefined : publicUrl),
  };
}

/**
 * Refuses requests that a foreign page in a user's browser may have sent: with a foreign host name (DNS rebinding), or
 * across sites (CSRF). Programs send neither a foreign `Host` nor any `Origin`.
 *
 * @returns The refusal; `null`: the request may pass.
 */
export function judgeOrigin(facts: RequestFacts, own: OwnNames): ApiError | null {
  return judgeHost(facts, own) ?? judgeSource(facts, own);
}

function judgeHost({ area, hosts, httpVersion, target }: RequestFacts, own: OwnNames): ApiError | null {
  const [host = '', ...more] = hosts;
  if (more.length > 0) return malformed('The request has more than one Host header.');
  // HTTP/1.0 has no Host, and no browser uses it.
  if (host === '' && httpVersion !== '1.0') return malformed('The request has no Host header; HTTP/1.1 needs one.');
  const isOpen = own.isInferenceOpen && area === 'inference';
  if (!own.isHostChecked && !isOpen) return null;
  const foreign = [host === '' ? undefined : host, authorityOf(target)].find(
    (name) => name !== undefined && !isOwnHost(name, own) && !(isOpen && isAddress(name)),
  );
  if (foreign === undefined) return null;
  const rule = isOpen
    ? ' With auth.inference: open, /v1 answers under IP addresses and under names that it knows.'
    : '';
  return new ApiError(
    'FORBIDDEN',
    `This server does not answer as ${quoted(foreign)}.${rule} If it should, add that host to server.allowed_hosts in the configuration.`,
  );
}

function judgeSource(facts: RequestFacts, own: OwnNames): ApiError | null {
  // A browser sends reports with our origin to any URL that the policy of an answer names. This server requests no
  // reports.
  if (facts.fetchDest === 'report') return otherSite();
  if (facts.area === 'browser') return judgeBrowser(facts, own);
  if (isOpenToPages(facts)) return null;
  const { area, method, hosts, origin, fetchSite, isWebSocket } = facts;
  if (origin !== undefined) {
    if (isAllowedOrigin(origin, own)) return null;
    if (!isOwnOrigin(origin, hosts[0], own)) return foreignPage(origin);
    return fetchSite === 'same-site' || UNSUSPICIOUS_SITES.has(fetchSite) ? null : otherSite();
  }
  // Pages also send GETs without an Origin. A page cannot put another origin than its own into its Referer.
  const page = SAFE_METHODS.has(method) && !isWebSocket ? originOf(facts.referer) : null;
  const isOwn = page !== null && isOwnOrigin(page, hosts[0], own);
  if (page !== null && isAllowedOrigin(page, own)) return null;
  // `same-site` means another port or a sibling domain.
  if (!UNSUSPICIOUS_SITES.has(fetchSite) && !(fetchSite === 'same-site' && isOwn)) return otherSite();
  // Browsers send no Sec-Fetch-Site over plain HTTP to another machine, and old browsers never do.
  if (area === 'inference' && fetchSite === undefined && page !== null && !isOwn) return foreignPage(page);
  return null;
}

/**
 * Lets only our own page use the cookie of a browser: its origin is exactly that of `public_url`, or the requested host
 * with its port. Any port of an own host is enough for a token, but browsers send a cookie to all ports of a host.
 */
function judgeBrowser({ hosts: [host], origin, fetchSite }: RequestFacts, own: OwnNames): ApiError | null {
  if (origin === undefined) {
    return new ApiError(
      'FORBIDDEN',
      'Only the web page of this server may do this; programs get a token from POST /api/auth/login.',
    );
  }
  const isOwn = isExactOrigin(origin, host) || (own.publicOrigin !== null && origin === own.publicOrigin);
  if (isOwn && (fetchSite === undefined || fetchSite === 'same-origin')) return null;
  return new ApiError(
    'FORBIDDEN',
    `Pages of ${quoted(origin)} may not do this. If that is the address of this server behind a proxy, set server.public_url in the configuration.`,
  );
}

/** Whether any page may send the request: it changes nothing, starts no engine, and no script can read the answer. */
function isOpenToPages({ area, method, fetchDest, isWebSocket }: RequestFacts): boolean {
  if (isWebSocket || !SAFE_METHODS.has(method)) return false;
  // This server answers `OPTIONS` itself.
  if (area === 'other' || method === 'OPTIONS') return true;
  return area === 'proxy' && fetchDest !== undefined && SHOWN_DESTS.has(fetchDest);
}

function foreignPage(origin: string): ApiError {
  return new ApiError(
    'FORBIDDEN',
    `Pages of ${quoted(origin)} may not do this. If they should, add that origin to server.allowed_origins in the configuration.`,
  );
}

function otherSite(): ApiError {
  return new ApiError(
    'FORBIDDEN',
    'Pages of other sites may not do this. Open the address itself, or add the origin of the page to server.allowed_origins in the configuration.',
  );
}

/** Whether `server.allowed_origins` contains this origin. */
export function isAllowedOrigin(origin: string, own: OwnNames): boolean {
  return own.origins.has(normalizedOrigin(origin));
}

function isOwnHost(host: string, own: OwnNames): boolean {
  // Most hosts are already normalized, so they need no URL parsing (1 µs).
  if (own.hosts.has(host.replace(PORT, ''))) return true;
  const name = normalizedHost(host);
  return name !== null && (isLoopbackAddress(name) || own.hosts.has(name));
}

/**
 * Whether an origin is our own: one of our names, or the requested host itself. `null` and other schemes are foreign.
 */
function isOwnOrigin(origin: string, host: string | undefined, own: OwnNames): boolean {
  const url = WEB_ORIGIN.test(origin) ? URL.parse(origin) : null;
  return url !== null && (isOwnHost(url.host, own) || isExactOrigin(origin, host));
}

/** Whether an origin is the requested host, with the same port. @param host value of `Host` */
function isExactOrigin(origin: string, host: string | undefined): boolean {
  const url = WEB_ORIGIN.test(origin) ? URL.parse(origin) : null;
  if (url === null || host === undefined || !HOST.test(host)) return false;
  return URL.parse(`${url.protocol}//${host}`)?.origin === url.origin;
}

/** The origin of a page's URL; `null`: the header is missing, or is no URL of a web page. */
function originOf(url: string | undefined): string | null {
  const parsed = url === undefined ? null : URL.parse(url);
  return parsed === null || parsed.origin === 'null' ? null : parsed.origin;
}

/**
 * Whether a host is an IP address, except one that means "every address". A Host with an IP address cannot come from
 * DNS rebinding.
 */
function isAddress(host: string): boolean {
  const name = normalizedHost(host);
  return name !== null && isIP(name.replace(/^\[|\]$/g, '')) !== 0 && !isUnspecified(name);
}

/** Normalizes a host: lower case, canonical addresses, no port, no trailing dot; `null`: not a host. */
function normalizedHost(host: string): string | null {
  const name = HOST.exec(host)?.groups?.['name'];
  const url = name === undefined ? null : URL.parse(`http://${name}/`);
  return url === null ? null : url.hostname.replace(/\.$/, '');
}

/** Normalizes an origin. Schemes unknown to the URL standard have no origin, so these are compared as written. */
function normalizedOrigin(origin: string): string {
  const url = URL.parse(origin);
  return url === null || url.origin === 'null' ? origin.toLowerCase().replace(/\/$/, '') : url.origin;
}

function isLoopbackAddress(name: string): boolean {
  return /^127\.\d+\.\d+\.\d+$/.test(name) || name === '[::1]' || name.startsWith('[::ffff:7f');
}

/** Addresses that mean "every address". For pages of any site, browsers resolve 0.0.0.0 to this machine. */
function isUnspecified(name: string): boolean {
  return name === '0.0.0.0' || name === '[::]';
}

function malformed(sentence: string): ApiError {
  return new ApiError('VALIDATION_ERROR', sentence, { problems: [{ path: 'Host', message: 'must be given once' }] });
}

function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST_ECHO ? `${text.slice(0, LONGEST_ECHO)}…` : text);
}

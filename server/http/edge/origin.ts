import { isIP, isIPv6 } from 'node:net';
import { ApiError } from '@llamactl/contract/errors';
import type { Config } from '@llamactl/contract/config';
import { isLoopbackHost } from '../../config/loopback.ts';
import { authorityOf } from '../target.ts';

/**
 * The part of the server that a request is for, by the route that the router found: `/v1`, the pass-through to an engine,
 * or the rest. Never judged by the path as sent: `/%76%31/models` is `/v1` too.
 */
export type Area = 'inference' | 'proxy' | 'other';

/** What a request says about where it is going and where it comes from. */
export interface RequestFacts {
  area: Area;
  method: string;
  /** The request line's target as sent: `/api`, or with a scheme and host before it. */
  target: string;
  /** `1.0` or `1.1`. */
  httpVersion: string;
  /** Every `Host` header, as sent. */
  hosts: readonly string[];
  origin: string | undefined;
  /** Browsers send it with a GET that has no `Origin`. */
  referer: string | undefined;
  /** `Sec-Fetch-Site`. Browsers send it to this machine and over TLS, never over plain HTTP to another machine. */
  fetchSite: string | undefined;
  /** `Sec-Fetch-Dest`. */
  fetchDest: string | undefined;
  isWebSocket: boolean;
}

/** Under which names this server answers, and which pages may call it. */
export interface OwnNames {
  /** Off only behind authentication on a network, where we cannot know our names and a foreign page has no token. */
  isHostChecked: boolean;
  /** `/v1` needs no credentials, although accounts are on: there the Host is always checked, and any IP address passes. */
  isInferenceOpen: boolean;
  /** Normalized, without ports. Loopback addresses need not be listed. */
  hosts: ReadonlySet<string>;
  /** Origins whose pages may do what our own may. */
  origins: ReadonlySet<string>;
}

/** Methods that change nothing (RFC 9110, 9.2.1). */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
/** `Sec-Fetch-Site` for a page of the very same origin, for an address that the user typed, and of a program. */
const UNSUSPICIOUS_SITES: ReadonlySet<string | undefined> = new Set(['same-origin', 'none', undefined]);
/** Where a browser puts an engine's answer when it shows the engine's page. A script cannot read any of these. */
const SHOWN_DESTS: ReadonlySet<string> = new Set(['document', 'script', 'style', 'image', 'font']);
const PORT = /:\d{0,5}$/;
const HOST = /^(?<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{0,5})?$/;
const WEB_ORIGIN = /^https?:\/\/[^/?#@]+$/i;
const LONGEST_ECHO = 100;

/** @param hostname Of this machine, with or without a domain. */
export function ownNames(config: Pick<Config, 'server' | 'auth'>, hostname: string): OwnNames {
  const { host, public_url: publicUrl, allowed_hosts: allowedHosts, allowed_origins: allowedOrigins } = config.server;
  const label = hostname.split('.')[0] ?? '';
  const configured = [host, ...allowedHosts].map((name) => (isIPv6(name) ? `[${name}]` : name));
  const names = ['localhost', hostname, URL.parse(publicUrl)?.host ?? '', ...configured];
  // `localhost.local` could be claimed by anybody on the network.
  if (label.toLowerCase() !== 'localhost') names.push(`${label}.local`);
  return {
    isHostChecked: !config.auth.enabled || isLoopbackHost(host),
    isInferenceOpen: config.auth.enabled && config.auth.inference === 'open',
    hosts: new Set(names.map(normalizedHost).filter((name): name is string => name !== null && !isUnspecified(name))),
    origins: new Set(allowedOrigins.map(normalizedOrigin)),
  };
}

/**
 * Refuses requests that a foreign page in a user's browser may have made: under a name that is not ours (DNS rebinding), or
 * across sites (CSRF). Programs send neither a foreign `Host` nor any `Origin`.
 *
 * @returns The refusal, `null` when there is nothing to refuse.
 */
export function judgeOrigin(facts: RequestFacts, own: OwnNames): ApiError | null {
  return judgeHost(facts, own) ?? judgeSource(facts, own);
}

function judgeHost({ area, hosts, httpVersion, target }: RequestFacts, own: OwnNames): ApiError | null {
  const [host = '', ...more] = hosts;
  if (more.length > 0) return malformed('The request has more than one Host header.');
  // HTTP/1.0 has no Host; no browser speaks it.
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
  // A browser sends a report from our origin wherever the policy of an answer says; we ask for none.
  if (facts.fetchDest === 'report') return otherSite();
  if (isOpenToPages(facts)) return null;
  const { area, method, hosts, origin, fetchSite, isWebSocket } = facts;
  if (origin !== undefined) {
    if (isAllowedOrigin(origin, own)) return null;
    if (!isOwnOrigin(origin, hosts[0], own)) return foreignPage(origin);
    return fetchSite === 'same-site' || UNSUSPICIOUS_SITES.has(fetchSite) ? null : otherSite();
  }
  // A GET may come without an Origin from a page too. No page can put another origin into its Referer than its own.
  const page = SAFE_METHODS.has(method) && !isWebSocket ? originOf(facts.referer) : null;
  const isOwn = page !== null && isOwnOrigin(page, hosts[0], own);
  if (page !== null && isAllowedOrigin(page, own)) return null;
  // Same-site is another port or a sibling domain.
  if (!UNSUSPICIOUS_SITES.has(fetchSite) && !(fetchSite === 'same-site' && isOwn)) return otherSite();
  // Browsers send no Sec-Fetch-Site over plain HTTP to another machine, and old ones never do.
  if (area === 'inference' && fetchSite === undefined && page !== null && !isOwn) return foreignPage(page);
  return null;
}

/** Whether a page of anybody may send the request: it changes nothing, starts no engine, and no script can read the answer. */
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

/** Whether pages of this origin were let in by `server.allowed_origins`. */
export function isAllowedOrigin(origin: string, own: OwnNames): boolean {
  return own.origins.has(normalizedOrigin(origin));
}

function isOwnHost(host: string, own: OwnNames): boolean {
  // most hosts come in their one form, for which a URL need not be made of them: 1 µs
  if (own.hosts.has(host.replace(PORT, ''))) return true;
  const name = normalizedHost(host);
  return name !== null && (isLoopbackAddress(name) || own.hosts.has(name));
}

/** Our own page, under a name of ours or under the very host that was asked. `null` and other schemes are foreign. */
function isOwnOrigin(origin: string, host: string | undefined, own: OwnNames): boolean {
  const url = WEB_ORIGIN.test(origin) ? URL.parse(origin) : null;
  if (url === null) return false;
  if (isOwnHost(url.host, own)) return true;
  return host !== undefined && HOST.test(host) && URL.parse(`${url.protocol}//${host}`)?.origin === url.origin;
}

/** The origin of a page's URL; `null` when the header is missing or names no page of the web. */
function originOf(url: string | undefined): string | null {
  const parsed = url === undefined ? null : URL.parse(url);
  return parsed === null || parsed.origin === 'null' ? null : parsed.origin;
}

/** Whether a host is an IP address, but not one that means "every address". No DNS name can be made to lead to it. */
function isAddress(host: string): boolean {
  const name = normalizedHost(host);
  return name !== null && isIP(name.replace(/^\[|\]$/g, '')) !== 0 && !isUnspecified(name);
}

/** Lower case, addresses in their one form, no port, no dot at the end; `null` for what is no host. */
function normalizedHost(host: string): string | null {
  const name = HOST.exec(host)?.groups?.['name'];
  const url = name === undefined ? null : URL.parse(`http://${name}/`);
  return url === null ? null : url.hostname.replace(/\.$/, '');
}

/** Schemes that the URL standard does not know have no origin of their own: they are compared as written. */
function normalizedOrigin(origin: string): string {
  const url = URL.parse(origin);
  return url === null || url.origin === 'null' ? origin.toLowerCase().replace(/\/$/, '') : url.origin;
}

function isLoopbackAddress(name: string): boolean {
  return /^127\.\d+\.\d+\.\d+$/.test(name) || name === '[::1]' || name.startsWith('[::ffff:7f');
}

/** Addresses that mean "every address": browsers take 0.0.0.0 for this machine, whoever the page belongs to. */
function isUnspecified(name: string): boolean {
  return name === '0.0.0.0' || name === '[::]';
}

function malformed(sentence: string): ApiError {
  return new ApiError('VALIDATION_ERROR', sentence, { problems: [{ path: 'Host', message: 'must be given once' }] });
}

function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST_ECHO ? `${text.slice(0, LONGEST_ECHO)}…` : text);
}

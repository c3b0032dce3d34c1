/** Headers as Node gives and takes them raw: name, value, name, value, …; order, case and duplicates kept. */
export type RawHeaders = readonly string[];

/** How long a body is: bytes, `chunked` for unknown, `none` for no body at all. */
export type BodyLength = number | 'chunked' | 'none';

/** What the engine is told about the request beside the caller's own headers. */
export interface RequestFacts {
  requestId: string;
  /** Where the engine listens, on loopback. */
  port: number;
  /** The run's random key; `null`: the engine takes none. */
  key: string | null;
  /** Address of the peer; `undefined` once its socket is gone. */
  peer: string | undefined;
  body: BodyLength;
}

/** About one connection and not about the message (RFC 9110, 7.6.1). We announce no trailers but pass them. */
const HOP_BY_HOP = [
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** The caller's credentials, which never reach an engine, and what we write ourselves. `Expect` was answered by us. */
const NOT_FOR_ENGINES = new Set([
  ...HOP_BY_HOP,
  'api-key',
  'authorization',
  'content-length',
  'cookie',
  'cookie2',
  'expect',
  'host',
  'x-api-key',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-request-id',
]);

/** What an engine must not say in our name: cookies and policies are about our whole origin, the page's token included. */
const NOT_FOR_CALLERS = new Set([
  ...HOP_BY_HOP,
  'alt-svc',
  'clear-site-data',
  'content-length',
  'cross-origin-resource-policy',
  'nel',
  'public-key-pins',
  'refresh',
  'report-to',
  'reporting-endpoints',
  'service-worker-allowed',
  'set-cookie',
  'set-cookie2',
  'strict-transport-security',
  'timing-allow-origin',
  'www-authenticate',
  'x-request-id',
]);
const NOT_FOR_CALLERS_PREFIXES = ['access-control-', 'x-llamactl-'];

/** Types that a browser shows as a page which may run scripts: XML and SVG too. */
const PAGE_TYPE = /html|xml/i;
const EVENT_STREAM = /^\s*text\/event-stream\b/i;
const SANDBOX = 'sandbox allow-scripts allow-forms';

/** The headers of a request as the engine gets them. */
export function requestHeaders(raw: RawHeaders, facts: RequestFacts): string[] {
  const names = namesOf(raw);
  const headers = passing(raw, names, isForEngines);
  const forwardedFor = valuesOf(raw, names, 'x-forwarded-for');
  if (facts.peer !== undefined) forwardedFor.push(facts.peer);
  const host = firstOf(raw, names, 'x-forwarded-host') ?? firstOf(raw, names, 'host');
  headers.push('Host', `127.0.0.1:${facts.port}`);
  if (facts.key !== null) headers.push('Authorization', `Bearer ${facts.key}`);
  headers.push('X-Request-Id', facts.requestId);
  if (forwardedFor.length > 0) headers.push('X-Forwarded-For', forwardedFor.join(', '));
  if (host !== undefined) headers.push('X-Forwarded-Host', host);
  headers.push('X-Forwarded-Proto', firstOf(raw, names, 'x-forwarded-proto') ?? 'http');
  headers.push(...framing(facts.body));
  return headers;
}

/**
 * The headers of an engine's answer as the caller gets them.
 *
 * @param own What we say with every answer; an engine's word on the same is dropped, but for `Vary`, which adds up.
 * @param length The body's size where the engine told it.
 */
export function responseHeaders(raw: RawHeaders, own: RawHeaders, length: number | null): string[] {
  const names = namesOf(raw);
  const isStream = EVENT_STREAM.test(firstOf(raw, names, 'content-type') ?? '');
  const ours = namesOf(own);
  if (isStream) ours.push('x-accel-buffering');
  const headers = passing(raw, names, (name) => isForCallers(name) && (name === 'vary' || !ours.includes(name)));
  headers.push(...own, 'X-Llamactl-Source', 'engine');
  if (isStream) headers.push('X-Accel-Buffering', 'no');
  if (isPage(valuesOf(raw, names, 'content-type'))) headers.push('Content-Security-Policy', SANDBOX);
  if (length !== null) headers.push('Content-Length', String(length));
  return headers;
}

/** Whether the body of an answer is a stream of events. */
export function isEventStream(raw: RawHeaders): boolean {
  return EVENT_STREAM.test(firstOf(raw, namesOf(raw), 'content-type') ?? '');
}

/** Trailers of a request's body, filtered by the same rules as its headers. */
export function requestTrailers(raw: RawHeaders): [string, string][] {
  return raw.length === 0 ? [] : pairs(passing(raw, namesOf(raw), isForEngines));
}

/** Trailers of an answer's body, filtered by the same rules as its headers. */
export function responseTrailers(raw: RawHeaders): [string, string][] {
  return raw.length === 0 ? [] : pairs(passing(raw, namesOf(raw), isForCallers));
}

/**
 * The headers of a WebSocket's handshake as the engine gets them. A browser can send credentials only as a subprotocol
 * `bearer.TOKEN`: those go no further either.
 */
export function upgradeRequestHeaders(raw: RawHeaders, facts: Omit<RequestFacts, 'body'>): string[] {
  const headers: string[] = [];
  for (const [name, value] of pairs(requestHeaders(raw, { ...facts, body: 'none' }))) {
    if (name.toLowerCase() !== 'sec-websocket-protocol') {
      headers.push(name, value);
      continue;
    }
    const protocols = listOf(value).filter((protocol) => !protocol.toLowerCase().startsWith('bearer.'));
    if (protocols.length > 0) headers.push(name, protocols.join(', '));
  }
  return [...headers, ...UPGRADE];
}

/** The headers with which we accept a WebSocket that the engine has accepted. */
export function upgradeResponseHeaders(raw: RawHeaders, own: RawHeaders): string[] {
  return [...responseHeaders(raw, own, null), ...UPGRADE];
}

const UPGRADE = ['Connection', 'Upgrade', 'Upgrade', 'websocket'];

/** Names in lower case, one for each header. */
function namesOf(raw: RawHeaders): string[] {
  const names: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) names.push((raw[index] ?? '').toLowerCase());
  return names;
}

function passing(raw: RawHeaders, names: readonly string[], isPassed: (name: string) => boolean): string[] {
  const named = new Set(valuesOf(raw, names, 'connection').flatMap((value) => listOf(value.toLowerCase())));
  const passed: string[] = [];
  let index = 0;
  for (const name of names) {
    const isMeant = isPassed(name.includes('_') ? name.replaceAll('_', '-') : name) && !named.has(name);
    if (isMeant) passed.push(raw[index] ?? '', raw[index + 1] ?? '');
    index += 2;
  }
  return passed;
}

function isForEngines(name: string): boolean {
  return !NOT_FOR_ENGINES.has(name);
}

function isForCallers(name: string): boolean {
  return !NOT_FOR_CALLERS.has(name) && !NOT_FOR_CALLERS_PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** Without a type a browser may guess HTML. */
function isPage(types: readonly string[]): boolean {
  return types.length === 0 || types.some((type) => type.trim() === '' || PAGE_TYPE.test(type));
}

function framing(body: BodyLength): string[] {
  if (body === 'none') return [];
  return body === 'chunked' ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(body)];
}

function valuesOf(raw: RawHeaders, names: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let at = names.indexOf(name); at !== -1; at = names.indexOf(name, at + 1)) values.push(raw[at * 2 + 1] ?? '');
  return values;
}

function firstOf(raw: RawHeaders, names: readonly string[], name: string): string | undefined {
  const at = names.indexOf(name);
  return at === -1 ? undefined : raw[at * 2 + 1];
}

function listOf(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function pairs(raw: RawHeaders): [string, string][] {
  const result: [string, string][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) result.push([raw[index] ?? '', raw[index + 1] ?? '']);
  return result;
}

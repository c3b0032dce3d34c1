import type { IncomingMessage } from 'node:http';
import { HOP_BY_HOP, isDecisive, isForCallers, isPlainData, refreshesAnother, SANDBOX } from './answer-policy.ts';

/** Node's raw headers: name, value, name, value, …; order, case and duplicates kept. */
export type RawHeaders = readonly string[];

/** Length of a body in bytes; `chunked`: unknown; `none`: no body. */
export type BodyLength = number | 'chunked' | 'none';

/** Returns the path of a URL, without query and fragment. */
export function pathOnly(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}

/** Number of segments in `/api/instances/{name}/proxy`. */
const PROXY_SEGMENTS = 4;

/**
 * Returns the path and query that an engine gets for a URL below `/api/instances/{name}/proxy`: the part after
 * `/proxy`, byte for byte. Counts segments instead of comparing names, because `proxy` itself may be percent-encoded.
 */
export function enginePath(url: string): string {
  const query = url.search(/[?#]/);
  const end = query === -1 ? url.length : query;
  let at = 0;
  for (let segment = 0; segment < PROXY_SEGMENTS; segment += 1) {
    const next = url.indexOf('/', at + 1);
    if (next === -1 || next >= end) return `/${url.slice(end)}`;
    at = next;
  }
  return url.slice(at);
}

/** Methods whose requests have no body, in HTTP and in Node, unless their headers announce one. */
const BODYLESS_METHODS = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

/** Returns the length of a request's body as its headers announce it. */
export function requestLength(request: IncomingMessage): BodyLength {
  if (request.headers['transfer-encoding'] !== undefined) return 'chunked';
  const length = request.headers['content-length'];
  if (length !== undefined) return Number(length);
  return BODYLESS_METHODS.has(request.method ?? '') ? 'none' : 0;
}

/** Facts for the headers that llamactl adds to a request. */
export interface RequestFacts {
  requestId: string;
  /** The port on loopback where the engine listens. */
  port: number;
  /** The run's random key; `null`: the engine takes no key. */
  key: string | null;
  /** Address of the peer; `undefined` after its socket was closed. */
  peer: string | undefined;
  body: BodyLength;
  /** Additional headers to drop, in lower case: callers of one engine could reach each other's data with them. */
  crossing: ReadonlySet<string>;
}

/** Facts about an answer that decide which headers it gets. */
export interface AnswerFacts {
  status: number;
  /** The method of the request. */
  method: string;
  /** Length of the body in bytes; `null`: the engine did not announce it. */
  length: number | null;
}

/** Headers that do not pass to engines: the caller's credentials, and headers that llamactl writes or answers itself. */
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

const EVENT_STREAM = /^\s*text\/event-stream\b/i;

/** Returns the headers of a request for the engine. */
export function requestHeaders(raw: RawHeaders, facts: RequestFacts): string[] {
  const names = namesOf(raw);
  const headers = passing(raw, names, (name) => isForEngines(name) && !facts.crossing.has(name));
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
 * Returns the headers of an engine's answer for the caller. An answer that is not plain data is sandboxed, and browsers may
 * not guess the type of any answer. The engine's own `Content-Security-Policy` applies too, but without its report
 * addresses.
 *
 * @param own llamactl's headers. They replace the engine's headers of the same name, except `Vary`: both are sent.
 */
export function responseHeaders(raw: RawHeaders, own: RawHeaders, { status, method, length }: AnswerFacts): string[] {
  const ours = namesOf(own);
  const headers = passing(
    raw,
    namesOf(raw),
    (name) => isForCallers(name) && (name === 'vary' || !ours.includes(name)),
    isDecisive,
  );
  const types = contentTypes(headers);
  stopReports(headers);
  headers.push(...own, 'X-Llamactl-Source', 'engine');
  if (!ours.includes('x-content-type-options')) headers.push('X-Content-Type-Options', 'nosniff');
  if (EVENT_STREAM.test(types[0] ?? '')) headers.push('X-Accel-Buffering', 'no');
  if (!isPlainData(types) || refreshesAnother(status, method)) headers.push('Content-Security-Policy', SANDBOX);
  if (length !== null) headers.push('Content-Length', String(length));
  return headers;
}

const POLICY = 'content-security-policy';
const REPORTING = /(^|[;,])[ \t]*report-(?:uri|to)(?![^\s;,])[^;,]*/gi;

/** Removes report addresses from an engine's policies: a browser would post reports to any path of llamactl. */
function stopReports(headers: string[]): void {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? '';
    if (name.length !== POLICY.length || name.toLowerCase() !== POLICY) continue;
    headers[index + 1] = (headers[index + 1] ?? '').replace(REPORTING, '$1');
  }
}

/** Whether the body of an answer is an event stream. */
export function isEventStream(raw: RawHeaders): boolean {
  return EVENT_STREAM.test(firstOf(raw, namesOf(raw), 'content-type') ?? '');
}

/** Returns the trailers of a request for the engine, filtered like its headers. */
export function requestTrailers(raw: RawHeaders, crossing: RequestFacts['crossing']): [string, string][] {
  if (raw.length === 0) return [];
  return pairs(passing(raw, namesOf(raw), (name) => isForEngines(name) && !crossing.has(name)));
}

/** Returns the trailers of an answer for the caller, filtered like its headers and without decisive names. */
export function responseTrailers(raw: RawHeaders): [string, string][] {
  if (raw.length === 0) return [];
  return pairs(passing(raw, namesOf(raw), (name) => isForCallers(name) && !isDecisive(name)));
}

/**
 * Returns the headers of a WebSocket's handshake for the engine. Also removes each subprotocol `bearer.TOKEN`: a
 * browser has no other way to send credentials for a WebSocket.
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

/** Returns the headers of the 101 for the caller, after the engine has accepted the WebSocket. */
export function upgradeResponseHeaders(raw: RawHeaders, own: RawHeaders): string[] {
  const ours = namesOf(own);
  const headers = passing(raw, namesOf(raw), (name) => isForCallers(name) && !ours.includes(name), isDecisive);
  return [...headers, ...own, 'X-Llamactl-Source', 'engine', ...UPGRADE];
}

const UPGRADE = ['Connection', 'Upgrade', 'Upgrade', 'websocket'];

/** Returns the name of each header in lower case. */
function namesOf(raw: RawHeaders): string[] {
  const names: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) names.push((raw[index] ?? '').toLowerCase());
  return names;
}

/**
 * Returns the headers that `isPassed` accepts, without those that `Connection` names. Both callbacks get the name in
 * lower case, with `-` instead of `_`.
 *
 * @param names The name of each header, in lower case.
 * @param isKept Whether a header passes although `Connection` names it.
 */
function passing(
  raw: RawHeaders,
  names: readonly string[],
  isPassed: (name: string) => boolean,
  isKept: (name: string) => boolean = () => false,
): string[] {
  const named = names.includes('connection') ? namedByConnection(raw, names) : NO_NAMES;
  const passed: string[] = [];
  let index = 0;
  for (const name of names) {
    const plain = name.includes('_') ? name.replaceAll('_', '-') : name;
    if (isPassed(plain) && (!named.has(name) || isKept(plain))) passed.push(raw[index] ?? '', raw[index + 1] ?? '');
    index += 2;
  }
  return passed;
}

const NO_NAMES: ReadonlySet<string> = new Set();

/** Returns, in lower case, the headers that `Connection` names: they concern one connection only. */
function namedByConnection(raw: RawHeaders, names: readonly string[]): ReadonlySet<string> {
  return new Set(valuesOf(raw, names, 'connection').flatMap((value) => listOf(value.toLowerCase())));
}

function isForEngines(name: string): boolean {
  return !NOT_FOR_ENGINES.has(name);
}

/** Returns the value of every `Content-Type`. */
function contentTypes(headers: RawHeaders): string[] {
  const types: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? '';
    // Compare the length first: it rules out most names.
    if (name.length === 12 && name.toLowerCase() === 'content-type') types.push(headers[index + 1] ?? '');
  }
  return types;
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

// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\r\n\0]|[^\0-\xff]/;
const TARGET = /^[\x21-\xff]+$/;

/**
 * Builds the head of a request as sent over the connection, one character for each byte.
 *
 * @throws {TypeError} for a value that would be read as several headers or lines; Node's parser rejects such values
 *   from callers
 */
export function requestHead(method: string, target: string, headers: RawHeaders): string {
  if (!TARGET.test(target)) throw new TypeError('the target is empty or has an invalid character');
  let head = `${method} ${target} HTTP/1.1\r\n`;
  for (let index = 0; index + 1 < headers.length; index += 2) head += fieldLine(headers[index], headers[index + 1]);
  return `${head}\r\n`;
}

/** Builds the end of a chunked body. @throws {TypeError} like {@link requestHead} */
export function chunkedEnd(trailers: readonly (readonly [string, string])[]): string {
  let end = '0\r\n';
  for (const [name, value] of trailers) end += fieldLine(name, value);
  return `${end}\r\n`;
}

function fieldLine(name = '', value = ''): string {
  if (FORBIDDEN.test(value)) throw new TypeError('a header has an invalid character');
  return `${name}: ${value}\r\n`;
}

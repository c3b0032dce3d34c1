/** Headers that concern one connection and not the message (RFC 9110, 7.6.1). Trailers pass, but are not announced. */
export const HOP_BY_HOP = [
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

/**
 * Headers that never pass from an engine to a caller. A browser applies them to llamactl's whole origin or beyond the one
 * answer, or llamactl sets them itself.
 */
const DROPPED = new Set([
  ...HOP_BY_HOP,
  'accept-ch',
  'activate-storage-access',
  'alt-svc',
  'clear-site-data',
  // The browser posts its reports to any path of llamactl, with llamactl's origin.
  'content-security-policy-report-only',
  'content-length',
  'critical-ch',
  'cross-origin-resource-policy',
  'document-policy',
  'document-policy-report-only',
  'edge-control',
  'expect-ct',
  'feature-policy',
  // Chromium follows preloads and prefetches of any document, even plain text, with llamactl's origin.
  'link',
  'nel',
  'observe-browsing-topics',
  'origin-agent-cluster',
  'origin-isolation',
  'permissions-policy',
  'permissions-policy-report-only',
  'public-key-pins',
  'public-key-pins-report-only',
  'refresh',
  'report-to',
  'reporting-endpoints',
  'set-cookie',
  'set-cookie2',
  'set-login',
  'sourcemap',
  'speculation-rules',
  'strict-transport-security',
  'supports-loading-mode',
  'surrogate-control',
  'timing-allow-origin',
  'use-as-dictionary',
  'www-authenticate',
  'x-content-type-options',
  'x-dns-prefetch-control',
  'x-permitted-cross-domain-policies',
  'x-request-id',
  'x-sourcemap',
]);

/**
 * Families of headers that never pass. A proxy in front of llamactl (nginx, lighttpd, Apache, LiteSpeed, Perlbal) obeys
 * `X-Accel-*`, `X-Sendfile` and the like: an engine could make it serve a local file. `X-RateLimit-*` describes
 * llamactl's own limits.
 */
const DROPPED_FAMILIES =
  /^(?:access-control-|attribution-reporting-|ratelimit|sec-session-|secure-session-|service-worker|x-accel-|x-lighttpd-|x-litespeed-|x-llamactl-|x-ratelimit-|x-reproxy-|x-sendfile)/;

/**
 * Headers that decide how an answer is read, shown or cached. Listing them in `Connection` does not remove them, and
 * trailers of these names are dropped. Otherwise browsers, caches and proxies would see another answer than the one that
 * was checked here.
 */
const DECISIVE = new Set([
  'accept-ranges',
  'age',
  'allow',
  'cache-control',
  'date',
  'etag',
  'expires',
  'last-modified',
  'location',
  'pragma',
  'referrer-policy',
  'retry-after',
  'server',
  'vary',
  'via',
  'warning',
  'x-frame-options',
  'x-robots-tag',
  'x-xss-protection',
]);
const DECISIVE_FAMILIES = /^(?:content-(?!digest$)|cross-origin-|sec-websocket-)/;

/**
 * Content types that no browser runs as a page.
 *
 * Excluded are: a `+` in a subtype, because Chromium reads `audio/x+xml` as XML, which runs scripts; SVG, XML, PDF and
 * multipart; images, audio and video, because Chromium builds a document with its own style for them. A parameter of an
 * unusual form, or a second type after a comma, does not match.
 */
const PLAIN_DATA =
  /^(?:application\/(?:json|jsonl|ndjson|octet-stream|x-ndjson)|text\/(?:csv|event-stream|plain)|font\/[a-z0-9.-]+)(?:[ \t]*;[ \t]*[a-z0-9-]+=(?:[a-z0-9._-]+|"[a-z0-9._ -]*"))*$/i;

/** Policy that gives a page an opaque origin, which cannot read llamactl's. */
export const SANDBOX = 'sandbox allow-scripts allow-forms';

/** Whether a header of an engine's answer may pass to a caller. @param name In lower case, with `-` instead of `_`. */
export function isForCallers(name: string): boolean {
  return !DROPPED.has(name) && !DROPPED_FAMILIES.test(name);
}

/** Whether a header decides how an answer is read, shown or cached. @param name In lower case, with `-` instead of `_`. */
export function isDecisive(name: string): boolean {
  return DECISIVE.has(name) || DECISIVE_FAMILIES.test(name);
}

/**
 * Whether an answer is data that no browser runs as a page.
 *
 * @param types The value of each `Content-Type` that is sent. Without one, or with several, the browser chooses a type, so
 *   the answer counts as a page.
 */
export function isPlainData(types: readonly string[]): boolean {
  const [type, ...more] = types;
  return type !== undefined && more.length === 0 && PLAIN_DATA.test(type);
}

/**
 * Whether an answer updates the headers of a cached answer: a 304, a 206, or an answer to HEAD. Its own content type
 * says nothing about the cached body, which may be a page.
 */
export function refreshesAnother(status: number, method: string): boolean {
  return status === 304 || status === 206 || method === 'HEAD';
}

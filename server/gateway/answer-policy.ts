/** About one connection and not about the message (RFC 9110, 7.6.1). Trailers pass, but we announce none. */
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
 * Headers that never pass from an engine to a caller. A browser applies them to our whole origin or acts on them beyond
 * the one answer, or we set them ourselves.
 */
const DROPPED = new Set([
  ...HOP_BY_HOP,
  'accept-ch',
  'activate-storage-access',
  'alt-svc',
  'clear-site-data',
  // It reports to any path of ours, as a POST from our origin.
  'content-security-policy-report-only',
  'content-length',
  'critical-ch',
  'cross-origin-resource-policy',
  'document-policy',
  'document-policy-report-only',
  'edge-control',
  'expect-ct',
  'feature-policy',
  // Chromium follows preloads and prefetches of any document, plain text too, with our origin.
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
 * Families of such headers. nginx, lighttpd, Apache, LiteSpeed and Perlbal before us obey `X-Accel-*`, `X-Sendfile` and
 * the like: an engine could make them serve a local file. `X-RateLimit-*` is about our own limits.
 */
const DROPPED_FAMILIES =
  /^(?:access-control-|attribution-reporting-|ratelimit|sec-session-|secure-session-|service-worker|x-accel-|x-lighttpd-|x-litespeed-|x-llamactl-|x-ratelimit-|x-reproxy-|x-sendfile)/;

/**
 * Headers that decide how an answer is read, shown or cached. `Connection` cannot name them away, and a trailer cannot
 * replace them: browsers, caches and proxies would then judge another answer than we did.
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
 * Types that no browser runs as a page. No `+` in a subtype: Chromium reads `audio/x+xml` as XML, which runs scripts. No
 * SVG, XML, PDF or multipart. No image, audio or video: of those Chromium makes a document too, with a style of its own. A parameter of an unusual form, or a second type behind a comma, does not fit.
 */
const PLAIN_DATA =
  /^(?:application\/(?:json|jsonl|ndjson|octet-stream|x-ndjson)|text\/(?:csv|event-stream|plain)|font\/[a-z0-9.-]+)(?:[ \t]*;[ \t]*[a-z0-9-]+=(?:[a-z0-9._-]+|"[a-z0-9._ -]*"))*$/i;

/** Makes a page run with an origin of its own, from which it cannot read ours. */
export const SANDBOX = 'sandbox allow-scripts allow-forms';

/** Whether a header of an engine's answer may pass to a caller. @param name In lower case, with `-` for `_`. */
export function isForCallers(name: string): boolean {
  return !DROPPED.has(name) && !DROPPED_FAMILIES.test(name);
}

/** Whether a header decides how an answer is read, shown or cached. @param name As above. */
export function isDecisive(name: string): boolean {
  return DECISIVE.has(name) || DECISIVE_FAMILIES.test(name);
}

/**
 * Whether no browser could run an answer as a page.
 *
 * @param types The value of each `Content-Type` that is sent. None or several: the browser chooses, so it is a page.
 */
export function isPlainData(types: readonly string[]): boolean {
  const [type, ...more] = types;
  return type !== undefined && more.length === 0 && PLAIN_DATA.test(type);
}

/**
 * Whether an answer replaces the headers of one that the browser has cached, whose body may be a page: 304, 206, and an
 * answer to HEAD. Its own type then says nothing about that body.
 */
export function refreshesAnother(status: number, method: string): boolean {
  return status === 304 || status === 206 || method === 'HEAD';
}

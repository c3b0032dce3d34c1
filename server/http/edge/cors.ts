/** Response headers that a page of another origin may read. */
const EXPOSED = [
  'ETag, Location, Retry-After, X-Llamactl-Source, X-Request-Id',
  'X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset',
  'X-RateLimit-Limit-Requests, X-RateLimit-Remaining-Requests, X-RateLimit-Reset-Requests',
  'X-RateLimit-Limit-Tokens, X-RateLimit-Remaining-Tokens, X-RateLimit-Reset-Tokens',
].join(', ');
const HEADER_NAMES = /^[A-Za-z0-9-]+(?:\s*,\s*[A-Za-z0-9-]+)*$/;
/** Seconds that a browser may cache the answer to a preflight. */
const MAX_AGE = 600;

/** The CORS headers of every answer to a page of an allowed origin. */
export function corsHeaders(origin: string): Record<string, string> {
  return { 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED, vary: 'Origin' };
}

/**
 * The headers of a preflight's answer, in addition to {@link corsHeaders}. The page is trusted, so it may send all
 * headers that it requests.
 *
 * @param methods Methods of the path.
 * @param requestedHeaders Value of `Access-Control-Request-Headers`.
 */
export function preflightHeaders(
  methods: readonly string[],
  requestedHeaders: string | undefined,
): Record<string, string> {
  const isRequested = requestedHeaders !== undefined && HEADER_NAMES.test(requestedHeaders);
  return {
    'access-control-allow-methods': methods.join(', '),
    ...(isRequested ? { 'access-control-allow-headers': requestedHeaders } : {}),
    // A page on the network may call a server on this machine only if the server says so.
    'access-control-allow-private-network': 'true',
    'access-control-max-age': String(MAX_AGE),
  };
}

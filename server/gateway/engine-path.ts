/** Segments of `/api/instances/{name}/proxy`. */
const PROXY_SEGMENTS = 4;

/**
 * The path and query that an engine gets for a URL of `/api/instances/{name}/proxy/…`: what follows `/proxy`, byte for
 * byte. By counting and not by name, because `proxy` itself may have been sent percent-encoded.
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

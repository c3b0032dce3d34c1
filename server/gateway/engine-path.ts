/** Number of segments in `/api/instances/{name}/proxy`. */
const PROXY_SEGMENTS = 4;

/**
 * Returns the path and query that an engine gets for a URL below `/api/instances/{name}/proxy`: the part after `/proxy`,
 * byte for byte. It counts segments instead of comparing names, because `proxy` itself may be percent-encoded.
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

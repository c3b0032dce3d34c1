import type { Context } from '../server/contexts.ts';
import { isLoopback } from '../server/loopback.ts';

/** Name of the context for the server of this machine. */
export const LOCAL_NAME = 'local';

/**
 * The default name of a server's context: that of an existing context with this URL, else `wanted`, the host name, or
 * `local` for this machine. If another server has the name, the port is appended, then also a number.
 *
 * @param url As {@link Client.url} returns it: without a trailing slash.
 * @param wanted Preferred to the host name.
 */
export function contextNameOf(
  url: string,
  contexts: readonly (readonly [name: string, context: Context])[],
  wanted?: string,
): string {
  const same = contexts.find(([, context]) => context.url === url);
  if (same !== undefined) return same[0];
  const { hostname, port, protocol } = new URL(url);
  const name = wanted ?? (isLoopback(url) ? LOCAL_NAME : named(hostname));
  const withPort = `${name}-${port === '' ? protocol.replace(':', '') : port}`;
  const numbered = contexts.map((_, index) => `${withPort}-${index + 2}`);
  const taken = new Set(contexts.map(([each]) => each));
  return [name, withPort, ...numbered].find((each) => !taken.has(each)) ?? withPort;
}

/** Makes a host name a valid context name. An IPv6 address, for example, has brackets and colons. */
function named(hostname: string): string {
  return hostname
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[-._]+/, '')
    .replace(/-+$/, '')
    .slice(0, 50);
}

import type { Context } from '../contexts.ts';
import { isLoopback } from '../loopback.ts';

/** Of the context for the server of this machine. */
export const LOCAL_NAME = 'local';

/**
 * What a context for a server is called when nobody says: as the one that has this address is called, else by its host,
 * `local` for this machine, with the port behind it if that name stands for another server.
 *
 * @param url As the client has it: without a slash at its end.
 * @param wanted What it is called if that name is free.
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

/** Only what the name of a context may hold: an IPv6 address has brackets and colons. */
function named(hostname: string): string {
  return hostname
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[-._]+/, '')
    .replace(/-+$/, '')
    .slice(0, 50);
}

import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const ABSOLUTE = /^(?<origin>[A-Za-z][A-Za-z0-9+.-]*:\/\/(?<authority>[^/?#]*))(?<rest>.*)$/s;

/** Splits a request target. It may begin with scheme and host (RFC 9112, 3.2.2), which is rare. */
function partsOf(target: string): { origin: string; authority?: string | undefined; rest: string } {
  const parts = target.startsWith('/') ? undefined : ABSOLUTE.exec(target)?.groups;
  return { origin: parts?.['origin'] ?? '', authority: parts?.['authority'], rest: parts?.['rest'] ?? target };
}

/** The path of a request target: not decoded, without scheme, host and query. */
export function pathOf(target: string): string {
  return partsOf(target).rest.replace(/[?#].*$/s, '');
}

/** The host and port in a target such as `GET http://host/path`; `undefined`: it has none. */
export function authorityOf(target: string): string | undefined {
  return partsOf(target).authority;
}

/**
 * Removes the base path, under which a proxy publishes this server. A target without the base path stays as it is: the
 * proxy has already removed the path.
 */
export function withoutBasePath(target: string, basePath: string): string {
  const prefix = basePath.replace(/\/+$/, '');
  if (prefix === '') return target;
  const { origin, rest } = partsOf(target);
  if (!rest.startsWith(prefix)) return target;
  const below = rest.slice(prefix.length);
  if (below === '' || below.startsWith('?')) return `${origin}/${below}`;
  return below.startsWith('/') ? `${origin}${below}` : target;
}

/** Whether a request asks to switch to WebSocket. */
export function isWebSocket(raw: IncomingMessage): boolean {
  return /(?:^|[\s,])websocket(?:[\s,/]|$)/i.test(raw.headers.upgrade ?? '');
}

/** All values of a header, in order; Node's own parsing drops all but the first `Host`. @param name In lower case. */
export function headerValues({ rawHeaders }: IncomingMessage, name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

const SANE = /^[A-Za-z0-9._-]{1,128}$/;

/** The id of a request: the caller's `X-Request-Id` if it is safe for logs and headers, otherwise a new one. */
export function requestId(given: string | string[] | undefined): string {
  return typeof given === 'string' && SANE.test(given) ? given : randomUUID();
}

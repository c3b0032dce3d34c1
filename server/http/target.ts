import type { IncomingMessage } from 'node:http';

const ABSOLUTE = /^(?<origin>[A-Za-z][A-Za-z0-9+.-]*:\/\/(?<authority>[^/?#]*))(?<rest>.*)$/s;

/** A target may come with scheme and host before its path (RFC 9112, 3.2.2); hardly any does. */
function partsOf(target: string): { origin: string; authority?: string | undefined; rest: string } {
  const parts = target.startsWith('/') ? undefined : ABSOLUTE.exec(target)?.groups;
  return { origin: parts?.['origin'] ?? '', authority: parts?.['authority'], rest: parts?.['rest'] ?? target };
}

/** The path of a request's target, not decoded, without a scheme and host before it and without its query. */
export function pathOf(target: string): string {
  return partsOf(target).rest.replace(/[?#].*$/s, '');
}

/** The host, with its port, of a target that names one: `GET http://host/path`. */
export function authorityOf(target: string): string | undefined {
  return partsOf(target).authority;
}

/** A target as it would be without the prefix under which a proxy shows us; as it is where the proxy took it off. */
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

/** Every value of a header, in order; Node's own view drops all but the first `Host`. @param name In lower case. */
export function headerValues({ rawHeaders }: IncomingMessage, name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

import type { IncomingMessage } from 'node:http';

const ABSOLUTE = /^(?<origin>[A-Za-z][A-Za-z0-9+.-]*:\/\/(?<authority>[^/?#]*))?(?<rest>.*)$/s;

/** The path of a request's target, not decoded, without a scheme and host before it and without its query. */
export function pathOf(target: string): string {
  return (ABSOLUTE.exec(target)?.groups?.['rest'] ?? '').replace(/[?#].*$/s, '');
}

/** The host, with its port, of a target that names one: `GET http://host/path`. */
export function authorityOf(target: string): string | undefined {
  return ABSOLUTE.exec(target)?.groups?.['authority'];
}

/** A target as it would be without the prefix under which a proxy shows us; as it is where the proxy took it off. */
export function withoutBasePath(target: string, basePath: string): string {
  const prefix = basePath.replace(/\/+$/, '');
  const { origin = '', rest = '' } = ABSOLUTE.exec(target)?.groups ?? {};
  if (prefix === '' || !rest.startsWith(prefix)) return target;
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

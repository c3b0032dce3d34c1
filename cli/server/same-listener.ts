import { isLoopback } from './loopback.ts';

/**
 * Whether two URLs name one listener of this machine: equal text, or loopback hosts with the same port. `localhost` may
 * be IPv4 or IPv6, so this is no proof of which process listens there.
 */
export function isSameListener(one: string, other: string): boolean {
  if (!URL.canParse(one) || !URL.canParse(other)) return false;
  const [a, b] = [new URL(one), new URL(other)];
  if (rest(a) !== rest(b)) return false;
  return a.hostname === b.hostname || (isLoopback(one) && isLoopback(other) && isReachable(a.hostname, b.hostname));
}

function rest({ protocol, port, pathname }: URL): string {
  return `${protocol}//:${port}${pathname.replace(/\/+$/, '')}`;
}

/** 127.0.0.0/8 and `::1` are different listeners; `localhost` may be either. */
function isReachable(one: string, other: string): boolean {
  return one === 'localhost' || other === 'localhost' || (one !== '[::1]' && other !== '[::1]');
}

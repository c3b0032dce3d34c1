import { BlockList, isIP } from 'node:net';

/**
 * Whether only this machine can reach a server that listens on `host`: 127.0.0.0/8, `::1` and `localhost`. Any other
 * name counts as reachable from elsewhere, because its address may change.
 */
export function isLoopbackHost(host: string): boolean {
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  const version = isIP(host);
  if (version === 0) return host.toLowerCase() === 'localhost';
  return loopback.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

import { BlockList, isIP } from 'node:net';

/** Networks behind which no public server is: loopback, private, link-local, shared, unspecified, multicast. */
const INNER = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['224.0.0.0', 3],
] as const)
  INNER.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 9],
  ['ff00::', 8],
] as const)
  INNER.addSubnet(network, prefix, 'ipv6');

/** An IPv4 address as a network with IPv6 alone writes it (RFC 6052). */
const TRANSLATED = /^64:ff9b::(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,4})$/;

/** Whether an IP address belongs to this machine or to a network around it. Text that is no address counts as one of them. */
export function isInnerAddress(address: string): boolean {
  const [bare = ''] = address.split('%');
  const family = isIP(bare);
  if (family === 0) return true;
  if (family === 4) return INNER.check(bare, 'ipv4');
  const written = URL.parse(`http://[${bare}]`)?.hostname.slice(1, -1) ?? '';
  const [, high = '0', low] = TRANSLATED.exec(written) ?? [];
  if (low !== undefined) {
    const bytes = [high, low].flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
    return INNER.check(bytes.join('.'), 'ipv4');
  }
  return INNER.check(bare, 'ipv6');
}

import { BlockList, isIPv6, SocketAddress } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const GROUPS = 8;

/** Whether an address is of this machine. */
export function isLoopbackAddress(address: string): boolean {
  return LOOPBACK.check(withoutMapping(address), isIPv6(withoutMapping(address)) ? 'ipv6' : 'ipv4');
}

/**
 * Whom failures of `address` are counted to: an IPv4 address to itself, an IPv6 address to its /64, of which everybody has
 * 2^64 addresses to choose from.
 */
export function addressGroup(address: string): string {
  const plain = withoutMapping(address);
  // A colon is quicker found than an IPv6 address is recognised: each request asks.
  return plain.includes(':') && isIPv6(plain) ? `${networkOf(plain)}::/64` : plain;
}

/** An IPv4 address as a socket for both families tells it. */
function withoutMapping(address: string): string {
  return MAPPED.exec(address)?.[1] ?? address;
}

function networkOf(address: string): string {
  // In its shortest spelling, and without the name of an interface.
  const canonical = new SocketAddress({ address: address.replace(/%.*$/, ''), family: 'ipv6' }).address;
  const [head = '', tail] = canonical.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, GROUPS - left.length - right.length) }, () => '0');
  return [...left, ...zeros, ...right].slice(0, GROUPS / 2).join(':');
}

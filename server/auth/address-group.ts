import { BlockList, isIPv6, SocketAddress } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const GROUPS = 8;

/** Whether an address is a loopback address. */
export function isLoopbackAddress(address: string): boolean {
  return LOOPBACK.check(withoutMapping(address), isIPv6(withoutMapping(address)) ? 'ipv6' : 'ipv4');
}

/**
 * The group under which requests and failures of `address` are counted: an IPv4 address itself, or the /64 network of
 * an IPv6 address. A host on such a network can use any of its 2^64 addresses.
 */
export function addressGroup(address: string): string {
  const plain = withoutMapping(address);
  // Looking for a colon is faster than recognising an IPv6 address, and this runs for each request.
  return plain.includes(':') && isIPv6(plain) ? `${networkOf(plain)}::/64` : plain;
}

/** Turns an IPv4 address that a dual-stack socket maps into IPv6 back into IPv4. */
function withoutMapping(address: string): string {
  return MAPPED.exec(address)?.[1] ?? address;
}

function networkOf(address: string): string {
  // Expand the shortest spelling, without the zone (the name of an interface).
  const canonical = new SocketAddress({ address: address.replace(/%.*$/, ''), family: 'ipv6' }).address;
  const [head = '', tail] = canonical.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, GROUPS - left.length - right.length) }, () => '0');
  return [...left, ...zeros, ...right].slice(0, GROUPS / 2).join(':');
}

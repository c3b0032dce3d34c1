import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, SocketAddress } from 'node:net';

const MAPPED_V4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;
/** Bits before an IPv4 address that is written as IPv6. */
const MAPPED_PREFIX = 96;
/** `192.0.2.1:80` and `[2001:db8::1]:80`: some proxies add the port. */
const WITH_PORT = /^(?:(?<v4>[\d.]+):\d{1,5}|\[(?<v6>[\dA-Fa-f:.]+)\](?::\d{1,5})?)$/;
/** Longer ones are no addresses. */
const LONGEST_ENTRY = 64;

/**
 * Who a request comes from: the peer of its connection or, where that is a trusted proxy, the right-most entry of
 * `X-Forwarded-For` that is none: what stands left of it could have been written by anybody. Behind an entry that is no
 * address nothing is believed either; then, and where only proxies are named, it is the last one that was told.
 *
 * Addresses come in one spelling: IPv4 also where it was mapped into IPv6, IPv6 in its short form without a zone. Empty
 * when the connection has already gone.
 *
 * @param trustedProxies addresses and networks as `isProxyEntry` of the configuration takes them
 */
export function clientAddresses(trustedProxies: readonly string[]): (raw: IncomingMessage) => string {
  const isTrusted = isTrustedBy(trustedProxies);
  return (raw) => {
    const peer = canonicalAddress(raw.socket.remoteAddress ?? '');
    if (peer === null) return '';
    if (trustedProxies.length === 0) return peer;
    let last = peer;
    const entries = forwardedFor(raw).toReversed()[Symbol.iterator]();
    while (isTrusted(last)) {
      const next = entries.next();
      const address = next.done === true ? null : addressIn(next.value);
      if (address === null) return last;
      last = address;
    }
    return last;
  };
}

/**
 * @param trustedProxies As for {@link clientAddresses}.
 * @returns Whether an address in its one spelling is one of them.
 */
export function isTrustedBy(trustedProxies: readonly string[]): (address: string) => boolean {
  const trusted = listOf(trustedProxies);
  return (address) => trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

function listOf(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [network = '', length] = entry.split('/');
    const address = canonicalAddress(network);
    if (address === null) throw new TypeError(`${JSON.stringify(entry)} is neither an address nor a network`);
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (length === undefined) list.addAddress(address, family);
    else {
      const isMapped = family === 'ipv4' && isIP(network) === 6;
      list.addSubnet(address, isMapped ? Math.max(0, Number(length) - MAPPED_PREFIX) : Number(length), family);
    }
  }
  return list;
}

/** Left to right, all lines of the header as one list (RFC 9110, 5.3). */
function forwardedFor({ headers }: IncomingMessage): string[] {
  const value = [headers['x-forwarded-for'] ?? []].flat().join(',');
  return value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function addressIn(entry: string): string | null {
  if (entry.length > LONGEST_ENTRY) return null;
  const groups = WITH_PORT.exec(entry)?.groups;
  return canonicalAddress(groups?.['v4'] ?? groups?.['v6'] ?? entry);
}

/** The one spelling of an address; `null` for what is none. */
export function canonicalAddress(text: string): string | null {
  const address = text.replace(/%.*$/s, '');
  const version = isIP(address);
  if (version === 0) return null;
  if (version === 4) return address;
  const short = new SocketAddress({ address, family: 'ipv6' }).address;
  return MAPPED_V4.exec(short)?.[1] ?? short;
}

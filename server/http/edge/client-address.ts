import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, SocketAddress } from 'node:net';

const MAPPED_V4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;
/** Bits before the IPv4 address in its IPv6 mapping. */
const MAPPED_PREFIX = 96;
/** `192.0.2.1:80` and `[2001:db8::1]:80`: some proxies add the port. */
const WITH_PORT = /^(?:(?<v4>[\d.]+):\d{1,5}|\[(?<v6>[\dA-Fa-f:.]+)\](?::\d{1,5})?)$/;
/** Longer entries cannot be addresses. */
const LONGEST_ENTRY = 64;

/**
 * Returns a function that finds the client address of a request. Without a proxy, this is the connection's peer. Behind
 * trusted proxies it is the right-most entry of `X-Forwarded-For` that is not a trusted proxy. Entries left of it are
 * ignored, because any client can write them.
 *
 * The search stops at an entry that is no address. Then, and when all entries are proxies, the result is the last valid
 * address found.
 *
 * Addresses have one spelling: IPv4 also when mapped into IPv6, IPv6 in its short form without a zone. The address is
 * empty when the connection has already closed.
 *
 * @param trustedProxies addresses and networks, in the format that `isProxyEntry` of the configuration accepts
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
 * @returns a function that says whether an address, in its canonical spelling, is a trusted proxy
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

/** Entries of `X-Forwarded-For`, left to right; several header lines form one list (RFC 9110, 5.3). */
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

/** Returns the canonical spelling of an address; `null`: the text is no address. */
export function canonicalAddress(text: string): string | null {
  const address = text.replace(/%.*$/s, '');
  const version = isIP(address);
  if (version === 0) return null;
  if (version === 4) return address;
  const short = new SocketAddress({ address, family: 'ipv6' }).address;
  return MAPPED_V4.exec(short)?.[1] ?? short;
}

import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { codeOf } from '@llamactl/contract/reason';

/** IPv4 addresses of this machine and of networks that are not the internet, by the registries of IANA. */
const NOT_PUBLIC = new BlockList();
for (const [address, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  NOT_PUBLIC.addSubnet(address, prefix, 'ipv4');
}

/** The one block of IPv6 from which addresses of the internet are given out. */
const GLOBAL = new BlockList();
GLOBAL.addSubnet('2000::', 3, 'ipv6');

/** Its parts for protocols, gateways to IPv4 and documentation. */
const NOT_GLOBAL = new BlockList();
for (const [address, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  NOT_GLOBAL.addSubnet(address, prefix, 'ipv6');
}

/**
 * Whether an IP address belongs to the internet. Loopback, private, link-local and multicast addresses do not, nor the forms of
 * IPv6 that lead to IPv4 addresses through a gateway.
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !NOT_PUBLIC.check(address, 'ipv4');
  if (family !== 6) return false;
  // Node compares an IPv4 address that is mapped to IPv6 with the rules for IPv4.
  if (isMapped(address)) return !NOT_PUBLIC.check(address, 'ipv6');
  return GLOBAL.check(address, 'ipv6') && !NOT_GLOBAL.check(address, 'ipv6');
}

/** Whether an IPv6 address is one of IPv4: `::ffff:1.2.3.4`, in any spelling. */
function isMapped(address: string): boolean {
  // URLs have one spelling for each address.
  const { hostname = '' } = URL.parse(`http://[${address}]/`) ?? {};
  return /^\[::ffff:[0-9a-f]{1,4}:[0-9a-f]{1,4}\]$/.test(hostname);
}

/** A host name leads to an address that is not of the internet. */
export class NotPublicError extends Error {
  override readonly name = 'NotPublicError';
}

/** Decides which hosts belong to the internet. */
export interface AddressRules {
  isPublic: (address: string) => boolean;
  /** Finds all addresses of a name. */
  resolve: (
    hostname: string,
    options: LookupOptions,
    callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
  ) => void;
}

/** The rules for the internet, with the names that this machine resolves. */
export const INTERNET: AddressRules = {
  isPublic: isPublicAddress,
  resolve: (hostname, options, callback) => lookup(hostname, { ...options, all: true }, callback),
};

/**
 * Whether a name leads only to public addresses, as far as this machine can resolve it. `true` if it cannot. So this is only for
 * names that a proxy resolves; {@link publicLookup} decides about direct connections.
 */
export async function seemsPublic(hostname: string, { isPublic, resolve } = INTERNET): Promise<boolean> {
  const { promise, resolve: answer, reject } = Promise.withResolvers<boolean>();
  resolve(hostname, {}, (error, addresses) => {
    if (error !== null && codeOf(error) === null) return reject(error);
    answer(error !== null || addresses.every(({ address }) => isPublic(address)));
  });
  return promise;
}

/**
 * A function that resolves a name for a connection, and fails with {@link NotPublicError} if any of its addresses is not public.
 * Node calls it neither for the connection to a proxy, nor for a host that is an address.
 */
export function publicLookup({ isPublic, resolve } = INTERNET): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, options, (error, addresses) => {
      if (error !== null) return callback(error, '');
      const [first] = addresses;
      if (first === undefined || !addresses.every(({ address }) => isPublic(address))) {
        return callback(new NotPublicError(`${hostname} is an address of a private network`), '');
      }
      if (options.all === true) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
}

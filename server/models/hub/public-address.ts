import { lookup, promises } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { codeOf } from '@llamactl/contract/reason';

/** Addresses of this machine and of networks that are not the internet, by the registries of IANA. */
const NOT_PUBLIC = new BlockList();
for (const [address, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  NOT_PUBLIC.addSubnet(address, prefix, 'ipv4');
}
for (const [address, prefix] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  NOT_PUBLIC.addSubnet(address, prefix, 'ipv6');
}

/**
 * Whether an IP address belongs to the internet. Loopback, private, link-local and multicast addresses do not, nor the forms of
 * IPv6 that lead to IPv4 addresses through a gateway.
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && !NOT_PUBLIC.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** A host name leads to an address that is not of the internet. */
export class NotPublicError extends Error {
  override readonly name = 'NotPublicError';
}

/** Whether a name leads only to public addresses, as far as this machine can resolve it: behind a proxy it may not. */
export async function seemsPublic(hostname: string): Promise<boolean> {
  try {
    return (await promises.lookup(hostname, { all: true })).every(({ address }) => isPublicAddress(address));
  } catch (error) {
    if (codeOf(error) !== null) return true;
    throw error;
  }
}

/** Resolves a name for a connection, and fails with {@link NotPublicError} if any of its addresses is not public. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, '');
    const [first] = addresses;
    if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
      return callback(new NotPublicError(`${hostname} is an address of a private network`), '');
    }
    if (options.all === true) return callback(null, addresses);
    callback(null, first.address, first.family);
  });
};

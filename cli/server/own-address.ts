import os from 'node:os';
import { isLoopback } from './loopback.ts';

/**
 * Whether a URL leads to this machine, so that its traffic stays here.
 *
 * @param own Addresses of this machine's interfaces.
 */
export function isOwnAddress(url: string, own: readonly string[] = ownAddresses()): boolean {
  if (isLoopback(url)) return true;
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  // As a destination, the unspecified address means this machine.
  return host === '0.0.0.0' || host === '::' || own.some((address) => address === host);
}

function ownAddresses(): string[] {
  return Object.values(os.networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));
}

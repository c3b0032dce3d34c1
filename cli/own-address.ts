import os from 'node:os';
import { isLoopback } from './loopback.ts';

/**
 * Whether a URL leads to this machine: what is sent there does not leave it.
 *
 * @param own Addresses of its interfaces.
 */
export function isOwnAddress(url: string, own: readonly string[] = ownAddresses()): boolean {
  if (isLoopback(url)) return true;
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  // "Every address" is one of ours when it is called.
  return host === '0.0.0.0' || host === '::' || own.some((address) => address === host);
}

function ownAddresses(): string[] {
  return Object.values(os.networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));
}

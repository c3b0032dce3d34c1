import type { Socket } from 'node:net';
import type { Config } from '@llamactl/contract/config';
import type { FastifyBaseLogger } from 'fastify';
import { addressGroup } from '../../auth/address-group.ts';
import { isLoopbackHost } from '../../config/loopback.ts';
import type { Clock } from '../../instances/ports/time.ts';
import { canonicalAddress, isTrustedBy } from './client-address.ts';

/**
 * Most open connections of one IPv4 address or one IPv6 /64 network. A browser opens six, a client library's pool a
 * hundred.
 */
const MOST_CONNECTIONS = 256;
/** Refusals are logged once in this period, milliseconds. */
const LOG_EVERY_MS = 60_000;

export interface AddressBoundOptions {
  clock: Pick<Clock, 'elapsed'>;
  log: Pick<FastifyBaseLogger, 'warn'>;
  /** Whether an address may open any number of connections. */
  isUnbounded: (address: string) => boolean;
  /** Most open connections of one IPv4 address or one IPv6 /64 network. Default: 256. */
  most?: number | undefined;
}

/**
 * Keeps one address from taking all connections of the server. The addresses of one IPv6 /64 network count together,
 * because each host on such a network can use all 2^64 of them. Each process counts the connections that it accepted
 * itself. So during a reload an address can reach the limit twice: in the old and in the new process.
 */
export class AddressBound {
  readonly #clock: AddressBoundOptions['clock'];
  readonly #log: AddressBoundOptions['log'];
  readonly #isUnbounded: AddressBoundOptions['isUnbounded'];
  readonly #most: number;
  readonly #open = new Map<string, number>();
  #refused = 0;
  #nextLogAt = -Infinity;

  constructor({ clock, log, isUnbounded, most = MOST_CONNECTIONS }: AddressBoundOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#isUnbounded = isUnbounded;
    this.#most = most;
  }

  /** Counts a new connection until it closes. Destroys it when its address has reached the limit. */
  admit(connection: Socket): void {
    const address = canonicalAddress(connection.remoteAddress ?? '');
    // A connection without an address is gone already.
    if (address === null || this.#isUnbounded(address)) return;
    const group = addressGroup(address);
    const open = this.#open.get(group) ?? 0;
    if (open >= this.#most) return this.#refuse(connection, group);
    this.#open.set(group, open + 1);
    connection.once('close', () => this.#release(group));
  }

  #release(group: string): void {
    const open = this.#open.get(group) ?? 0;
    if (open > 1) this.#open.set(group, open - 1);
    else this.#open.delete(group);
  }

  #refuse(connection: Socket, group: string): void {
    connection.destroy();
    this.#refused += 1;
    if (this.#clock.elapsed() < this.#nextLogAt) return;
    this.#log.warn({ address: group, refused: this.#refused, most: this.#most }, 'too many connections of one address');
    this.#nextLogAt = this.#clock.elapsed() + LOG_EVERY_MS;
    this.#refused = 0;
  }
}

/** Addresses without a limit: this machine, and proxies, which open connections for many callers. */
export function unboundedAddresses({ trusted_proxies: proxies }: Pick<Config['server'], 'trusted_proxies'>) {
  const isProxy = isTrustedBy(proxies);
  return (address: string): boolean => isLoopbackHost(address) || isProxy(address);
}

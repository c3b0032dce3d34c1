import { Socket } from 'node:net';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { AddressBound, unboundedAddresses } from './address-bound.ts';

const clock = new FakeClock();
let logged: unknown[];
let bound: AddressBound;

beforeEach(() => {
  logged = [];
  bound = boundOf(2);
});

function boundOf(most: number | undefined, trustedProxies: string[] = []): AddressBound {
  return new AddressBound({
    clock,
    log: { warn: (facts: unknown) => void logged.push(facts) },
    isUnbounded: unboundedAddresses({ trusted_proxies: trustedProxies }),
    most,
  });
}

function from(address: string | undefined): Socket {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: address });
  bound.admit(socket);
  return socket;
}

const closed = async (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.once('close', () => resolve());
    socket.destroy();
  });

describe('the limit of connections per address', () => {
  it('closes a connection beyond it, and does not affect other addresses', () => {
    const seen = ['192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.1'].map(from);
    expect(seen.map(({ destroyed }) => destroyed)).toEqual([false, false, true, false, true]);
  });

  it('is 256', () => {
    bound = boundOf(undefined);
    const seen = Array.from({ length: 258 }, () => from('192.0.2.1').destroyed);
    expect(seen.indexOf(true)).toBe(256);
  });

  it('admits the next connection when one has closed', async () => {
    const [first] = ['192.0.2.1', '192.0.2.1'].map(from);
    if (first !== undefined) await closed(first);
    expect(from('192.0.2.1').destroyed).toBe(false);
    expect(from('192.0.2.1').destroyed).toBe(true);
  });

  it('does not count a refused connection that closes', async () => {
    const kept = ['192.0.2.1', '192.0.2.1'].map(from);
    await closed(from('192.0.2.1'));
    expect(from('192.0.2.1').destroyed).toBe(true);
    expect(kept.map(({ destroyed }) => destroyed)).toEqual([false, false]);
  });

  it('counts all spellings of an address together', () => {
    const seen = ['192.0.2.1', '::ffff:192.0.2.1', '::ffff:c000:201'].map(from);
    expect(seen.map(({ destroyed }) => destroyed)).toEqual([false, false, true]);
    const zones = ['fe80::1%eth0', 'fe80::1%eth1', 'FE80:0::1'].map(from);
    expect(zones.map(({ destroyed }) => destroyed)).toEqual([false, false, true]);
  });

  it('counts the addresses of one IPv6 network /64 together', () => {
    const seen = ['2001:db8:1:2::1', '2001:db8:1:2::2', '2001:db8:1:2:ffff::3', '2001:db8:1:3::1'].map(from);
    expect(seen.map(({ destroyed }) => destroyed)).toEqual([false, false, true, false]);
    expect(logged).toEqual([{ address: '2001:db8:1:2::/64', refused: 1, most: 2 }]);
  });

  it('admits another address of an IPv6 network when one connection has closed', async () => {
    const [first] = ['2001:db8:1:2::1', '2001:db8:1:2::2'].map(from);
    if (first !== undefined) await closed(first);
    expect(from('2001:db8:1:2::3').destroyed).toBe(false);
    expect(from('2001:db8:1:2::4').destroyed).toBe(true);
  });

  it.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', undefined])('does not apply to %s', (address) => {
    const seen = Array.from({ length: 5 }, () => from(address));
    expect(seen.some(({ destroyed }) => destroyed)).toBe(false);
  });

  it('does not apply to trusted proxies', () => {
    bound = boundOf(1, ['192.0.2.0/24', '2001:db8::1']);
    const seen = ['192.0.2.7', '192.0.2.7', '2001:db8::1', '2001:db8:0::1', '198.51.100.1', '198.51.100.1'].map(from);
    expect(seen.map(({ destroyed }) => destroyed)).toEqual([false, false, false, false, false, true]);
  });

  it('logs once a minute, with the number of refusals since the last time', async () => {
    Array.from({ length: 5 }, () => from('192.0.2.1'));
    expect(logged).toEqual([{ address: '192.0.2.1', refused: 1, most: 2 }]);
    await clock.advance(60_000);
    from('192.0.2.1');
    expect(logged.slice(1)).toEqual([{ address: '192.0.2.1', refused: 3, most: 2 }]);
  });
});

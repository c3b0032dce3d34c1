import { once } from 'node:events';
import { createServer, IncomingMessage } from 'node:http';
import { BlockList, Socket, type AddressInfo } from 'node:net';
import { isProxyEntry } from '@llamactl/contract/config';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientAddresses } from './client-address.ts';
import { exchange } from '../../testing/http-harness.ts';

/** A request whose connection comes from `peer`. */
function requestFrom(peer: string | undefined, forwardedFor?: string): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: peer });
  const raw = new IncomingMessage(socket);
  if (forwardedFor !== undefined) raw.headers['x-forwarded-for'] = forwardedFor;
  return raw;
}

const PROXIES = ['10.0.0.0/8', '192.0.2.7', '2001:db8:aaaa::/48', '::1'];
const clientOf = clientAddresses(PROXIES);

describe('without a proxy', () => {
  it.each([
    ['198.51.100.4', '198.51.100.4'],
    ['::ffff:198.51.100.4', '198.51.100.4'],
    ['::ffff:c633:6404', '198.51.100.4'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    [undefined, ''],
  ])('the client is the peer: %s is %s', (peer, address) => {
    expect(clientAddresses([])(requestFrom(peer, '203.0.113.9'))).toBe(address);
    expect(clientOf(requestFrom(peer, '203.0.113.9'))).toBe(address);
  });
});

describe('behind a trusted proxy', () => {
  it.each([
    ['one client', '203.0.113.9', '203.0.113.9'],
    ['entries that the client claims are left of it', '192.0.2.99, 203.0.113.9', '203.0.113.9'],
    ['proxies before it are skipped', '192.0.2.99, 203.0.113.9, 10.1.2.3, 192.0.2.7', '203.0.113.9'],
    ['an address of IPv6', '2001:DB8::9', '2001:db8::9'],
    ['a proxy of IPv6', '203.0.113.9, 2001:db8:aaaa::1', '203.0.113.9'],
    ['a mapped one', '::ffff:203.0.113.9, ::ffff:10.0.0.9', '203.0.113.9'],
    ['with a port', '203.0.113.9:51234', '203.0.113.9'],
    ['in brackets, with a port', '[2001:db8::9]:443', '2001:db8::9'],
    ['in brackets', '[2001:db8::9]', '2001:db8::9'],
    ['empty entries', ' , 203.0.113.9, ,', '203.0.113.9'],
    ['no entry', '', '10.0.0.1'],
    ['nothing but proxies', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['garbage', 'unknown', '10.0.0.1'],
    ['garbage before a proxy', '203.0.113.9, unknown, 10.0.0.2', '10.0.0.2'],
    ['garbage before the client', 'unknown, 203.0.113.9', '203.0.113.9'],
    ['a long entry', 'f'.repeat(9_000), '10.0.0.1'],
    ['an address with leading zeros', '203.0.113.009', '10.0.0.1'],
  ])('%s', (_what, forwardedFor, address) => {
    expect(clientOf(requestFrom('10.0.0.1', forwardedFor))).toBe(address);
    expect(clientOf(requestFrom('::ffff:10.0.0.1', forwardedFor))).toBe(address);
  });

  it('reads all lines of the header as one list', async () => {
    const clientOfLocal = clientAddresses(['127.0.0.1']);
    const server = createServer((raw, response) => response.end(clientOfLocal(raw))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const lines = 'X-Forwarded-For: 198.51.100.1\r\nx-forwarded-for: 203.0.113.9\r\nX-Forwarded-For: 127.0.0.1';
    const request = `GET / HTTP/1.1\r\nHost: localhost\r\n${lines}\r\n\r\n`;
    const [answer] = await exchange((server.address() as AddressInfo).port, request);
    server.close();
    expect(answer?.body).toBe('203.0.113.9');
  });

  it('recognises a proxy whose network is written as IPv6', () => {
    const ofMapped = clientAddresses(['::ffff:10.0.0.0/104', '::ffff:192.0.2.7']);
    expect(ofMapped(requestFrom('10.9.9.9', '203.0.113.9, 192.0.2.7'))).toBe('203.0.113.9');
    expect(ofMapped(requestFrom('11.0.0.1', '203.0.113.9'))).toBe('11.0.0.1');
  });
});

const anyAddress = fc.oneof(fc.ipV4(), fc.ipV6());
const anyNetwork = fc.oneof(
  fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })),
  fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })),
);
const anyProxies = fc.array(
  fc.oneof(
    anyAddress,
    anyNetwork.map(([address, length]) => `${address}/${length}`),
  ),
  { maxLength: 4 },
);

describe('for any proxies and any header', () => {
  it('every valid configuration can be used', () => {
    fc.assert(
      fc.property(anyProxies, anyAddress, (proxies, peer) => {
        expect(proxies.filter((entry) => !isProxyEntry(entry))).toEqual([]);
        expect(() => clientAddresses(proxies)(requestFrom(peer))).not.toThrow();
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        if (isProxyEntry(text)) expect(() => clientAddresses([text])).not.toThrow();
        else expect(text).not.toMatch(/^\d+\.\d+\.\d+\.\d+$/);
      }),
    );
  });

  it('a peer that is no proxy cannot change the client address', () => {
    fc.assert(
      fc.property(anyAddress, fc.string(), (peer, forwardedFor) => {
        const alone = clientAddresses([])(requestFrom(peer));
        const others = clientAddresses(['203.0.113.77']);
        fc.pre(alone !== '203.0.113.77');
        expect(others(requestFrom(peer, forwardedFor))).toBe(alone);
      }),
    );
  });

  it('entries left of the client change nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(anyAddress, fc.string())), fc.nat({ max: 3 }), (claims, hops) => {
        const trail = ['203.0.113.9', ...Array.from({ length: hops }, (_, hop) => `10.0.0.${hop + 2}`)];
        expect(clientOf(requestFrom('10.0.0.1', [...claims, ...trail].join(', ')))).toBe('203.0.113.9');
      }),
    );
  });

  it('the client is the right-most address that is no proxy', () => {
    const trusted = new BlockList();
    trusted.addSubnet('10.0.0.0', 8);
    const ofTen = clientAddresses(['10.0.0.0/8']);
    const hop = fc.oneof(
      fc.ipV4(),
      fc.nat({ max: 255 }).map((last) => `10.0.0.${last}`),
    );
    fc.assert(
      fc.property(fc.array(hop, { minLength: 1, maxLength: 8 }), (hops) => {
        const foreign = hops.findLast((address) => !trusted.check(address));
        const peer = hops.at(-1);
        expect(ofTen(requestFrom(peer, hops.slice(0, -1).join(',')))).toBe(foreign ?? hops[0]);
      }),
    );
  });
});

describe('an entry of `trusted_proxies`', () => {
  it.each(['192.0.2.7', '10.0.0.0/8', '::1', '2001:db8::/32', '::ffff:10.0.0.1', '0.0.0.0/0', '::/0'])(
    '%s',
    (entry) => {
      expect(isProxyEntry(entry)).toBe(true);
    },
  );
  it.each([
    '',
    'localhost',
    'proxy.lan',
    '10.0.0.0/33',
    '10.0.0',
    '[::1]',
    '::1/129',
    '10.0.0.0/8 ',
    '*',
    '10.0.0.1:80',
  ])('cannot be %j', (entry) => {
    expect(isProxyEntry(entry)).toBe(false);
  });
});

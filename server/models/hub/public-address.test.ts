import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from 'vitest';
import {
  type AddressRules,
  INTERNET,
  isPublicAddress,
  NotPublicError,
  publicLookup,
  seemsPublic,
} from './public-address.ts';

describe('an address', () => {
  it.each([
    '1.1.1.1',
    '172.32.0.1',
    '192.167.255.255',
    '2606:4700::1111',
    '2001:4860:4860::8888',
    '::ffff:1.1.1.1',
    '::FFFF:0101:101',
  ])('%s is public', (address) => expect(isPublicAddress(address)).toBe(true));

  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.1.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001::1',
    '2001:1ff:ffff::1',
    '2001:db8::1',
    '3fff:fff::1',
    '4000::1',
    '100::1',
    '::1.1.1.1',
    '::ffff:0:1.1.1.1',
    '0:0:0:0:0:ffff:10.0.0.1',
    'fd00::1',
    'fe80::1',
    'fe80::1%lo',
    'ff02::1',
    'localhost',
    '',
  ])('%s is not public', (address) => expect(isPublicAddress(address)).toBe(false));
});

describe('looking up a name', () => {
  const look = (addresses: string[], all: boolean): Promise<string | LookupAddress[]> =>
    new Promise((resolve, reject) => {
      const found = addresses.map((address) => ({ address, family: 4 }));
      const rules: AddressRules = { ...INTERNET, resolve: (_name, _options, callback) => callback(null, found) };
      publicLookup(rules)('a.example', { all }, (error, address) =>
        error === null ? resolve(address) : reject(error),
      );
    });

  it('finds public addresses', async () => {
    expect(await look(['1.1.1.1', '1.0.0.1'], false)).toBe('1.1.1.1');
    expect(await look(['1.1.1.1'], true)).toEqual([{ address: '1.1.1.1', family: 4 }]);
  });

  it.each([[['10.0.0.1']], [['1.1.1.1', '10.0.0.1']], [['10.0.0.1', '1.1.1.1']], [[]]])(
    'fails with the addresses %j',
    async (addresses) => {
      for (const all of [false, true]) await expect(look(addresses, all)).rejects.toThrow(NotPublicError);
    },
  );

  it('fails for a name of this machine', async () => {
    const looked = new Promise<string | LookupAddress[]>((resolve, reject) => {
      publicLookup()('localhost', {}, (error, address) => (error === null ? resolve(address) : reject(error)));
    });
    await expect(looked).rejects.toThrow(NotPublicError);
  });
});

describe('a name behind a proxy', () => {
  it('is refused if this machine resolves it to itself, and allowed if it cannot resolve it', async () => {
    expect(await seemsPublic('localhost')).toBe(false);
    expect(await seemsPublic('models.invalid')).toBe(true);
  });

  it('is refused if one of its addresses is not public', async () => {
    const found = ['1.1.1.1', '10.0.0.1'].map((address) => ({ address, family: 4 }));
    expect(await seemsPublic('a.example', { ...INTERNET, resolve: (_name, _options, done) => done(null, found) })).toBe(
      false,
    );
  });
});

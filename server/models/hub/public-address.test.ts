import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { isPublicAddress, NotPublicError, publicLookup, seemsPublic } from './public-address.ts';

describe('an address', () => {
  it.each(['1.1.1.1', '172.32.0.1', '192.167.255.255', '2606:4700::1111', '::ffff:1.1.1.1'])(
    '%s is public',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'fd00::1',
    'fe80::1',
    'ff02::1',
    'localhost',
    '',
  ])('%s is not public', (address) => expect(isPublicAddress(address)).toBe(false));
});

describe('looking up a name', () => {
  it('fails for a name of this machine', async () => {
    const looked = new Promise<string | LookupAddress[]>((resolve, reject) => {
      publicLookup('localhost', {}, (error, address) => (error === null ? resolve(address) : reject(error)));
    });
    await expect(looked).rejects.toThrow(NotPublicError);
  });
});

describe('a name behind a proxy', () => {
  it('is refused if this machine resolves it to itself, and allowed if it cannot resolve it', async () => {
    expect(await seemsPublic('localhost')).toBe(false);
    expect(await seemsPublic('models.invalid')).toBe(true);
  });
});

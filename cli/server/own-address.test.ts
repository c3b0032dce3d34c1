import os from 'node:os';
import { describe, expect, it } from 'vitest';
import { isOwnAddress } from './own-address.ts';

const OWN = ['127.0.0.1', '192.0.2.7', '2001:db8::7'];

describe('isOwnAddress', () => {
  it.each([
    'http://localhost:8080',
    'http://127.0.0.1:8080',
    'http://192.0.2.7:8080',
    'http://[2001:db8::7]:8080/llm',
    'http://0.0.0.0:8080',
    'http://[::]:8080',
  ])('accepts %s', (url) => {
    expect(isOwnAddress(url, OWN)).toBe(true);
  });

  it.each(['http://192.0.2.8:8080', 'http://gpu.example', 'http://192.0.2.7.example', 'http://[2001:db8::8]'])(
    'refuses %s',
    (url) => {
      expect(isOwnAddress(url, OWN)).toBe(false);
    },
  );

  it('accepts the address of each interface', () => {
    const all = Object.values(os.networkInterfaces()).flatMap((each) => each ?? []);
    for (const { address, family } of all.filter(({ scopeid = 0 }) => scopeid === 0)) {
      expect(isOwnAddress(`http://${family === 'IPv6' ? `[${address}]` : address}:8080`)).toBe(true);
    }
  });
});

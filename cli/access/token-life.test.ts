import { describe, expect, it } from 'vitest';
import { isDueForRenewal, tokenLife } from './token-life.ts';

const tokenOf = (claims: unknown): string =>
  ['{}', JSON.stringify(claims), 'signature'].map((part) => Buffer.from(part).toString('base64url')).join('.');

describe('tokenLife', () => {
  it('reads when a token begins and ends to be valid', () => {
    expect(tokenLife(tokenOf({ iat: 10, exp: 20, sub: 'x' }))).toEqual({ from: 10_000, until: 20_000 });
  });

  it.each([
    'llk_key',
    '',
    'a.b',
    'a.b.c',
    tokenOf(null),
    tokenOf([]),
    tokenOf({ iat: 1 }),
    tokenOf({ iat: '1', exp: 2 }),
  ])('returns null for %j', (token) => {
    expect(tokenLife(token)).toBeNull();
  });

  it('makes a renewal due in the second half, and not after the end', () => {
    const life = { from: 10_000, until: 20_000 };
    expect([10_000, 14_999, 15_000, 19_999, 20_000].map((now) => isDueForRenewal(life, now))).toEqual([
      false,
      false,
      true,
      true,
      false,
    ]);
  });
});

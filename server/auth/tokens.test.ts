import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { CLIENT, AuthHarness, PASSWORD } from '../testing/auth-harness.ts';

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const decoded = (part: string | undefined): Record<string, unknown> =>
  JSON.parse(Buffer.from(part ?? '', 'base64url').toString()) as Record<string, unknown>;

function parts(token: string): { header: Record<string, unknown>; claims: Record<string, unknown>; signature: string } {
  const [header, claims, signature = ''] = token.split('.');
  return { header: decoded(header), claims: decoded(claims), signature };
}

/** Signs a token like this server, or like an attacker who knows the secret. */
function signed(header: unknown, claims: unknown, secret: Buffer, digest = 'sha256'): string {
  const text = `${base64(header)}.${base64(claims)}`;
  return `${text}.${createHmac(digest, secret).update(text).digest('base64url')}`;
}

describe('a token', () => {
  let harness: AuthHarness;
  let token: string;

  beforeEach(async () => {
    harness = await AuthHarness.open();
    token = await harness.tokenOf('ada', 'operator');
  });

  const secretOf = async (): Promise<Buffer> =>
    Buffer.from((await harness.store.load()).signingKeys[0]?.secret ?? '', 'base64url');

  it('contains its account, expiry and signing key, in the usual format', async () => {
    const { header, claims } = parts(token);
    const [key] = (await harness.store.load()).signingKeys;
    expect(header).toEqual({ alg: 'HS256', typ: 'JWT', kid: key?.id });
    const iat = Math.floor(harness.clock.now() / 1_000);
    expect(claims).toEqual({
      iss: 'llamactl',
      sub: harness.auth.accounts.named('ada')?.id,
      jti: expect.stringMatching(/^[0-9a-f]{32}\.[0-9a-f]{32}$/) as string,
      iat,
      exp: iat + 3_600,
      generation: 1,
      auth_time: iat,
    });
    expect(token).toMatch(/^eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCI/);
  });

  it('is valid until its exact millisecond of expiry, verified before or not', async () => {
    const unseen = await harness.tokenOf('ada');
    expect(await harness.fate(token)).toBe('user');
    await harness.clock.advance(3_600_000 - 1);
    expect(await harness.fate(token)).toBe('user');
    await harness.clock.advance(1);
    expect([await harness.fate(token), await harness.fate(unseen)]).toEqual(['TOKEN_EXPIRED', 'TOKEN_EXPIRED']);
  });

  it('is verified once: the second time its caller is known synchronously', async () => {
    const { authenticator } = harness.auth;
    const credentials = { authorization: `Bearer ${token}`, apiKey: undefined };
    const first = authenticator.authenticate(credentials);
    expect(first).toBeInstanceOf(Promise);
    const [caller, other] = await Promise.all([first, authenticator.authenticate(credentials)]);
    const again = authenticator.authenticate(credentials);
    expect(again).toEqual(caller);
    expect(
      [other.revoked, caller.revoked].every((signal) => !(again instanceof Promise) && signal === again.revoked),
    ).toBe(true);
  });

  it('signed by us with all claims is accepted', async () => {
    const { header, claims } = parts(token);
    expect(await harness.fate(signed(header, { ...claims, jti: 'another' }, await secretOf()))).toBe('user');
  });

  describe('is refused', () => {
    const forgeries: [
      string,
      (header: Record<string, unknown>, claims: Record<string, unknown>, secret: Buffer) => string,
    ][] = [
      ['without a signature', (header, claims) => `${base64(header)}.${base64(claims)}.`],
      ['with alg none', (header, claims) => `${base64({ ...header, alg: 'none' })}.${base64(claims)}.`],
      ['with alg none and a signature', (header, claims, secret) => signed({ ...header, alg: 'none' }, claims, secret)],
      ['with alg NONE', (header, claims) => `${base64({ ...header, alg: 'NONE' })}.${base64(claims)}.`],
      ['with alg HS512', (header, claims, secret) => signed({ ...header, alg: 'HS512' }, claims, secret, 'sha512')],
      ['with alg RS256', (header, claims, secret) => signed({ ...header, alg: 'RS256' }, claims, secret)],
      ['without alg', (header, claims, secret) => signed({ ...header, alg: undefined }, claims, secret)],
      ['of a foreign key', (header, claims) => signed(header, claims, randomBytes(32))],
      ['of an empty key', (header, claims) => signed(header, claims, Buffer.alloc(0))],
      ['of an unknown key', (header, claims, secret) => signed({ ...header, kid: 'x' }, claims, secret)],
      ['without kid', (header, claims, secret) => signed({ ...header, kid: undefined }, claims, secret)],
      ['with a number as kid', (header, claims, secret) => signed({ ...header, kid: 1 }, claims, secret)],
      ['of another type', (header, claims, secret) => signed({ ...header, typ: 'at+jwt' }, claims, secret)],
      [
        'with a critical header that we would have to know',
        (header, claims, secret) => signed({ ...header, crit: ['x'], x: 1 }, claims, secret),
      ],
      ['of another issuer', (header, claims, secret) => signed(header, { ...claims, iss: 'other' }, secret)],
      ['not yet good', (header, claims, secret) => signed(header, { ...claims, nbf: 9_999_999_999 }, secret)],
      ...['iss', 'sub', 'jti', 'iat', 'exp', 'generation'].map(
        (claim) =>
          [
            `without ${claim}`,
            (header: Record<string, unknown>, claims: Record<string, unknown>, secret: Buffer) =>
              signed(header, { ...claims, [claim]: undefined }, secret),
          ] as [string, (typeof forgeries)[number][1]],
      ),
      ...['sub', 'jti', 'exp', 'generation'].map(
        (claim) =>
          [
            `with an odd ${claim}`,
            (header: Record<string, unknown>, claims: Record<string, unknown>, secret: Buffer) =>
              signed(header, { ...claims, [claim]: claim === 'sub' || claim === 'jti' ? 1 : '1' }, secret),
          ] as [string, (typeof forgeries)[number][1]],
      ),
      ['of an unknown account', (header, claims, secret) => signed(header, { ...claims, sub: 'x' }, secret)],
      ["of the account's name", (header, claims, secret) => signed(header, { ...claims, sub: 'ada' }, secret)],
      ['of another generation', (header, claims, secret) => signed(header, { ...claims, generation: 2 }, secret)],
      ['that is too long', (header, claims, secret) => signed(header, { ...claims, more: 'x'.repeat(9_000) }, secret)],
      ['that is no JSON', () => 'bm8.bm8.bm8'],
      ['that is empty', () => '..'],
    ];
    it.each(forgeries)('%s', async (_what, forge) => {
      const { header, claims } = parts(token);
      expect(await harness.fate(forge(header, claims, await secretOf()))).toBe('UNAUTHORIZED');
    });

    it('with any one character changed, without repeating it', async () => {
      const place = fc.integer({ min: 0, max: token.length - 1 });
      const character = fc.constantFrom('A', 'Z', 'a', 'z', '0', '9', '-', '_', '.');
      await fc.assert(
        fc.asyncProperty(place, character, async (at, character) => {
          const changed = token.slice(0, at) + character + token.slice(at + 1);
          const before = parts(token).signature;
          // The last character holds two unused bits.
          const isSame = Buffer.from(changed.split('.')[2] ?? '', 'base64url').equals(Buffer.from(before, 'base64url'));
          if (changed === token || (isSame && at >= token.lastIndexOf('.'))) return;
          expect(await harness.fate(changed)).toBe('UNAUTHORIZED');
        }),
      );
    });

    it('as arbitrary text', async () => {
      await fc.assert(
        fc.asyncProperty(fc.string({ minLength: 1, maxLength: 60 }), async (text) => {
          expect(await harness.fate(text)).toBe('UNAUTHORIZED');
        }),
      );
    });

    it('with a sentence that does not show it', async () => {
      const forged = `${token.slice(0, -3)}AAA`;
      const refusal = await harness.caller(forged).catch((error: unknown) => error);
      expect(JSON.stringify(refusal) + String(refusal)).not.toContain(forged.slice(0, 40));
    });
  });

  it('is dead from its logout on, also after a restart, and others are not', async () => {
    const other = await harness.tokenOf('ada');
    const caller = await harness.caller(token);
    await harness.auth.sessions.logout(caller);
    expect([await harness.fate(token), await harness.fate(other)]).toEqual(['UNAUTHORIZED', 'user']);
    expect(caller.revoked.aborted).toBe(true);
    await harness.restart();
    expect([await harness.fate(token), await harness.fate(other)]).toEqual(['UNAUTHORIZED', 'user']);
  });

  it('is dead from its logout on even when that cannot be stored, and the error is reported', async () => {
    const caller = await harness.caller(token);
    harness.store.failure = new Error('The disk is full.');
    await expect(harness.auth.sessions.logout(caller)).rejects.toThrow('The disk is full.');
    expect(await harness.fate(token)).toBe('UNAUTHORIZED');
  });

  it('is removed from the list of revocations at its original expiry', async () => {
    await harness.auth.sessions.logout(await harness.caller(token));
    expect((await harness.store.load()).revoked.length).toBe(1);
    await harness.clock.advance(3 * 3_600_000);
    expect((await harness.store.load()).revoked).toEqual([]);
    expect(await harness.fate(token)).toBe('TOKEN_EXPIRED');
  });

  it('is one of ten thousand remembered ones: an evicted one closes what its caller opened, and is valid again', async () => {
    const caller = await harness.caller(token);
    const { header, claims } = parts(token);
    const secret = await secretOf();
    for (let n = 0; n < 10_000; n += 1) await harness.caller(signed(header, { ...claims, jti: `t${n}` }, secret));
    expect(caller.revoked.aborted).toBe(true);
    expect((await harness.caller(token)).revoked.aborted).toBe(false);
  });

  it('lasts whole seconds', async () => {
    await harness.restart({ tokenTtl: 0.5 });
    const { claims } = parts(await harness.tokenOf('ada'));
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(1);
  });
});

describe('the signing key', () => {
  const DAY_MS = 86_400_000;
  const login = { username: 'ada', password: PASSWORD };

  it('stays the same over a restart', async () => {
    const harness = await AuthHarness.open();
    const token = await harness.tokenOf('ada');
    await harness.restart();
    expect(await harness.fate(token)).toBe('user');
    expect((await harness.store.load()).signingKeys.length).toBe(1);
  });

  it('is replaced at a start after thirty days, and the previous one still verifies', async () => {
    const harness = await AuthHarness.open({ tokenTtl: 20 * 86_400 });
    await harness.user('ada', 'admin');
    await harness.clock.advance(29 * DAY_MS);
    await harness.restart({ tokenTtl: 20 * 86_400 });
    const old = (await harness.auth.sessions.login(login, CLIENT)).token;
    await harness.clock.advance(DAY_MS);
    await harness.restart();
    const young = await harness.tokenOf('ada');
    expect(parts(old).header['kid']).not.toBe(parts(young).header['kid']);
    expect([await harness.fate(old), await harness.fate(young)]).toEqual(['user', 'user']);
  });

  it('no longer verifies after the second replacement', async () => {
    const harness = await AuthHarness.open();
    const { header, claims } = parts(await harness.tokenOf('ada'));
    const secret = Buffer.from((await harness.store.load()).signingKeys[0]?.secret ?? '', 'base64url');
    for (let n = 0; n < 2; n += 1) {
      await harness.clock.advance(30 * DAY_MS);
      await harness.restart();
      const begun = Math.floor(harness.clock.now() / 1_000);
      const later = { ...claims, auth_time: begun, exp: begun + 60 };
      expect(await harness.fate(signed(header, later, secret))).toBe(n === 0 ? 'user' : 'UNAUTHORIZED');
    }
  });

  it('is not replaced while a token of the key before the previous one might be valid', async () => {
    const harness = await AuthHarness.open({ tokenTtl: 90 * 86_400 });
    await harness.clock.advance(89 * DAY_MS);
    await harness.restart({ tokenTtl: 90 * 86_400 });
    expect((await harness.store.load()).signingKeys.length).toBe(1);
  });
});

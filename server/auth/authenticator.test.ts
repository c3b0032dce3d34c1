import { beforeEach, describe, expect, it } from 'vitest';
import { AuthHarness, codeOf } from '../testing/auth-harness.ts';
import { anonymousAdmin } from './caller.ts';

describe('the caller of a request', () => {
  let harness: AuthHarness;
  let token: string;
  let key: string;

  beforeEach(async () => {
    harness = await AuthHarness.open();
    token = await harness.tokenOf('Ada', 'operator');
    harness.instances.set('llama', 'i1');
    key = await harness.keyOf(await harness.caller(token), {
      name: 'my laptop',
      instances: ['llama'],
      may_start: false,
    });
  });

  const subject = (authorization?: string, apiKey?: string): Promise<string> =>
    codeOf(async () => (await harness.auth.authenticator.authenticate({ authorization, apiKey })).subject);
  const idOfKey = (): string => harness.auth.keys.list(anonymousAdmin())[0]?.id ?? '';

  it('is identified by a token or a key, as Bearer or as x-api-key', async () => {
    const ofKey = `key:${idOfKey()} (my laptop)`;
    expect(await subject(`Bearer ${token}`)).toBe('user:Ada');
    expect(await subject(undefined, token)).toBe('user:Ada');
    expect(await subject(`Bearer ${key}`)).toBe(ofKey);
    expect(await subject(undefined, key)).toBe(ofKey);
    expect(await subject(`bearer  ${key} `, ` ${key}`)).toBe(ofKey);
  });

  it('has all the fields that the rest of llamactl needs', async () => {
    const caller = await harness.caller(token);
    const { userId } = caller;
    expect(userId).toMatch(/^[0-9a-f]{16}$/);
    expect(caller).toEqual({
      kind: 'user',
      subject: 'user:Ada',
      username: 'Ada',
      userId,
      credentialId: expect.stringMatching(/^[0-9a-f]{32}\.[0-9a-f]{32}$/) as string,
      keyName: null,
      role: 'operator',
      scopes: new Set(),
      instances: null,
      mayStart: true,
      loggedInAt: harness.clock.now(),
      accountLimits: null,
      keyLimits: null,
      expiresAt: harness.clock.now() + 3_600_000,
      openUntil: harness.clock.now() + 3_600_000,
      revoked: expect.any(AbortSignal) as AbortSignal,
    });
    expect(await harness.caller(key)).toEqual({
      kind: 'key',
      subject: `key:${idOfKey()} (my laptop)`,
      username: 'Ada',
      userId,
      credentialId: idOfKey(),
      keyName: 'my laptop',
      role: null,
      scopes: new Set(['inference']),
      instances: new Set(['i1']),
      mayStart: false,
      loggedInAt: null,
      accountLimits: null,
      keyLimits: null,
      expiresAt: null,
      openUntil: null,
      revoked: expect.any(AbortSignal) as AbortSignal,
    });
  });

  it.each([
    ['nothing', undefined, undefined],
    ['an empty key', undefined, ' '],
    ['an empty header', '', undefined],
    ['a password', 'Basic YWRhOnB3', undefined],
    ['a password beside a key', 'Basic YWRhOnB3', 'KEY'],
    ['no secret', 'Bearer', undefined],
    ['two secrets', 'Bearer KEY TOKEN', undefined],
    ['two callers', 'Bearer TOKEN', 'KEY'],
    ['two callers, the other way round', 'Bearer KEY', 'TOKEN'],
    ['a caller and an empty one', 'Bearer KEY', ''],
    ['a key of the right form', 'Bearer llk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', undefined],
    ['a key that is too short', 'Bearer llk_AAAA', undefined],
    ['a key of another service', 'Bearer sk-AAAA', undefined],
  ])('is not identified by %s', async (_what, authorization, apiKey) => {
    const filled = (text?: string): string | undefined => text?.replace('KEY', key).replace('TOKEN', token);
    expect(await subject(filled(authorization), filled(apiKey))).toBe('UNAUTHORIZED');
  });

  it('is identified synchronously by a key', () => {
    expect(harness.auth.authenticator.authenticate({ authorization: undefined, apiKey: key })).not.toBeInstanceOf(
      Promise,
    );
  });

  it('is the owner of a key only while the owner is enabled', async () => {
    await harness.user('root', 'admin');
    const before = await harness.caller(key);
    await harness.auth.accounts.update('ada', { disabled: true });
    expect([await harness.fate(key), before.revoked.aborted]).toEqual(['UNAUTHORIZED', true]);
  });

  describe('while authentication is off', () => {
    it('is an admin without a name, whatever credentials are sent', async () => {
      await harness.restart({ isEnabled: false });
      const caller = await harness.auth.authenticator.authenticate({ authorization: 'nonsense', apiKey: undefined });
      expect(caller).toMatchObject({
        kind: 'anonymous',
        subject: 'anonymous',
        role: 'admin',
        instances: null,
        userId: null,
      });
      expect(await harness.auth.authenticator.authenticateInference({ authorization: undefined, apiKey: 'x' })).toBe(
        caller,
      );
    });
  });

  describe('while inference is open', () => {
    beforeEach(() => harness.restart({ isInferenceOpen: true }));

    const inference = (authorization?: string, apiKey?: string): Promise<string> =>
      codeOf(async () => {
        const caller = await harness.auth.authenticator.authenticateInference({ authorization, apiKey });
        return `${caller.subject} ${caller.role} ${[...caller.scopes].join()}`;
      });

    it('needs no credentials for engines, and invalid ones count as none', async () => {
      const open = 'anonymous null inference';
      expect(await inference()).toBe(open);
      expect(await inference('Bearer sk-no-key-required')).toBe(open);
      expect(await inference(`Bearer ${token.slice(0, -4)}AAAA`)).toBe(open);
      expect(await inference('Basic YWRhOnB3')).toBe(open);
      expect(await inference(`Bearer ${token}`)).toBe('user:Ada operator ');
      expect(await inference(`Bearer ${key}`)).toBe(`key:${idOfKey()} (my laptop) null inference`);
    });

    it('needs credentials for everything else', async () => {
      expect(await subject()).toBe('UNAUTHORIZED');
    });
  });

  it('needs credentials for engines while inference is not open', async () => {
    const { authenticator } = harness.auth;
    expect(
      await codeOf(() => authenticator.authenticateInference({ authorization: undefined, apiKey: undefined })),
    ).toBe('UNAUTHORIZED');
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { AuthHarness, codeOf, PASSWORD } from '../testing/auth-harness.ts';

describe('accounts', () => {
  let harness: AuthHarness;

  beforeEach(async () => {
    harness = await AuthHarness.open();
    await harness.user('Root', 'admin');
  });

  const names = (): string[] => harness.auth.accounts.list().map(({ username }) => username);

  it('lists accounts by name without secrets, also after a restart', async () => {
    await harness.user('zoe', 'viewer');
    await harness.user('Ada', 'operator');
    expect(names()).toEqual(['Ada', 'Root', 'zoe']);
    const now = new Date(harness.clock.now()).toISOString();
    const zoe = {
      username: 'zoe',
      role: 'viewer',
      disabled: false,
      max_in_flight: 0,
      requests_per_minute: 0,
      tokens_per_minute: 0,
      created_at: now,
      updated_at: now,
      last_login_at: null,
    };
    expect(harness.auth.accounts.list()[2]).toEqual(zoe);
    await harness.restart();
    expect(names()).toEqual(['Ada', 'Root', 'zoe']);
  });

  it('rejects a name that differs only in case, before hashing the password', async () => {
    harness.hashes = 0;
    const refusal: unknown = await harness.auth.accounts
      .create({ username: 'rOOT', password: PASSWORD, role: 'viewer' })
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'VALIDATION_ERROR', extras: { problems: [{ path: 'username' }] } });
    expect(harness.hashes).toBe(0);
  });

  it('creates one account when two creations of the same name run at once', async () => {
    const body = { username: 'ada', password: PASSWORD, role: 'viewer' } as const;
    const results = await Promise.all([1, 2].map(() => codeOf(() => harness.auth.accounts.create(body))));
    expect(results[1]).toBe('VALIDATION_ERROR');
    expect(names()).toEqual(['ada', 'Root']);
  });

  it('refuses to change or remove an unknown account', async () => {
    const { accounts } = harness.auth;
    expect(await codeOf(() => accounts.update('unknown', {}))).toBe('NOT_FOUND');
    expect(await codeOf(() => accounts.remove('unknown'))).toBe('NOT_FOUND');
  });

  it('leaves accounts unchanged when the disk is full', async () => {
    harness.store.failure = new Error('The disk is full.');
    await expect(harness.user('ada', 'viewer')).rejects.toThrow('The disk is full.');
    expect(names()).toEqual(['Root']);
    harness.store.failure = null;
    await harness.user('ada', 'viewer');
    expect(names()).toEqual(['ada', 'Root']);
  });

  describe('the last admin who can log in', () => {
    it.each([
      ['disabled', { disabled: true }],
      ['demoted', { role: 'operator' }],
    ] as const)('is not %s', async (_what, change) => {
      await harness.user('ada', 'operator');
      await harness.user('off', 'admin');
      await harness.auth.accounts.update('off', { disabled: true });
      expect(await codeOf(() => harness.auth.accounts.update('root', change))).toBe('FORBIDDEN');
      await harness.auth.accounts.update('off', { disabled: false });
      await harness.auth.accounts.update('root', change);
      expect(await codeOf(() => harness.auth.accounts.update('off', change))).toBe('FORBIDDEN');
    });

    it('is not removed', async () => {
      expect(await codeOf(() => harness.auth.accounts.remove('root'))).toBe('FORBIDDEN');
      await harness.user('ada', 'admin');
      await harness.auth.accounts.remove('root');
      expect(names()).toEqual(['ada']);
    });

    it('remains when two admins disable each other at once', async () => {
      await harness.user('ada', 'admin');
      const { accounts } = harness.auth;
      const results = await Promise.all([
        codeOf(() => accounts.update('ada', { role: 'viewer' })),
        codeOf(() => accounts.remove('root')),
        codeOf(() => accounts.update('root', { disabled: true })),
      ]);
      expect(results.slice(1)).toEqual(['FORBIDDEN', 'FORBIDDEN']);
      expect(accounts.named('root')).toMatchObject({ role: 'admin', disabled: false });
    });

    it('can get another password', async () => {
      await harness.auth.accounts.update('root', { password: 'another password', role: 'admin', disabled: false });
      expect(await codeOf(() => harness.tokenOf('root'))).toBe('INVALID_CREDENTIALS');
    });
  });

  describe('a change of an account', () => {
    const both = async (): Promise<{ token: string; key: string; signals: AbortSignal[] }> => {
      const token = await harness.tokenOf('ada', 'operator');
      const caller = await harness.caller(token);
      const key = await harness.keyOf(caller, { scopes: ['operator'] });
      return { token, key, signals: [caller.revoked, (await harness.caller(key)).revoked] };
    };
    const fates = ({ token, key }: { token: string; key: string }): Promise<string[]> =>
      Promise.all([harness.fate(token), harness.fate(key)]);

    it.each([
      ['a new password', { password: 'another password' }],
      ['disabling', { disabled: true }],
    ])('ends all tokens and keys and closes what they opened, for good: %s', async (_what, change) => {
      const had = await both();
      const others = await harness.tokenOf('Root');
      await harness.auth.accounts.update('ada', change);
      expect(await fates(had)).toEqual(['UNAUTHORIZED', 'UNAUTHORIZED']);
      expect(had.signals.map(({ aborted }) => aborted)).toEqual([true, true]);
      await harness.auth.accounts.update('ada', { disabled: false });
      expect(await fates(had)).toEqual(['UNAUTHORIZED', 'UNAUTHORIZED']);
      await harness.restart();
      expect(await fates(had)).toEqual(['UNAUTHORIZED', 'UNAUTHORIZED']);
      expect(await harness.fate(others)).toBe('user');
      expect((await harness.store.load()).keys).toEqual([]);
    });

    it('ends all tokens and keys on removal, and a new account of the name has none of them', async () => {
      const had = await both();
      await harness.auth.accounts.remove('ADA');
      expect(await fates(had)).toEqual(['UNAUTHORIZED', 'UNAUTHORIZED']);
      expect(had.signals.map(({ aborted }) => aborted)).toEqual([true, true]);
      await harness.user('ada', 'operator');
      expect(await fates(had)).toEqual(['UNAUTHORIZED', 'UNAUTHORIZED']);
      await harness.restart();
      expect(await fates(had)).toEqual(['UNAUTHORIZED', 'UNAUTHORIZED']);
    });

    it('closes open streams on a new role, which applies to the same tokens and keys from the next request on', async () => {
      const had = await both();
      await harness.auth.accounts.update('ada', { role: 'viewer' });
      expect(had.signals.map(({ aborted }) => aborted)).toEqual([true, true]);
      const callers = await Promise.all([harness.caller(had.token), harness.caller(had.key)]);
      expect(callers.map(({ role }) => role)).toEqual(['viewer', 'viewer']);
      expect(callers.map(({ revoked }) => revoked.aborted)).toEqual([false, false]);
      await harness.auth.accounts.update('ada', { role: 'admin' });
      const raised = await Promise.all([harness.caller(had.token), harness.caller(had.key)]);
      expect(raised.map(({ role }) => role)).toEqual(['admin', 'operator']);
    });

    it('closes nothing when nothing changes', async () => {
      const had = await both();
      await harness.auth.accounts.update('ada', { role: 'operator', disabled: false });
      expect(await fates(had)).toEqual(['user', 'key']);
      expect(had.signals.map(({ aborted }) => aborted)).toEqual([false, false]);
    });

    it('has no effect when it cannot be stored', async () => {
      const had = await both();
      harness.store.failure = new Error('The disk is full.');
      await expect(harness.auth.accounts.update('ada', { disabled: true })).rejects.toThrow('The disk is full.');
      expect(await fates(had)).toEqual(['user', 'key']);
    });

    it('leaves dead keys when the process dies before removing them, and the next start removes them', async () => {
      const had = await both();
      const user = (await harness.store.load()).users.find(({ username }) => username === 'ada');
      if (user === undefined) throw new Error('There is no ada.');
      await harness.store.saveUser({ ...user, tokenGeneration: 2 });
      await harness.restart();
      expect(await fates(had)).toEqual(['UNAUTHORIZED', 'UNAUTHORIZED']);
      await harness.auth.close();
      expect((await harness.store.load()).keys).toEqual([]);
    });

    it('disables tokens also when the generation stays the same', async () => {
      const had = await both();
      const user = (await harness.store.load()).users.find(({ username }) => username === 'ada');
      if (user === undefined) throw new Error('There is no ada.');
      await harness.store.saveUser({ ...user, disabled: true });
      await harness.restart();
      expect(await fates(had)).toEqual(['UNAUTHORIZED', 'UNAUTHORIZED']);
    });

    it('is listed with its time', async () => {
      await harness.clock.advance(1_000);
      const shown = await harness.auth.accounts.update('root', { password: 'another password' });
      expect(Date.parse(shown.updated_at) - Date.parse(shown.created_at)).toBe(1_000);
    });
  });
});

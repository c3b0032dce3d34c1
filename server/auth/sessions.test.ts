import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '@llamactl/contract/errors';
import { ADDRESS, AuthHarness, CLIENT, CHANCE, cheapDerive, codeOf, PASSWORD } from '../testing/auth-harness.ts';
import { anonymousAdmin, type Caller } from './caller.ts';
import { Passwords } from './passwords.ts';

describe('sessions', () => {
  let harness: AuthHarness;

  beforeEach(async () => {
    harness = await AuthHarness.open();
    await harness.user('Ada', 'operator');
    await harness.user('off', 'viewer');
    await harness.user('root', 'admin');
    await harness.auth.accounts.update('off', { disabled: true });
    harness.hashes = 0;
  });

  const login = (username: string, password = PASSWORD, address = ADDRESS) =>
    harness.auth.sessions.login({ username, password }, { address, userAgent: null });

  describe('a login', () => {
    it('returns a token with its expiry and account, for a name in any case', async () => {
      const before = harness.auth.accounts.list().find(({ username }) => username === 'Ada');
      const { token, expires_at, user } = await login('aDA');
      expect(await harness.fate(token)).toBe('user');
      expect(expires_at).toBe(new Date(harness.clock.now() + 3_600_000).toISOString());
      expect(user).toEqual(before);
    });

    it('is noted without delaying the answer', async () => {
      harness.store.failure = new Error('The disk is full.');
      await login('ada');
      await harness.auth.close();
      expect(new Set(harness.faults)).toEqual(new Set([new Error('The disk is full.')]));
      harness.store.failure = null;
      await login('ada');
      await harness.auth.close();
      const now = new Date(harness.clock.now()).toISOString();
      expect(harness.auth.accounts.named('ada')?.lastLoginAt).toBe(now);
      expect((await harness.store.load()).users[0]?.lastLoginAt).toBe(now);
    });

    it('is refused with the same answer after the same work, for every reason', async () => {
      const refusals: unknown[] = [];
      for (const [username, password] of [
        ['ada', 'wrong password'],
        ['unknown', PASSWORD],
        ['off', PASSWORD],
        ['off', 'wrong password'],
        ['no name at all', ''],
      ] as const) {
        harness.hashes = 0;
        const refusal: unknown = await login(username, password).catch((error: unknown) => error);
        if (!(refusal instanceof ApiError)) throw refusal;
        refusals.push([refusal.code, refusal.message, refusal.extras, harness.hashes]);
        await harness.clock.advance(3_600_000);
      }
      expect(new Set(refusals.map((refusal) => JSON.stringify(refusal))).size).toBe(1);
      expect(refusals[0]).toEqual(['INVALID_CREDENTIALS', 'The user name or the password is wrong.', {}, 1]);
    });

    it('is checked before anything is hashed', async () => {
      for (let n = 0; n < 5; n += 1)
        expect(await codeOf(() => login('ada', 'wrong password'))).toBe('INVALID_CREDENTIALS');
      harness.hashes = 0;
      const refusal: unknown = await login('ada').catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'RATE_LIMITED', status: 429, extras: { headers: { 'retry-after': '1' } } });
      expect(harness.hashes).toBe(0);
      await harness.clock.advance(1_000);
      await login('ada');
    });

    it('raises an alert at a lock-out, and clears it at the end', async () => {
      for (let n = 0; n < 12; n += 1) {
        await codeOf(() => login('ada', 'wrong password'));
        await harness.clock.advance(64_000);
      }
      expect(harness.alerts).toEqual(['login_lockout raised']);
      await harness.clock.advance(3_600_000);
      expect(harness.alerts).toEqual(['login_lockout raised', 'login_lockout cleared']);
    });

    it('does not count when no hash could be computed', async () => {
      harness.beforeHash = async () => {
        throw new Error('Out of memory.');
      };
      for (let n = 0; n < 20; n += 1) await expect(login('ada')).rejects.toThrow('Out of memory.');
      harness.beforeHash = async () => undefined;
      await login('ada');
    });

    it.each([
      ['disabled', { disabled: true }],
      ['given another password', { password: 'another password' }],
    ])('is refused when the account is %s while the password is being checked', async (_what, change) => {
      harness.beforeHash = async () => {
        harness.beforeHash = async () => undefined;
        await harness.auth.accounts.update('ada', change);
      };
      expect(await codeOf(() => login('ada'))).toBe('INVALID_CREDENTIALS');
    });

    describe('with a hash of a lower cost', () => {
      beforeEach(async () => {
        const user = (await harness.store.load()).users.find(({ username }) => username === 'Ada');
        if (user === undefined) throw new Error('There is no Ada.');
        const cost = { memory: 256, passes: 1, lanes: 1 };
        const cheaper = new Passwords({ randomness: CHANCE, derive: cheapDerive, cost });
        await harness.store.saveUser({ ...user, passwordHash: await cheaper.hash(PASSWORD) });
        await harness.restart();
      });
      const costOf = async (): Promise<string | undefined> => {
        await harness.auth.close();
        return (await harness.store.load()).users[0]?.passwordHash.split('$')[3];
      };

      it('replaces the hash, and the password stays the same', async () => {
        const { token } = await login('ada');
        expect(await costOf()).toBe('m=19456,t=2,p=1');
        await login('ada');
        expect(await harness.fate(token)).toBe('user');
      });

      it('keeps the hash when the login is refused', async () => {
        await codeOf(() => login('ada', 'wrong password'));
        expect(await costOf()).toBe('m=256,t=1,p=1');
      });

      it('does not restore a password that was changed meanwhile', async () => {
        let change: Promise<unknown> | null = null;
        harness.beforeHash = async () => {
          // The second hash is the replacement.
          if (harness.hashes !== 2) return;
          change ??= harness.auth.accounts.update('ada', { password: 'another password' });
          await change;
        };
        harness.hashes = 0;
        await login('ada');
        await costOf();
        harness.beforeHash = async () => undefined;
        expect(await codeOf(() => login('ada'))).toBe('INVALID_CREDENTIALS');
        await login('ada', 'another password');
      });
    });
  });

  describe('a refresh', () => {
    it('returns another token; the old one is refused half a minute later, and what it opened stays open', async () => {
      const old = (await login('ada')).token;
      const caller = await harness.caller(old);
      await harness.clock.advance(60_000);
      const { token, expires_at } = await harness.auth.sessions.refresh(caller, CLIENT);
      expect(expires_at).toBe(new Date(harness.clock.now() + 3_600_000).toISOString());
      expect([await harness.fate(old), await harness.fate(token)]).toEqual(['user', 'user']);
      await harness.clock.advance(30_000);
      expect([await harness.fate(old), await harness.fate(token)]).toEqual(['UNAUTHORIZED', 'user']);
      expect(caller.revoked.aborted).toBe(false);
      await harness.restart();
      expect([await harness.fate(old), await harness.fate(token)]).toEqual(['UNAUTHORIZED', 'user']);
    });

    it.each<[string, (caller: Caller) => Promise<unknown>]>([
      ['a logout', (caller) => harness.auth.sessions.logout(caller)],
      ['another password', () => harness.auth.accounts.update('ada', { password: 'another password' })],
      ['disabling the account', () => harness.auth.accounts.update('ada', { disabled: true })],
      ['another role', () => harness.auth.accounts.update('ada', { role: 'viewer' })],
    ])('keeps what the old token opened subject to %s', async (_what, end) => {
      const first = await harness.caller((await login('ada')).token);
      const second = await harness.caller((await harness.auth.sessions.refresh(first, CLIENT)).token);
      const third = await harness.caller((await harness.auth.sessions.refresh(second, CLIENT)).token);
      await harness.clock.advance(60_000);
      const stranger = await harness.caller((await login('root')).token);
      await end(third);
      expect([first, second, third, stranger].map(({ revoked }) => revoked.aborted)).toEqual([true, true, true, false]);
    });

    it('issues no token that outlives the logout of its session, also after a restart', async () => {
      const old = await harness.caller((await login('ada')).token);
      await harness.clock.advance(3_000_000);
      const { token } = await harness.auth.sessions.refresh(old, CLIENT);
      await harness.auth.sessions.logout(old);
      expect(await harness.fate(token)).toBe('UNAUTHORIZED');
      await harness.clock.advance(3_500_000);
      expect(await harness.fate(token)).toBe('UNAUTHORIZED');
      await harness.restart();
      expect(await harness.fate(token)).toBe('UNAUTHORIZED');
    });

    it('does not affect another login of the account', async () => {
      const other = (await login('ada')).token;
      const { token } = await harness.auth.sessions.refresh(await harness.caller((await login('ada')).token), CLIENT);
      await harness.auth.sessions.logout(await harness.caller(token));
      expect(await harness.fate(other)).toBe('user');
    });

    it('does not keep a token valid that is logged out in that half minute', async () => {
      const old = (await login('ada')).token;
      const caller = await harness.caller(old);
      await harness.auth.sessions.refresh(caller, CLIENT);
      await harness.auth.sessions.logout(caller);
      expect(await harness.fate(old)).toBe('UNAUTHORIZED');
    });

    it('does not outlive a concurrent change of the password', async () => {
      const caller = await harness.caller((await login('ada')).token);
      await harness.auth.accounts.update('ada', { password: 'another password' });
      expect(await codeOf(() => harness.auth.sessions.refresh(caller, CLIENT))).toBe('UNAUTHORIZED');
    });
  });

  describe('the caller’s own password', () => {
    const change = (caller: Caller, current: string) =>
      harness.auth.sessions.changePassword(
        caller,
        { current_password: current, new_password: 'another password' },
        ADDRESS,
      );

    it('is changed with the current password, which also ends this session', async () => {
      const { token } = await login('ada');
      await change(await harness.caller(token), PASSWORD);
      expect(await harness.fate(token)).toBe('UNAUTHORIZED');
      expect(await codeOf(() => login('ada'))).toBe('INVALID_CREDENTIALS');
      expect(await harness.fate((await login('ada', 'another password')).token)).toBe('user');
    });

    it('is not changed with a wrong one, and failures are slowed down as at a login', async () => {
      const { token } = await login('ada');
      const caller = await harness.caller(token);
      const codes: unknown[] = [];
      for (let n = 0; n < 6; n += 1) codes.push(await codeOf(() => change(caller, 'wrong password')));
      expect(codes).toEqual([...Array.from({ length: 5 }, () => 'INVALID_CREDENTIALS'), 'RATE_LIMITED']);
      expect(await harness.fate(token)).toBe('user');
    });
  });

  it("are for people: a key can be neither refreshed nor logged out, but can change its owner's password", async () => {
    const caller = await harness.caller((await login('ada')).token);
    const key = await harness.keyOf(caller, { scopes: ['viewer'] });
    const ofKey = await harness.caller(key);
    const { sessions } = harness.auth;
    expect(await codeOf(() => sessions.refresh(ofKey, CLIENT))).toBe('FORBIDDEN');
    expect(await codeOf(() => sessions.logout(ofKey))).toBe('FORBIDDEN');
    await sessions.changePassword(ofKey, { current_password: PASSWORD, new_password: 'another password' }, ADDRESS);
    expect(await harness.fate(key)).toBe('UNAUTHORIZED');
  });

  it('are refused while authentication is off', async () => {
    await harness.restart({ isEnabled: false });
    const { sessions } = harness.auth;
    const anonymous = anonymousAdmin();
    const codes = await Promise.all([
      codeOf(() => login('ada')),
      codeOf(() => sessions.refresh(anonymous, CLIENT)),
      codeOf(() => sessions.logout(anonymous)),
      codeOf(() => sessions.list(anonymous)),
      codeOf(() => sessions.end(anonymous, 'x')),
      codeOf(() =>
        sessions.changePassword(anonymous, { current_password: 'x', new_password: 'another password' }, ADDRESS),
      ),
    ]);
    expect(codes).toEqual(Array.from({ length: 6 }, () => 'AUTH_DISABLED'));
    expect(harness.hashes).toBe(0);
  });
});

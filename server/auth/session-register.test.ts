import { beforeEach, describe, expect, it } from 'vitest';
import { AuthHarness, CLIENT, codeOf, PASSWORD } from '../testing/auth-harness.ts';
import type { Caller } from './caller.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

let harness: AuthHarness;

beforeEach(async () => {
  harness = await AuthHarness.open();
  await harness.user('ada', 'operator');
  await harness.user('bob', 'admin');
});

const login = async (username: string, userAgent: string | null = null): Promise<Caller> => {
  const client = { address: '192.0.2.7', userAgent };
  return harness.caller((await harness.auth.sessions.login({ username, password: PASSWORD }, client)).token);
};
const refresh = async (caller: Caller, client = CLIENT): Promise<Caller> =>
  harness.caller((await harness.auth.sessions.refresh(caller, client)).token);
const idOf = ({ credentialId }: Caller): string => credentialId?.split('.')[0] ?? '';
const ids = (caller: Caller): string[] => harness.auth.sessions.list(caller).map(({ id }) => id);
const at = (milliseconds: number): string => new Date(milliseconds).toISOString();

describe('the list of log-ins', () => {
  it('shows the address and expiry of each, and marks the current one', async () => {
    const begun = harness.clock.now();
    const phone = await login('ada', 'a phone');
    await harness.clock.advance(1_000);
    const laptop = await login('ada', 'a laptop');
    expect(harness.auth.sessions.list(laptop)).toEqual([
      {
        id: idOf(laptop),
        created_at: at(begun + 1_000),
        refreshed_at: null,
        last_used_at: at(begun + 1_000),
        expires_at: at(begun + 1_000 + HOUR_MS),
        ends_at: at(begun + 1_000 + 30 * DAY_MS),
        address: '192.0.2.7',
        user_agent: 'a laptop',
        current: true,
      },
      expect.objectContaining({ id: idOf(phone), user_agent: 'a phone', current: false }),
    ]);
  });

  it('keeps one entry per log-in, however many refreshes there are', async () => {
    const begun = harness.clock.now();
    const first = await login('ada', 'a phone');
    await harness.clock.advance(60_000);
    const second = await refresh(first, { address: '198.51.100.1', userAgent: null });
    expect(harness.auth.sessions.list(second)).toEqual([
      {
        id: idOf(first),
        created_at: at(begun),
        refreshed_at: at(begun + 60_000),
        last_used_at: at(begun + 60_000),
        expires_at: at(begun + 60_000 + HOUR_MS),
        ends_at: at(begun + 30 * DAY_MS),
        address: '198.51.100.1',
        user_agent: null,
        current: true,
      },
    ]);
  });

  it('shows when each was last used: to the minute, and after a restart at least its last refresh', async () => {
    const phone = await login('ada');
    const { token } = await harness.auth.sessions.refresh(phone, CLIENT);
    const lastUse = (): string | undefined => harness.auth.sessions.list(phone)[0]?.last_used_at;
    const refreshed = at(harness.clock.now());
    expect(lastUse()).toBe(refreshed);
    await harness.clock.advance(10 * 60_000 + 999);
    await harness.caller(token);
    expect(lastUse()).toBe(at(Math.floor(harness.clock.now() / 60_000) * 60_000));
    await harness.auth.close();
    await harness.restart();
    expect(lastUse()).toBe(refreshed);
  });

  it('contains the log-ins of one account only', async () => {
    const ada = await login('ada');
    const bob = await login('bob');
    expect([ids(ada), ids(bob)]).toEqual([[idOf(ada)], [idOf(bob)]]);
  });

  it('survives a restart, without ended log-ins', async () => {
    const over = await login('ada');
    await harness.clock.advance(HOUR_MS - 1_000);
    const loggedOut = await login('ada');
    const alive = await login('ada');
    await harness.auth.sessions.logout(loggedOut);
    await harness.clock.advance(1_000);
    expect(ids(alive)).toEqual([idOf(alive)]);
    await harness.auth.close();
    await harness.restart();
    expect(ids(alive)).toEqual([idOf(alive)]);
    await harness.auth.close();
    expect((await harness.store.load()).sessions.map(({ id }) => id)).toEqual([idOf(alive)]);
    expect(ids(alive)).not.toContain(idOf(over));
  });

  it.each([
    ['another password', { password: 'another password' }],
    ['disabling', { disabled: true }],
  ])('is empty after %s of the account', async (_what, change) => {
    await login('ada');
    const user = harness.auth.accounts.named('ada');
    await harness.auth.accounts.update('ada', change);
    await harness.auth.close();
    expect((await harness.store.load()).sessions.filter(({ userId }) => userId === user?.id)).toEqual([]);
  });

  it('drops log-ins at a start: of a removed account, of another generation, or signed by an unknown key', async () => {
    const ada = await login('ada');
    await harness.auth.close();
    const [stored] = (await harness.store.load()).sessions;
    if (stored === undefined) throw new Error('nothing was stored');
    await harness.store.saveSession({ ...stored, id: 'removed', userId: 'unknown' });
    await harness.store.saveSession({ ...stored, id: 'changed', generation: stored.generation + 1 });
    await harness.store.saveSession({ ...stored, id: 'restored', signingKey: 'gone' });
    await harness.restart();
    expect(ids(ada)).toEqual([idOf(ada)]);
    await harness.auth.close();
    expect((await harness.store.load()).sessions).toEqual([stored]);
  });

  it('adds a log-in at its next refresh when its row was never stored', async () => {
    const begun = harness.clock.now();
    harness.store.failure = new Error('The disk is full.');
    const first = await login('ada');
    await harness.auth.close();
    harness.store.failure = null;
    await harness.restart();
    const same = await harness.caller((await harness.auth.sessions.refresh(first, CLIENT)).token);
    expect(harness.auth.sessions.list(same)).toMatchObject([{ id: idOf(first), created_at: at(begun) }]);
  });

  it('is bounded: the least recently refreshed log-in ends', async () => {
    const first = await login('ada');
    const second = await login('ada');
    await harness.clock.advance(1_000);
    const kept = await refresh(first);
    for (let n = 0; n < 999; n += 1) await login('ada');
    expect(ids(kept)).toHaveLength(1_000);
    expect(ids(kept)).toContain(idOf(first));
    expect(ids(kept)).not.toContain(idOf(second));
    expect(second.revoked.aborted).toBe(true);
  });

  it('is available to tokens, but not to keys', async () => {
    const ada = await login('ada');
    const key = await harness.caller(await harness.keyOf(ada, { scopes: ['viewer'] }));
    expect(await codeOf(() => harness.auth.sessions.list(key))).toBe('FORBIDDEN');
    expect(await codeOf(() => harness.auth.sessions.end(key, idOf(ada)))).toBe('FORBIDDEN');
  });
});

describe('ending a log-in', () => {
  it('revokes its tokens, also refreshed ones, at once and after a restart, and closes what they opened', async () => {
    const dead: unknown[] = [];
    harness.auth.watchDead((each) => dead.push(each));
    const first = await login('ada');
    const { token } = await harness.auth.sessions.refresh(first, CLIENT);
    const second = await harness.caller(token);
    const here = await login('ada');
    await harness.auth.sessions.end(here, idOf(first));
    expect([first, second, here].map(({ revoked }) => revoked.aborted)).toEqual([true, true, false]);
    expect(dead).toEqual([{ kind: 'session', whose: idOf(first) }]);
    expect(await harness.fate(token)).toBe('UNAUTHORIZED');
    expect(ids(here)).toEqual([idOf(here)]);
    await harness.auth.close();
    await harness.restart();
    expect(await harness.fate(token)).toBe('UNAUTHORIZED');
    expect(ids(here)).toEqual([idOf(here)]);
  });

  it('is possible for the current one', async () => {
    const here = await login('ada');
    await harness.auth.sessions.end(here, idOf(here));
    expect(here.revoked.aborted).toBe(true);
  });

  it.each(['root', 'unknown'])(
    'gives the same answer for a log-in of another account as for an unknown one (%s)',
    async (whose) => {
      const ada = await login('ada');
      const bob = await login('bob');
      const id = whose === 'root' ? idOf(ada) : 'ffff';
      expect(await codeOf(() => harness.auth.sessions.end(bob, id))).toBe('NOT_FOUND');
      expect(ada.revoked.aborted).toBe(false);
    },
  );

  it('is possible for all at once, with or without the current one', async () => {
    const [first, second] = [await login('ada'), await login('ada')];
    const here = await login('ada');
    const bob = await login('bob');
    expect(await harness.auth.sessions.endAll(here, { others: true })).toBe(2);
    expect([first, second, here, bob].map(({ revoked }) => revoked.aborted)).toEqual([true, true, false, false]);
    expect(ids(here)).toEqual([idOf(here)]);
    expect(await harness.auth.sessions.endAll(here, { others: false })).toBe(1);
    expect([here, bob].map(({ revoked }) => revoked.aborted)).toEqual([true, false]);
  });

  it('is possible for the log-ins of another account by its name, one or all; its keys stay valid', async () => {
    const { sessions } = harness.auth;
    const bob = await login('bob');
    const [first, second, third] = [await login('ada'), await login('ada'), await login('ada')];
    const key = await harness.keyOf(first);
    expect(sessions.listOf(bob, 'Ada').map(({ id, current }) => [id, current])).toEqual(
      [third, second, first].map((each) => [idOf(each), false]),
    );
    expect(sessions.listOf(bob, 'bob')).toMatchObject([{ current: true }]);
    await sessions.endOf('ada', idOf(second));
    expect([first, second, third].map(({ revoked }) => revoked.aborted)).toEqual([false, true, false]);
    expect(await sessions.endAllOf('ada')).toBe(2);
    expect(sessions.listOf(bob, 'ada')).toEqual([]);
    expect(await harness.fate(key)).toBe('key');
    expect(await codeOf(() => sessions.endOf('ada', idOf(second)))).toBe('NOT_FOUND');
    expect(await codeOf(() => sessions.endOf('ada', idOf(bob)))).toBe('NOT_FOUND');
    for (const refused of [() => sessions.listOf(bob, 'eve'), () => sessions.endAllOf('eve')]) {
      expect(await codeOf<unknown>(refused)).toBe('NOT_FOUND');
    }
  });

  it('ends the cookie of a browser too', async () => {
    const { sessions, authenticator } = harness.auth;
    const { cookie } = await sessions.loginBrowser({ username: 'ada', password: PASSWORD }, CLIENT);
    expect(await sessions.endAllOf('ada')).toBe(1);
    expect(await codeOf(() => authenticator.authenticateCookie(cookie))).toBe('UNAUTHORIZED');
    await harness.auth.close();
    await harness.restart();
    await harness.clock.advance(HOUR_MS - 1_000);
    expect(await codeOf(() => harness.auth.authenticator.authenticateCookie(cookie))).toBe('UNAUTHORIZED');
  });

  it('wins over a concurrent refresh: the log-in is not listed again', async () => {
    const first = await login('ada');
    const here = await login('ada');
    const refreshed = harness.auth.sessions.refresh(first, CLIENT);
    await harness.auth.sessions.end(here, idOf(first));
    const { token } = await refreshed;
    expect(await harness.fate(token)).toBe('UNAUTHORIZED');
    expect(ids(here)).toEqual([idOf(here)]);
  });
});

describe('the latest end of a log-in', () => {
  const TWO_HOURS = { sessionTtl: 7_200 };

  beforeEach(() => harness.restart(TWO_HOURS));

  it('limits the last token, however often it was refreshed', async () => {
    const begun = harness.clock.now();
    let caller = await login('ada');
    for (let n = 0; n < 3; n += 1) {
      await harness.clock.advance(HOUR_MS / 2);
      caller = await refresh(caller);
    }
    expect(caller.expiresAt).toBe(begun + 2 * HOUR_MS);
    await harness.clock.advance(HOUR_MS / 2 - 1_000);
    caller = await refresh(caller);
    await harness.clock.advance(1_000);
    expect(await codeOf(() => harness.auth.sessions.refresh(caller, CLIENT))).toBe('TOKEN_EXPIRED');
  });

  it('also limits a token that was never refreshed', async () => {
    await harness.restart({ sessionTtl: 60 });
    expect((await login('ada')).expiresAt).toBe(harness.clock.now() + 60_000);
  });

  it('does not move with a restart, nor with a lost list', async () => {
    const begun = harness.clock.now();
    const first = await login('ada');
    await harness.clock.advance(HOUR_MS * 0.9);
    const { token } = await harness.auth.sessions.refresh(first, CLIENT);
    await harness.auth.close();
    await harness.store.removeSessions([idOf(first)]);
    await harness.restart(TWO_HOURS);
    await harness.clock.advance(HOUR_MS * 0.9);
    const last = await refresh(await harness.caller(token));
    expect(last.expiresAt).toBe(begun + 2 * HOUR_MS);
  });

  describe('after a shorter `session_ttl`', () => {
    it('ends older tokens too, and refuses to refresh them', async () => {
      const { token } = await harness.auth.sessions.login({ username: 'ada', password: PASSWORD }, CLIENT);
      const caller = await harness.caller(token);
      await harness.clock.advance(60_000 - 1);
      await harness.restart({ sessionTtl: 60 });
      expect(await harness.fate(token)).toBe('user');
      await harness.clock.advance(1);
      expect(await harness.fate(token)).toBe('TOKEN_EXPIRED');
      expect(await codeOf(() => harness.auth.sessions.refresh(caller, CLIENT))).toBe('TOKEN_EXPIRED');
    });

    it('limits what an older token opens, and the expiry in the list', async () => {
      const begun = harness.clock.now();
      const { token } = await harness.auth.sessions.login({ username: 'ada', password: PASSWORD }, CLIENT);
      await harness.auth.close();
      await harness.restart({ sessionTtl: 60 });
      const caller = await harness.caller(token);
      expect(caller.expiresAt).toBe(begun + 60_000);
      const end = new Date(begun + 60_000).toISOString();
      expect(harness.auth.sessions.list(caller)).toMatchObject([{ expires_at: end, ends_at: end }]);
    });

    it('removes ended log-ins from the list', async () => {
      await login('ada');
      await harness.clock.advance(60_000);
      await harness.auth.close();
      await harness.restart({ sessionTtl: 60 });
      const here = await login('ada');
      expect(ids(here)).toEqual([idOf(here)]);
    });
  });
});

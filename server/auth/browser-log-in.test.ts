import { beforeEach, describe, expect, it } from 'vitest';
import type { UpdateUser } from '@llamactl/contract/auth';
import { AuthHarness, CLIENT, codeOf, PASSWORD } from '../testing/auth-harness.ts';
import type { Caller } from './caller.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

let harness: AuthHarness;

beforeEach(async () => {
  harness = await AuthHarness.open();
  await harness.user('root', 'admin');
  await harness.user('ada', 'operator');
});

interface LoggedInBrowser {
  cookie: string;
  /** The first token. */
  token: string;
}

const login = async (username = 'ada', password = PASSWORD): Promise<LoggedInBrowser> => {
  const { cookie, loggedIn } = await harness.auth.sessions.loginBrowser({ username, password }, CLIENT);
  return { cookie, token: loggedIn.token };
};
const browser = async (cookie: string | undefined): Promise<Caller> =>
  harness.auth.authenticator.authenticateCookie(cookie);
/** Gets the next token of a browser. */
const next = async (cookie: string): Promise<string> =>
  (await harness.auth.sessions.createBrowserToken(await browser(cookie), CLIENT)).token;
/** `ok`, or the code of the refusal. */
const fateOf = async (cookie: string | undefined): Promise<string> =>
  codeOf(async () => {
    await browser(cookie);
    return 'ok';
  });

describe('the log-in of a browser', () => {
  it('gives a cookie for the life of a token, and tokens for fifteen minutes', async () => {
    const begun = harness.clock.now();
    const { cookie, lifetime, loggedIn } = await harness.auth.sessions.loginBrowser(
      { username: 'ADA', password: PASSWORD },
      CLIENT,
    );
    expect(lifetime).toBe(3_600);
    expect(loggedIn).toMatchObject({ user: { username: 'ada' } });
    expect(Date.parse(loggedIn.expires_at)).toBe(begun + 15 * MINUTE_MS);
    await harness.clock.advance(15 * MINUTE_MS);
    expect(await harness.fate(loggedIn.token)).toBe('TOKEN_EXPIRED');
    expect(await harness.fate(await next(cookie))).toBe('user');
  });

  it('needs the password, and is throttled like every login', async () => {
    for (let n = 0; n < 5; n += 1) expect(await codeOf(() => login('ada', 'wrong'))).toBe('INVALID_CREDENTIALS');
    expect(await codeOf(() => login())).toBe('RATE_LIMITED');
  });

  it('ends with its cookie, and no token outlives it', async () => {
    const { cookie } = await login();
    await harness.clock.advance(50 * MINUTE_MS);
    const last = await next(cookie);
    await harness.clock.advance(10 * MINUTE_MS - 1);
    expect([await fateOf(cookie), await harness.fate(last)]).toEqual(['ok', 'user']);
    await harness.clock.advance(1);
    expect([await fateOf(cookie), await harness.fate(last)]).toEqual(['TOKEN_EXPIRED', 'TOKEN_EXPIRED']);
  });

  it('is listed with the end of its cookie, also after its next token', async () => {
    const end = new Date(harness.clock.now() + HOUR_MS).toISOString();
    const { cookie } = await login();
    await harness.clock.advance(20 * MINUTE_MS);
    const caller = await harness.caller(await next(cookie));
    expect(harness.auth.sessions.list(caller)).toMatchObject([{ expires_at: end, ends_at: end }]);
  });

  it('is no longer than `auth.session_ttl`', async () => {
    await harness.restart({ sessionTtl: 60 });
    const { cookie } = await login();
    await harness.clock.advance(MINUTE_MS);
    expect(await fateOf(cookie)).toBe('TOKEN_EXPIRED');
  });

  it('outlives a restart', async () => {
    const { cookie, token } = await login();
    await harness.restart();
    expect([await fateOf(cookie), await harness.fate(token)]).toEqual(['ok', 'user']);
    expect(await harness.fate(await next(cookie))).toBe('user');
  });

  it('keeps open what its tokens opened until it ends, and longer than a token', async () => {
    const begun = harness.clock.now();
    const { token } = await login();
    const caller = await harness.caller(token);
    expect(caller.expiresAt).toBe(begun + 15 * MINUTE_MS);
    expect(caller.openUntil).toBe(begun + HOUR_MS);
  });

  it('shares one signal among its tokens, so that its end reaches what the oldest opened', async () => {
    const { cookie, token } = await login();
    const oldest = await harness.caller(token);
    await harness.clock.advance(15 * MINUTE_MS);
    const newest = await harness.caller(await next(cookie));
    await harness.auth.sessions.logout(await browser(cookie));
    expect([oldest.revoked.aborted, newest.revoked.aborted]).toEqual([true, true]);
  });

  it('is one log-in in the list, with its last use', async () => {
    const { cookie } = await login();
    await harness.clock.advance(MINUTE_MS);
    const caller = await harness.caller(await next(cookie));
    const [listed, ...others] = harness.auth.sessions.list(caller);
    expect(others).toEqual([]);
    expect(listed).toMatchObject({ id: expect.stringMatching(/^browser-/) as string, current: true });
    expect(Date.parse(listed?.expires_at ?? '')).toBe(Date.parse(listed?.created_at ?? '') + HOUR_MS);
    expect(Date.parse(listed?.refreshed_at ?? '')).toBe(harness.clock.now());
  });
});

describe('the cookie of a browser', () => {
  it('is no token, and a token is no cookie', async () => {
    const { cookie, token } = await login();
    expect(await harness.fate(cookie)).toBe('UNAUTHORIZED');
    expect(await fateOf(token)).toBe('UNAUTHORIZED');
    expect(await fateOf(await harness.tokenOf('ada'))).toBe('UNAUTHORIZED');
  });

  it.each([undefined, '', 'x', 'a.b.c', 'x'.repeat(5_000)])('is refused when it is %j', async (cookie) => {
    expect(await fateOf(cookie)).toBe('UNAUTHORIZED');
  });

  it('cannot be made longer by a refresh of its token', async () => {
    const { token } = await login();
    const caller = await harness.caller(token);
    expect(await codeOf(() => harness.auth.sessions.refresh(caller, CLIENT))).toBe('FORBIDDEN');
  });

  it('has no use while authentication is off', async () => {
    await harness.restart({ isEnabled: false });
    expect(await codeOf(() => login())).toBe('AUTH_DISABLED');
    expect(await codeOf(() => next('x'))).toBe('AUTH_DISABLED');
  });
});

describe('a browser is logged out with all its tokens', () => {
  const ENDS: [string, (logIn: LoggedInBrowser) => Promise<unknown>][] = [
    ['its log-out', async ({ cookie }) => harness.auth.sessions.logout(await browser(cookie))],
    ['the log-out of its token', async ({ token }) => harness.auth.sessions.logout(await harness.caller(token))],
    [
      'the end of its log-in in the list',
      async ({ token }) => {
        const caller = await harness.caller(token);
        await harness.auth.sessions.end(caller, harness.auth.sessions.list(caller)[0]?.id ?? '');
      },
    ],
    ['the removal of the account', () => harness.auth.accounts.remove('ada')],
    ...(
      [
        ['a new password', { password: 'another password' }],
        ['the disabling of the account', { disabled: true }],
        ['a new role', { role: 'viewer' }],
      ] as [string, UpdateUser][]
    ).map(([what, change]): (typeof ENDS)[number] => [what, () => harness.auth.accounts.update('ada', change)]),
  ];

  it.each(ENDS)('by %s, also after a restart, and others are not', async (_what, end) => {
    const logIn = await login();
    const other = await login('root');
    const { revoked } = await harness.caller(logIn.token);
    await end(logIn);
    expect(revoked.aborted).toBe(true);
    expect([await fateOf(logIn.cookie), await harness.fate(logIn.token)]).toEqual(['UNAUTHORIZED', 'UNAUTHORIZED']);
    await harness.auth.close();
    await harness.restart();
    expect([await fateOf(logIn.cookie), await harness.fate(logIn.token)]).toEqual(['UNAUTHORIZED', 'UNAUTHORIZED']);
    expect([await fateOf(other.cookie), await harness.fate(other.token)]).toEqual(['ok', 'user']);
  });

  it('by its token, for good: a shorter `auth.token_ttl` does not bring the cookie back', async () => {
    await harness.restart({ tokenTtl: 86_400 });
    const { cookie, token } = await login();
    await harness.restart({ tokenTtl: 600 });
    await harness.auth.sessions.logout(await harness.caller(token));
    await harness.clock.advance(3 * HOUR_MS);
    expect(await fateOf(cookie)).toBe('UNAUTHORIZED');
  });

  it('by a new role, for good: the old role brings nothing back', async () => {
    const { cookie } = await login();
    await harness.auth.accounts.update('ada', { role: 'viewer' });
    await harness.auth.accounts.update('ada', { role: 'operator' });
    expect(await fateOf(cookie)).toBe('UNAUTHORIZED');
  });

  it('not by new limits of the account', async () => {
    const { cookie } = await login();
    await harness.auth.accounts.update('ada', { max_in_flight: 3 });
    expect(await fateOf(cookie)).toBe('ok');
  });
});

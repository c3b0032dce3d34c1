import { TokenSchema, type KeyCreated, type LoggedIn } from '@llamactl/contract/auth';
import type { LightMyRequestResponse } from 'fastify';
import { beforeEach, describe, expect, it } from 'vitest';
import { AuthHarness, PASSWORD } from '../../testing/auth-harness.ts';
import { errorOf, example, expectShape, testConfig, testServer, type TestServer } from '../../testing/http-harness.ts';

/** Logging in and out, accounts, keys and tickets, over HTTP. The tests of `auth/` cover their decisions. */

let harness: AuthHarness;
let test: TestServer;

async function serve(isEnabled = true): Promise<void> {
  harness = await AuthHarness.open({ isEnabled });
  harness.instances.set('mine', 'id-of-mine');
  test = testServer({ auth: harness.auth, clock: harness.clock, config: testConfig({ auth: { enabled: isEnabled } }) });
}
beforeEach(async () => serve());

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
async function call(method: Method, path: string, token?: string, payload?: object): Promise<LightMyRequestResponse> {
  return test.inject({
    method,
    url: `/api${path}`,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(payload === undefined ? {} : { payload }),
  });
}

describe('a login', () => {
  it('answers in the format of the reference', async () => {
    await harness.user('ada', 'operator');
    const answer = await call('POST', '/auth/login', undefined, { username: 'ada', password: PASSWORD });
    expect(answer.statusCode).toBe(200);
    expectShape(answer.json(), await example('login.response'));
    const { token, user } = answer.json<LoggedIn>();
    expect(user).toMatchObject({ username: 'ada', role: 'operator' });
    expect(answer.headers['cache-control']).toBe('no-store');
    expect((await call('GET', '/instances', token)).statusCode).toBe(200);
  });

  it('reveals no reason when it is wrong', async () => {
    await harness.user('ada', 'operator');
    const answers = await Promise.all(
      ['ada', 'unknown'].map((username) => call('POST', '/auth/login', undefined, { username, password: 'x' })),
    );
    const [known, unknown] = answers.map(({ statusCode, headers, body }) => ({
      statusCode,
      challenge: headers['www-authenticate'],
      ...errorOf(body),
      request_id: '',
    }));
    expect(known).toEqual(unknown);
    expect(known).toMatchObject({ statusCode: 401, code: 'INVALID_CREDENTIALS', challenge: 'Bearer' });
  });

  it.each(['{"username":[1', '{"username":1'])('of more than 16 KiB is refused unread: %s…', async (start) => {
    const payload = start.padEnd(16_385, ',1');
    const answer = await test.inject({
      method: 'POST',
      url: '/api/auth/login',
      headers: { 'content-type': 'application/json' },
      payload,
    });
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
  });

  it('may have the longest name and password, with all characters escaped', async () => {
    const longest = '\\u0061'.repeat(1_024);
    const answer = await test.inject({
      method: 'POST',
      url: '/api/auth/login',
      headers: { 'content-type': 'application/json' },
      payload: `{"username":"${longest}","password":"${longest}"}`,
    });
    expect(answer.statusCode).toBe(401);
  });

  it('is throttled and listed by the address of its client', async () => {
    await harness.user('ada', 'admin');
    const seen: unknown[] = [];
    harness.auth.sessions.login = async (_body, client) => {
      seen.push(client);
      throw new Error('enough');
    };
    await call('POST', '/auth/login', undefined, { username: 'ada', password: PASSWORD });
    expect(seen).toEqual([{ address: '127.0.0.1', userAgent: 'lightMyRequest' }]);
  });
});

describe('a token', () => {
  it('can be refreshed, and revoked', async () => {
    const token = await harness.tokenOf('ada');
    const refreshed = await call('POST', '/auth/refresh', token);
    const { token: next } = TokenSchema.strict().parse(refreshed.json());
    expect((await call('POST', '/auth/logout', next)).json()).toEqual({ message: 'Logged out successfully' });
    expect((await call('GET', '/instances', next)).statusCode).toBe(401);
  });

  it('ends with a change of the password', async () => {
    const token = await harness.tokenOf('ada', 'viewer');
    const passwords = { current_password: PASSWORD, new_password: 'another horse battery' };
    const wrong = await call('PUT', '/auth/password', token, { ...passwords, current_password: 'x' });
    expect(errorOf(wrong.body).code).toBe('INVALID_CREDENTIALS');
    expect((await call('PUT', '/auth/password', token, passwords)).statusCode).toBe(200);
    expect((await call('GET', '/instances', token)).statusCode).toBe(401);
  });
});

describe('while authentication is off', () => {
  it.each<[Method, string, object | undefined]>([
    ['POST', '/auth/login', { username: 'ada', password: PASSWORD }],
    ['POST', '/auth/refresh', undefined],
    ['POST', '/auth/logout', undefined],
    ['PUT', '/auth/password', { current_password: PASSWORD, new_password: PASSWORD }],
  ])('%s %s answers AUTH_DISABLED', async (method, path, payload) => {
    await serve(false);
    const answer = await call(method, path, undefined, payload);
    expect([answer.statusCode, errorOf(answer.body).code]).toEqual([409, 'AUTH_DISABLED']);
  });

  it('accounts and keys can be prepared', async () => {
    await serve(false);
    const created = await call('POST', '/users', undefined, { username: 'ada', password: PASSWORD, role: 'admin' });
    expect(created.statusCode).toBe(201);
    expect((await call('POST', '/keys', undefined, { name: 'k', owner: 'ada' })).statusCode).toBe(201);
    expect((await call('POST', '/ws/ticket')).statusCode).toBe(200);
  });
});

describe('accounts', () => {
  it('can be created, listed, changed and deleted', async () => {
    const root = await harness.tokenOf('root');
    const body = { username: 'Bob', password: PASSWORD, role: 'viewer' };
    const created = await call('POST', '/users', root, body);
    expect([created.statusCode, created.json()]).toMatchObject([201, { user: { username: 'Bob', role: 'viewer' } }]);
    expect(created.body).not.toContain('horse');
    const changed = await call('PUT', '/users/bob', root, { role: 'operator' });
    expect(changed.json()).toMatchObject({ user: { username: 'Bob', role: 'operator' } });
    const { users } = (await call('GET', '/users', root)).json<{ users: { username: string }[] }>();
    expect(users.map(({ username }) => username)).toEqual(['Bob', 'root']);
    expect((await call('DELETE', '/users/bob', root)).json()).toEqual({ message: 'User deleted successfully' });
    expect(errorOf((await call('DELETE', '/users/bob', root)).body).code).toBe('NOT_FOUND');
  });

  it.each([
    [{ username: 'bob' }, ['password', 'role']],
    [{ username: '-', password: 'short', role: 'king', x: 1 }, ['username', 'password', 'role', 'x']],
  ])('%j is refused for %s', async (body, paths) => {
    const answer = await call('POST', '/users', await harness.tokenOf('root'), body);
    expect(errorOf(answer.body).errors?.map(({ path }) => path)).toEqual(paths);
  });
});

describe('keys', () => {
  it('are shown once, listed to their owner and to admins, and deleted by both', async () => {
    const [root, bob, eve] = [
      await harness.tokenOf('root'),
      await harness.tokenOf('bob', 'operator'),
      await harness.tokenOf('eve', 'viewer'),
    ];
    const created = await call('POST', '/keys', bob, { name: 'editor', instances: ['mine'], may_start: false });
    const { key, info } = created.json<KeyCreated>();
    expect([created.statusCode, info]).toMatchObject([
      201,
      { name: 'editor', owner: 'bob', instances: ['mine'], scopes: ['inference'], may_start: false },
    ]);
    const listed = await Promise.all([root, bob, eve].map(async (token) => (await call('GET', '/keys', token)).body));
    expect(listed.map((body) => body.includes(info.id))).toEqual([true, true, false]);
    expect(listed.some((body) => body.includes(key))).toBe(false);
    expect(errorOf((await call('DELETE', `/keys/${info.id}`, eve)).body).code).toBe('NOT_FOUND');
    expect((await call('DELETE', `/keys/${info.id}`, bob)).statusCode).toBe(200);
    expect((await call('GET', '/instances', key)).statusCode).toBe(401);
  });

  it('may not exceed the rights of their maker', async () => {
    const answer = await call('POST', '/keys', await harness.tokenOf('eve', 'viewer'), {
      name: 'k',
      scopes: ['admin'],
    });
    expect([answer.statusCode, errorOf(answer.body).code]).toEqual([403, 'FORBIDDEN']);
  });
});

describe('a ticket', () => {
  it('belongs to the caller who requested it', async () => {
    const answer = await call('POST', '/ws/ticket', await harness.tokenOf('eve', 'viewer'));
    const { ticket } = answer.json<{ ticket: string }>();
    expect(harness.auth.tickets.redeem(ticket)).toMatchObject({ subject: 'user:eve', role: 'viewer' });
  });
});

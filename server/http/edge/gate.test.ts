import { beforeEach, describe, expect, it } from 'vitest';
import { AuthHarness, PASSWORD } from '../../testing/auth-harness.ts';
import { errorOf, exchange, testConfig, testServer, type TestServer } from '../../testing/http-harness.ts';
import { RateLimits } from './rate-limit.ts';

/** Tests which requests may pass, and to which subject they count. */

let harness: AuthHarness;
let test: TestServer;

function serve(limit = 100): void {
  const rate_limit = { enabled: true, regular: limit, intensive: 2 };
  test = testServer({
    auth: harness.auth,
    clock: harness.clock,
    config: testConfig({ auth: { enabled: true }, server: { allowed_origins: ['https://page.example'] } }),
    limits: new RateLimits({ clock: harness.clock, config: rate_limit }),
    plugins: [(app) => void app.get('/api/forgotten', () => ({ secret: true }))],
  });
}

const bearer = (secret: string): { authorization: string } => ({ authorization: `Bearer ${secret}` });

beforeEach(async () => {
  harness = await AuthHarness.open();
  serve();
});

/** Status and remaining requests of an answer; `undefined`: it has no rate-limit headers. */
async function left(
  url: string,
  headers: Record<string, string> = {},
  method: 'GET' | 'POST' | 'PUT' | 'OPTIONS' = 'GET',
) {
  const answer = await test.inject({ url, headers, method });
  return [answer.statusCode, answer.headers['x-ratelimit-remaining']];
}

describe('a caller', () => {
  it('learns which role is required', async () => {
    const token = await harness.tokenOf('eve', 'viewer');
    const answer = await test.inject({ method: 'POST', url: '/api/instances/x/start', headers: bearer(token) });
    expect([answer.statusCode, errorOf(answer.body)]).toMatchObject([
      403,
      { code: 'FORBIDDEN', error: 'This needs the role operator or higher; you are viewer.' },
    ]);
  });

  it.each([
    [['inference' as const], '/api/instances', 'This needs the role viewer or higher; your key is for inference.'],
    [['viewer' as const], '/api/users', 'This needs the role admin; your key is for viewer.'],
  ])('with a key for %s learns its rights', async (scopes, url, error) => {
    const key = await harness.keyOf(await harness.loggedIn('ada'), { scopes });
    const answer = await test.inject({ url, headers: { 'x-api-key': key } });
    expect(errorOf(answer.body)).toMatchObject({ code: 'FORBIDDEN', error });
  });

  it('without credentials gets UNAUTHORIZED, and with an expired token TOKEN_EXPIRED', async () => {
    const token = await harness.tokenOf('ada');
    await harness.clock.advance(3_600_000);
    const codes = await Promise.all(
      [{}, bearer(token)].map(async (headers) => errorOf((await test.inject({ url: '/api/keys', headers })).body).code),
    );
    expect(codes).toEqual(['UNAUTHORIZED', 'TOKEN_EXPIRED']);
  });

  it('shares the windows of its account with all its keys and tokens', async () => {
    const ada = await harness.loggedIn('ada');
    const keys = [await harness.keyOf(ada, { scopes: ['viewer'] }), await harness.keyOf(ada, { scopes: ['viewer'] })];
    const counts = [];
    for (const secret of [...keys, await harness.tokenOf('ada'), await harness.tokenOf('bob')]) {
      counts.push((await left('/api/instances', bearer(secret)))[1]);
    }
    expect(counts).toEqual(['99', '98', '97', '99']);
  });

  it('may use public routes with any credentials', async () => {
    await harness.user('ada', 'admin');
    for (const url of ['/livez', '/readyz', '/health', '/api/openapi.json']) {
      expect((await test.inject({ url, headers: bearer('garbage') })).statusCode).toBe(200);
    }
    const payload = { username: 'ada', password: PASSWORD };
    const login = await test.inject({ method: 'POST', url: '/api/auth/login', payload, headers: bearer('garbage') });
    expect(login.statusCode).toBe(200);
  });

  it('must be an admin for a route without an access rule', async () => {
    const [viewer, admin] = [await harness.tokenOf('eve', 'viewer'), await harness.tokenOf('ada')];
    const statuses = await Promise.all(
      [{}, bearer(viewer), bearer(admin)].map(
        async (headers) => (await test.inject({ url: '/api/forgotten', headers })).statusCode,
      ),
    );
    expect(statuses).toEqual([401, 403, 200]);
  });
});

describe('a request', () => {
  it('counts to the account of its token or key, or to the address', async () => {
    const token = await harness.tokenOf('ada');
    const key = await harness.keyOf(await harness.loggedIn('ada'), { scopes: ['viewer'] });
    expect(await left('/api/instances', bearer(token))).toEqual([200, '99']);
    expect(await left('/api/instances', bearer(await harness.tokenOf('ada')))).toEqual([200, '98']);
    expect(await left('/api/instances', bearer(key))).toEqual([200, '97']);
    expect(await left('/api/openapi.json', bearer(token))).toEqual([200, '99']);
  });

  it('counts and has the headers, whatever the answer is', async () => {
    const viewer = bearer(await harness.tokenOf('eve', 'viewer'));
    expect(await left('/api/users', viewer)).toEqual([403, '99']);
    expect(await left('/api/users')).toEqual([401, '99']);
    expect(await left('/api/nothing')).toEqual([404, '98']);
    expect(await left('/api/instances', {}, 'PUT')).toEqual([405, '97']);
    expect(await left('/api/%zz')).toEqual([400, '96']);
    expect(await left('/api/instances', {}, 'OPTIONS')).toEqual([204, '95']);
    expect(await left('/api/instances/x/start', viewer, 'POST')).toEqual([403, '1']);
  });

  it.each(['/livez', '/nowhere', '/v1/models', '/api/instances/x/proxy/y'])('to %s does not count', async (url) => {
    expect((await left(url))[1]).toBeUndefined();
  });

  it('counts even if the parser refuses it', async () => {
    const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 });
    try {
      const head = `GET /api/instances HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`;
      const [answer] = await exchange(port, head);
      expect([answer?.status, answer?.headers.get('x-ratelimit-remaining')]).toEqual([431, '99']);
    } finally {
      await test.server.close();
    }
  });

  it('over the limit is refused before its credentials are judged', async () => {
    serve(2);
    for (const status of [401, 401, 429]) expect((await left('/api/instances', bearer('x')))[0]).toBe(status);
    const answer = await test.inject({ url: '/api/nothing' });
    expect(errorOf(answer.body).code).toBe('RATE_LIMITED');
    expect(answer.headers['retry-after']).toBe('60');
    expect((await left('/api/instances', bearer(await harness.tokenOf('ada'))))[0]).toBe(200);
    await harness.clock.advance(60_000);
    expect(await left('/api/nothing')).toEqual([404, '1']);
  });

  it('of a foreign page does not use up the limit of the browser’s owner', async () => {
    const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    expect(await left('/api/instances', foreign)).toEqual([401, '99']);
    expect(await left('/api/instances', { origin: 'https://evil.example' }, 'POST')).toEqual([403, '98']);
    expect(await left('/api/instances', { host: 'evil.example' })).toEqual([403, '97']);
    expect(await left('/api/instances')).toEqual([401, '99']);
    expect(await left('/api/instances', { ...foreign, origin: 'https://page.example' })).toEqual([401, '98']);
  });

  it('is never refused when it is a preflight', async () => {
    serve(1);
    for (let count = 0; count < 3; count += 1) expect((await left('/api/instances', {}, 'OPTIONS'))[0]).toBe(204);
  });
});

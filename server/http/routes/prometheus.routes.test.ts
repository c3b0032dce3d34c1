import { beforeEach, describe, expect, it } from 'vitest';
import { AuthHarness } from '../../testing/auth-harness.ts';
import { errorOf, testConfig, testServer, type TestServer } from '../../testing/http-harness.ts';

let test: TestServer;
beforeEach(async () => {
  test = testServer();
  await test.manager.create({ name: 'mine' });
  await test.manager.create({ name: 'other' });
});

describe('GET /metrics', () => {
  it('returns text for Prometheus to any caller while authentication is off', async () => {
    const answer = await test.inject({ url: '/metrics?x=1', headers: { accept: 'application/openmetrics-text' } });
    expect([answer.statusCode, answer.body]).toEqual([200, 'instances mine other\n']);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    expect(answer.headers).not.toHaveProperty('x-ratelimit-limit');
  });

  it('returns its length to HEAD', async () => {
    const answer = await test.inject({ method: 'HEAD', url: '/metrics' });
    expect([answer.statusCode, answer.body, answer.headers['content-length']]).toEqual([200, '', '21']);
  });

  it.each(['POST', 'DELETE'] as const)('does not accept %s', async (method) => {
    const answer = await test.inject({ method, url: '/metrics' });
    expect([answer.statusCode, errorOf(answer.body).code]).toEqual([405, 'METHOD_NOT_ALLOWED']);
    expect(answer.headers['allow']).toBe('GET, HEAD, OPTIONS');
  });

  it.each(['/metrics/', '/metrics/x', '/api/metrics'])('does not exist at %s', async (url) => {
    expect((await test.inject({ url })).statusCode).toBe(404);
  });

  it('is refused under a foreign name', async () => {
    const answer = await test.inject({ url: '/metrics', headers: { host: 'evil.example' } });
    expect(errorOf(answer.body).code).toBe('FORBIDDEN');
  });

  it('shows a key for some instances only these', async () => {
    const harness = await AuthHarness.open();
    harness.instances.set('mine', 'id-of-mine').set('other', 'id-of-other');
    const guarded = testServer({
      auth: harness.auth,
      clock: harness.clock,
      config: testConfig({ auth: { enabled: true } }),
    });
    for (const name of ['mine', 'other']) await guarded.manager.create({ name });
    const key = await harness.keyOf(await harness.loggedIn('root'), { scopes: ['metrics'], instances: ['mine'] });
    const answer = await guarded.inject({ url: '/metrics', headers: { authorization: `Bearer ${key}` } });
    expect([answer.statusCode, answer.body]).toEqual([200, 'instances mine\n']);
    expect((await guarded.inject({ url: '/metrics' })).statusCode).toBe(401);
  });
});

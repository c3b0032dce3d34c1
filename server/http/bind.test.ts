import { describe, expect, it } from 'vitest';
import { errorOf, serverWithInstance, testServer } from './http-harness.ts';

describe('the bodies that are no bodies', () => {
  it.each([
    ['none', {}],
    ['an empty one of JSON', { headers: { 'content-type': 'application/json' }, payload: '' }],
    [
      'an empty form, as curl -d "" sends it',
      { headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: '' },
    ],
    ['an empty object', { payload: {} }],
  ])('%s', async (_, options) => {
    const test = await serverWithInstance();
    for (const command of ['start', 'stop', 'restart']) {
      const answer = await test.inject({ method: 'POST', url: `/api/instances/my-instance/${command}`, ...options });
      expect(answer.statusCode).toBe(200);
    }
  });

  it('a body where none is taken is refused, not ignored', async () => {
    const test = await serverWithInstance();
    const answer = await test.inject({
      method: 'POST',
      url: '/api/instances/my-instance/start',
      payload: { force: true },
    });
    expect(errorOf(answer.body).errors).toEqual([{ path: 'force', message: 'is not known' }]);
    const deleted = await test.inject({ method: 'DELETE', url: '/api/instances/my-instance', payload: [] });
    expect(errorOf(deleted.body).error).toBe('the body must be left out: this operation takes none');
  });

  it('a missing one is told what it needs', async () => {
    const test = await serverWithInstance();
    const created = await test.inject({ method: 'POST', url: '/api/instances' });
    expect(errorOf(created.body)).toMatchObject({
      code: 'VALIDATION_ERROR',
      error: 'the body is missing: this request needs a JSON object with at least name',
    });
    const updated = await test.inject({ method: 'PUT', url: '/api/instances/my-instance' });
    expect(errorOf(updated.body).error).toContain('any of engine, model_path, port, options');
    expect(test.manager.calls).toEqual([]);
  });
});

describe('requests that break a rule', () => {
  it('are told every problem of query and body in one answer', async () => {
    const test = await serverWithInstance();
    const url = '/api/instances/my-instance/stop?wiat=true';
    const answer = await test.inject({ method: 'POST', url, payload: { force: 'yes', timout: 5, timeout: -1 } });
    expect(answer.statusCode).toBe(400);
    expect(errorOf(answer.body).errors).toEqual([
      { path: 'wiat', message: 'is not known; did you mean wait?' },
      { path: 'force', message: 'must be true or false' },
      { path: 'timeout', message: 'must be at least 0' },
      { path: 'timout', message: 'is not known; did you mean timeout?' },
    ]);
    expect(test.manager.calls).toEqual([]);
  });

  it.each(['a%2fb', '%00', 'a%0ab', '-x', '.x', 'ä', 'x'.repeat(5_000), 'x'.repeat(64), 'batch'])(
    'are told that no instance can have the name %j',
    async (name) => {
      const test = testServer();
      const answer = await test.inject({ url: `/api/instances/${name}` });
      expect([answer.statusCode, errorOf(answer.body).code]).toEqual([404, 'INSTANCE_NOT_FOUND']);
      expect(errorOf(answer.body).error.length).toBeLessThan(200);
      expect(test.manager.calls).toEqual([]);
    },
  );

  it('are told of a parameter that no operation has', async () => {
    const answer = await testServer().inject({ url: '/api/instances?statsu=running' });
    expect(errorOf(answer.body).error).toBe('statsu is not known; did you mean status?');
    const none = await testServer().inject({ url: '/api/openapi.json?pretty=1' });
    expect(none.statusCode).toBe(400);
  });
});

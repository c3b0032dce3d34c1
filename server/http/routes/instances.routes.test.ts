import { describe, expect, it } from 'vitest';
import {
  errorOf,
  example,
  expectShape,
  serverWithInstance,
  testConfig,
  testServer,
} from '../../testing/http-harness.ts';

describe('the instance routes', () => {
  it('create one with the request of the seed', async () => {
    const test = testServer();
    const payload = await example('create-instance.request');
    const answer = await test.inject({ method: 'POST', url: '/api/instances', payload });
    expect(answer.statusCode).toBe(201);
    expect(answer.headers.location).toBe('/api/instances/my-instance');
    expect(answer.headers.etag).toBe('"1"');
    const body = answer.json<Record<string, unknown>>();
    expectShape(body, await example('create-instance.response'));
    expect(body).toMatchObject({
      message: 'Instance created successfully',
      instance: { status: 'stopped', port: 8081 },
    });
    expect(body).not.toHaveProperty('warnings');
    expect(test.manager.calls).toEqual([{ method: 'create', arguments: [payload, 'anonymous'] }]);
  });

  it('return warnings', async () => {
    const answer = await testServer().inject({ method: 'POST', url: '/api/instances', payload: { name: 'x' } });
    expect(answer.json()).toHaveProperty('warnings', ['model_path is not there yet']);
  });

  it('list instances, also by state', async () => {
    const test = await serverWithInstance();
    const all = await test.inject({ url: '/api/instances' });
    expectShape(all.json(), await example('list-instances.response'));
    const running = await test.inject({ url: '/api/instances?status=running' });
    expect(running.json()).toEqual({ instances: [] });
  });

  it.each([
    ['GET', '/api/instances/my-instanc'],
    ['PUT', '/api/instances/my-instanc'],
    ['DELETE', '/api/instances/my-instanc'],
    ['POST', '/api/instances/my-instanc/start'],
    ['GET', '/api/instances/my-instanc/logs'],
  ] as const)('name the most similar instance for an unknown one: %s %s', async (method, url) => {
    const test = await serverWithInstance();
    const answer = await test.inject({ method, url, ...(method === 'PUT' && { payload: { pinned: true } }) });
    expect([answer.statusCode, errorOf(answer.body).code]).toEqual([404, 'INSTANCE_NOT_FOUND']);
    expect(errorOf(answer.body).error).toMatch(/; did you mean "my-instance"\?$/);
  });

  it('name no instance that is unlike', async () => {
    const answer = await (await serverWithInstance()).inject({ url: '/api/instances/other' });
    expect(errorOf(answer.body).error).not.toContain('did you mean');
  });

  it('show one unwrapped, with its version', async () => {
    const test = await serverWithInstance();
    const answer = await test.inject({ url: '/api/instances/MY-instance' });
    const { pid: _, stats: __, ...rest } = (await example('get-instance.response')) as Record<string, unknown>;
    expectShape(answer.json(), { ...rest, options: {} });
    expect(answer.json()).toMatchObject({ pid: null, stats: null });
    expect(answer.headers.etag).toBe('"1"');
  });

  it('answer HEAD like GET, without the body', async () => {
    const test = await serverWithInstance();
    const answer = await test.inject({ method: 'HEAD', url: '/api/instances/my-instance' });
    expect([answer.statusCode, answer.body, answer.headers.etag]).toEqual([200, '', '"1"']);
    expect(Number(answer.headers['content-length'])).toBeGreaterThan(100);
  });

  it('change one with the request of the seed', async () => {
    const test = await serverWithInstance();
    const payload = await example('update-instance.request');
    const answer = await test.inject({ method: 'PUT', url: '/api/instances/my-instance', payload });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers.etag).toBe('"2"');
    expect(answer.json()).toMatchObject({
      message: 'Instance updated successfully',
      restart_required: false,
      instance: { options: { threads: 8, context_size: 4096 } },
    });
  });

  it('pass If-Match and apply=restart to the update', async () => {
    const test = await serverWithInstance();
    const url = '/api/instances/my-instance?apply=restart';
    const stale = await test.inject({ method: 'PUT', url, payload: { port: 9000 }, headers: { 'if-match': '"7"' } });
    expect([stale.statusCode, errorOf(stale.body).code]).toEqual([412, 'PRECONDITION_FAILED']);
    const type = { 'content-type': 'application/merge-patch+json' };
    const fresh = await test.inject({
      method: 'PUT',
      url,
      payload: '{"port":9000}',
      headers: { 'if-match': '"1"', ...type },
    });
    expect(fresh.statusCode).toBe(200);
    expect(test.manager.calls.at(-1)?.arguments).toEqual([
      'my-instance',
      { port: 9000 },
      { ifMatch: '"1"', restart: true, by: 'anonymous' },
    ]);
  });

  it('rename one', async () => {
    const test = await serverWithInstance();
    const url = '/api/instances/my-instance/rename';
    const invalid = await test.inject({ method: 'POST', url, payload: { name: 'start-all' } });
    expect([invalid.statusCode, errorOf(invalid.body).code]).toEqual([400, 'VALIDATION_ERROR']);
    const answer = await test.inject({ method: 'POST', url, payload: { name: 'other' } });
    expect([answer.statusCode, answer.headers.etag]).toEqual([200, '"2"']);
    const message = 'Instance renamed successfully';
    expect(answer.json()).toMatchObject({ message, restart_required: false, instance: { name: 'other' } });
    expect(test.manager.calls.at(-1)?.arguments).toEqual(['my-instance', 'other', 'anonymous']);
    const again = await test.inject({ method: 'POST', url, payload: { name: 'third' } });
    expect([again.statusCode, errorOf(again.body).code]).toEqual([404, 'INSTANCE_NOT_FOUND']);
  });

  it('delete one', async () => {
    const test = await serverWithInstance();
    const answer = await test.inject({ method: 'DELETE', url: '/api/instances/my-instance' });
    expect([answer.statusCode, answer.json()]).toEqual([200, await example('delete-instance.response')]);
    expect(test.manager.calls.at(-1)?.arguments).toMatchObject(['my-instance', { by: 'anonymous' }]);
    const again = await test.inject({ method: 'DELETE', url: '/api/instances/my-instance' });
    expect([again.statusCode, errorOf(again.body).code]).toEqual([404, 'INSTANCE_NOT_FOUND']);
  });
});

describe('the base path', () => {
  const config = testConfig({ server: { base_path: '/llm' } });

  it('may be kept or removed by the proxy', async () => {
    for (const url of ['/llm/api/instances', '/api/instances', '/llm/livez']) {
      expect((await testServer({ config }).inject({ url })).statusCode).toBe(200);
    }
    expect((await testServer({ config }).inject({ url: '/other/api/instances' })).statusCode).toBe(404);
  });

  it('is part of the Location of a new instance', async () => {
    const answer = await testServer({ config }).inject({
      method: 'POST',
      url: '/llm/api/instances',
      payload: { name: 'x' },
    });
    expect(answer.headers.location).toBe('/llm/api/instances/x');
  });
});

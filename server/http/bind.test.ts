import { describe, expect, it } from 'vitest';
import { ApiError } from '@llamactl/contract/errors';
import { Moved, Sealed, StoreClosed } from '../instances/use-cases.ts';
import { FakeAudit } from '../testing/fake-services.ts';
import { errorOf, serverWithInstance, testServer, type TestServer } from '../testing/http-harness.ts';
import type { Turnstile } from './edge/turnstile.ts';

describe('a body that counts as none', () => {
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

  it('refuses a body where none is accepted', async () => {
    const test = await serverWithInstance();
    const answer = await test.inject({
      method: 'POST',
      url: '/api/instances/my-instance/start',
      payload: { force: true },
    });
    expect(errorOf(answer.body).errors).toEqual([
      { path: 'force', message: 'is not known', phrase: { kind: 'unknown_setting' } },
    ]);
    const deleted = await test.inject({ method: 'DELETE', url: '/api/instances/my-instance', payload: [] });
    expect(errorOf(deleted.body).error).toBe('the body must be left out: this operation takes none');
  });

  it('names the required fields when the body is missing', async () => {
    const test = await serverWithInstance();
    const created = await test.inject({ method: 'POST', url: '/api/instances' });
    expect(errorOf(created.body)).toMatchObject({
      code: 'VALIDATION_ERROR',
      error: 'the body is missing: this request needs a JSON object with at least name',
    });
    const updated = await test.inject({ method: 'PUT', url: '/api/instances/my-instance' });
    expect(errorOf(updated.body).error).toContain('any of engine, model_path, model, port, options');
    expect(test.manager.calls).toEqual([]);
  });
});

describe('a request with invalid values', () => {
  it('gets every problem of query and body in one answer', async () => {
    const test = await serverWithInstance();
    const url = '/api/instances/my-instance/stop?wiat=true';
    const unknown = (meant: string) => ({ kind: 'unknown_setting', data: { meant } });
    const answer = await test.inject({ method: 'POST', url, payload: { force: 'yes', timout: 5, timeout: -1 } });
    expect(answer.statusCode).toBe(400);
    expect(errorOf(answer.body).errors).toEqual([
      { path: 'wiat', message: 'is not known; did you mean wait?', phrase: unknown('wait') },
      { path: 'force', message: 'must be true or false', phrase: { kind: 'wrong_type', data: { type: 'boolean' } } },
      { path: 'timeout', message: 'must be at least 0', phrase: { kind: 'too_small', data: { least: 0 } } },
      { path: 'timout', message: 'is not known; did you mean timeout?', phrase: unknown('timeout') },
    ]);
    expect(test.manager.calls).toEqual([]);
  });

  it.each(['a%2fb', '%00', 'a%0ab', '-x', '.x', 'ä', 'x'.repeat(5_000), 'x'.repeat(64), 'batch'])(
    'learns that no instance can have the name %j',
    async (name) => {
      const test = testServer();
      const answer = await test.inject({ url: `/api/instances/${name}` });
      expect([answer.statusCode, errorOf(answer.body).code]).toEqual([404, 'INSTANCE_NOT_FOUND']);
      expect(errorOf(answer.body).error.length).toBeLessThan(200);
      expect(test.manager.calls).toEqual([]);
    },
  );

  it('is refused for an unknown parameter', async () => {
    const answer = await testServer().inject({ url: '/api/instances?statsu=running' });
    expect(errorOf(answer.body).error).toBe('statsu is not known; did you mean status?');
    const none = await testServer().inject({ url: '/api/openapi.json?pretty=1' });
    expect(none.statusCode).toBe(400);
  });
});

/** A turnstile that a test closes, with another server that answers 207. */
class OtherServer implements Turnstile {
  isOpen = true;
  readonly passed: { url: string; body: string | null | undefined; isBegun: boolean }[] = [];

  enter(): () => void {
    return () => undefined;
  }

  async passOn({ response, url, body, isBegun }: Parameters<Turnstile['passOn']>[0]): Promise<void> {
    this.passed.push({ url, body: Buffer.isBuffer(body) ? body.toString() : body, isBegun });
    response.writeHead(207).end('{}');
  }
}

describe('a request in flight during a hand-over', () => {
  async function served(fault: unknown): Promise<{ test: TestServer; other: OtherServer; audit: FakeAudit }> {
    const other = new OtherServer();
    const audit = new FakeAudit();
    const test = testServer({ turnstile: other, audit });
    await test.manager.create({ name: 'a', model_path: '/m.gguf' });
    const fail = (): never => {
      other.isOpen = false;
      throw fault;
    };
    test.manager.stop = fail;
    test.manager.restart = fail;
    test.manager.health = fail;
    return { test, other, audit };
  }

  it.each([new Sealed(), new StoreClosed()])(
    'is passed on unchanged when it has changed nothing here: %s',
    async (fault) => {
      const { test, other } = await served(fault);
      const answer = await test.inject({ method: 'POST', url: '/api/instances/a/restart', payload: { timeout: 3 } });
      expect(answer.statusCode).toBe(207);
      expect(other.passed).toEqual([{ url: '/api/instances/a/restart', body: '{"timeout":3}', isBegun: false }]);
    },
  );

  it('is answered here when it may have changed something: a full disk, or an internal error', async () => {
    const { test, other } = await served(new Error('llamactl.db could not be written (the disk is full)'));
    const answer = await test.inject({ method: 'POST', url: '/api/instances/a/restart' });
    expect([answer.statusCode, other.passed]).toEqual([500, []]);
  });

  it('is passed on when it only reads, whatever failed', async () => {
    const { test, other } = await served(new Error('database is not open'));
    const answer = await test.inject({ url: '/api/instances/a/health' });
    expect([answer.statusCode, other.passed.length]).toEqual([207, 1]);
  });

  it('is passed on as begun when it waits for a restart that began here', async () => {
    const { test, other } = await served(new Moved('another server goes on with it'));
    await test.inject({ method: 'POST', url: '/api/instances/a/restart?wait=true', payload: { timeout: 3 } });
    expect(other.passed).toEqual([{ url: '/api/instances/a/restart?wait=true', body: '{"timeout":3}', isBegun: true }]);
  });

  it('gets the refusal that was found here', async () => {
    const { test, other } = await served(new ApiError('INSTANCE_RUNNING', 'a is running.'));
    const answer = await test.inject({ method: 'POST', url: '/api/instances/a/stop' });
    expect([answer.statusCode, other.passed]).toEqual([409, []]);
  });

  it('is recorded only by the server that answers it', async () => {
    const { test, audit } = await served(new Sealed());
    await test.inject({ method: 'POST', url: '/api/instances/a/stop' });
    expect(audit.entries).toEqual([]);
    expect(test.log.filter(({ msg }) => msg === 'request')).toEqual([]);
  });
});

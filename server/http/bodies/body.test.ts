import { once } from 'node:events';
import { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Health } from '@llamactl/contract/health';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { errorOf, exchange, openSocket, testServer, type TestServer } from '../../testing/http-harness.ts';

let test: TestServer;
let port: number;

beforeEach(async () => {
  test = testServer();
  ({ port } = await test.server.listen({ host: '127.0.0.1', port: 0 }));
});
afterEach(async () => test.server.close());

const JSON_TYPE = { 'content-type': 'application/json' };

describe('a body under /api', () => {
  it.each([
    ['a form', 'application/x-www-form-urlencoded'],
    ['plain text', 'text/plain'],
    ['a multipart form', 'multipart/form-data; boundary=x'],
    ['XML', 'application/xml'],
    ['a type similar to JSON', 'application/jsonp'],
    ['a malformed type', 'application//json'],
  ])('is refused as %s, because any page could send it', async (_, type) => {
    const answer = await test.inject({
      method: 'POST',
      url: '/api/instances',
      headers: { 'content-type': type },
      payload: '{"name":"x"}',
    });
    expect([answer.statusCode, errorOf(answer.body).code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    expect(errorOf(answer.body).error).toContain('application/json');
  });

  it('is refused without a type', async () => {
    const request = 'POST /api/instances HTTP/1.1\r\nHost: localhost\r\nContent-Length: 12\r\n\r\n{"name":"x"}';
    const [answer] = await exchange(port, request);
    expect([answer?.status, errorOf(answer?.body ?? '').code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });

  it.each(['application/json; charset=utf-8', 'Application/JSON', 'application/json;charset=UTF-8;x=y'])(
    'is accepted as %s',
    async (type) => {
      const answer = await test.inject({
        method: 'POST',
        url: '/api/instances',
        headers: { 'content-type': type },
        payload: '{"name":"x"}',
      });
      expect(answer.statusCode).toBe(201);
    },
  );

  it('is refused when compressed', async () => {
    const headers = { ...JSON_TYPE, 'content-encoding': 'gzip' };
    const answer = await test.inject({ method: 'POST', url: '/api/instances', headers, payload: '{"name":"x"}' });
    expect([answer.statusCode, errorOf(answer.body).code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });

  it('is refused with the position of an error in its JSON', async () => {
    const answer = await test.inject({
      method: 'POST',
      url: '/api/instances',
      headers: JSON_TYPE,
      payload: '{"name": x}',
    });
    expect([answer.statusCode, errorOf(answer.body).code]).toEqual([400, 'INVALID_JSON']);
    expect(errorOf(answer.body).details).toBe('line 1, column 10: a value is expected');
  });

  it('may arrive in chunks, and an empty one counts as none', async () => {
    const head =
      'POST /api/instances HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
    const [created] = await exchange(port, `${head}5\r\n{"nam\r\n7\r\ne":"x"}\r\n0\r\n\r\n`);
    expect(created?.status).toBe(201);
    const [empty] = await exchange(port, `${head.replace('/instances', '/instances/x/start')}0\r\n\r\n`);
    expect(empty?.status).toBe(200);
  });

  it('of a GET is ignored', async () => {
    const request =
      'GET /api/instances HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n{"a';
    const answers = await exchange(port, request + request, 2);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });

  it('of a GET may stay incomplete while the answer takes longer than a body', async () => {
    await test.manager.create({ name: 'x', model_path: '/m.gguf' });
    const health = Promise.withResolvers<Health>();
    const asked = vi.spyOn(test.manager, 'health').mockReturnValue(health.promise);
    const head = 'GET /api/instances/x/health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{';
    const answer = exchange(port, head);
    await vi.waitFor(() => expect(asked).toHaveBeenCalled(), { interval: 5, timeout: 10_000 });
    await test.clock.advance(60_000);
    asked.mockRestore();
    health.resolve(await test.manager.health('x'));
    expect((await answer)[0]?.status).toBe(200);
  });

  it('of a GET may break off before the answer', async () => {
    await test.manager.create({ name: 'x', model_path: '/m.gguf' });
    const health = Promise.withResolvers<Health>();
    const asked = vi.spyOn(test.manager, 'health').mockReturnValue(health.promise);
    const head = 'GET /api/instances/x/health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{';
    const socket = openSocket(port, head);
    await vi.waitFor(() => expect(asked).toHaveBeenCalled(), { interval: 5, timeout: 10_000 });
    socket.destroy();
    await vi.waitFor(() => expect(test.log.filter(({ msg }) => msg === 'request')).toHaveLength(1), {
      interval: 5,
      timeout: 10_000,
    });
    health.reject(new Error('the answer is not needed'));
  });

  it.each([
    ['of an unreadable type', '/api/instances', 'Content-Type: application//json\r\nContent-Length: 100', '{'],
    ['that is too long', '/api/auth/login', 'Content-Type: application/json\r\nContent-Length: 20000', '{'],
    [
      'that is too long, in chunks',
      '/api/auth/login',
      'Content-Type: application/json\r\nTransfer-Encoding: chunked',
      `4e20\r\n${' '.repeat(20_000)}\r\n`,
    ],
  ])('%s may break off while its refusal waits for an earlier answer', async (_, path, headers, body) => {
    await test.manager.create({ name: 'x', model_path: '/m.gguf' });
    const health = Promise.withResolvers<Health>();
    vi.spyOn(test.manager, 'health').mockReturnValue(health.promise);
    const ended = vi.spyOn(ServerResponse.prototype, 'end');
    const slow = 'GET /api/instances/x/health HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const socket = openSocket(port, `${slow}POST ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n\r\n${body}`);
    await vi.waitFor(() => expect(ended).toHaveBeenCalledTimes(1), { interval: 5, timeout: 10_000 });
    ended.mockRestore();
    socket.resetAndDestroy();
    await vi.waitFor(() => expect(test.log.filter(({ msg }) => msg === 'request')).toHaveLength(2), {
      interval: 5,
      timeout: 10_000,
    });
    health.reject(new Error('the answer is not needed'));
  });

  it.each(['with its length', 'in chunks'])(
    'of 2 MiB %s is refused, and the connection stays usable for the next request',
    async (how) => {
      const body = JSON.stringify({ name: 'x'.repeat(2 * 1024 * 1024) });
      const head = 'POST /api/instances HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
      const sent =
        how === 'in chunks'
          ? `${head}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
          : `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
      const answers = await exchange(port, `${sent}GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n`, 2);
      expect(answers.map(({ status }) => status)).toEqual([413, 200]);
      expect(errorOf(answers[0]?.body ?? '')).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    },
  );

  it('of exactly 1 MiB is read', async () => {
    const payload = `{"name":"${'x'.repeat(1_048_576 - 11)}"}`;
    const answer = await test.inject({ method: 'POST', url: '/api/instances', headers: JSON_TYPE, payload });
    expect(payload).toHaveLength(1_048_576);
    expect(errorOf(answer.body).code).toBe('VALIDATION_ERROR');
  });

  it('is awaited for a limited time', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write(
      'POST /api/instances HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    );
    await vi.waitFor(() => expect(test.clock.pending).toContain(60_000), { interval: 5, timeout: 10_000 });
    await test.clock.advance(60_000);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 408 /);
    expect(answer.toString()).toContain('"VALIDATION_ERROR"');
    if (!socket.readableEnded) await once(socket.resume(), 'end');
    socket.destroy();
  });

  it('is read for a limited time after its refusal', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write(
      'POST /api/instances HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5000000\r\n\r\n{',
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 413 /);
    await test.clock.advance(60_000);
    await once(socket.resume(), 'close');
  });

  it('is an error of the caller when it breaks off', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write(
      'POST /api/instances HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    );
    await vi.waitFor(() => expect(test.clock.pending).toContain(60_000), { interval: 5, timeout: 10_000 });
    socket.destroy();
    await vi.waitFor(() => expect(test.log.filter(({ msg }) => msg === 'request')).toHaveLength(1), {
      interval: 5,
      timeout: 10_000,
    });
    expect(test.log.filter(({ level }) => Number(level) >= 40)).toEqual([]);
    expect(test.clock.pending).toEqual([]);
    expect(test.manager.calls).toEqual([]);
  });
});

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { UpdateUser } from '@llamactl/contract/auth';
import type { Caller } from '../../auth/caller.ts';
import { maySee } from '../../auth/permissions.ts';
import type { LimitHolder } from '../../gateway/caller-limits.ts';
import type { GatewayInstances } from '../../gateway/gateway-ports.ts';
import { SlicedWork } from '../../sliced-work.ts';
import { AuthHarness } from '../../testing/auth-harness.ts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../clock.ts';
import { DIALECTS } from '../../gateway/dialects.ts';
import {
  call,
  FakeInstances,
  type Listening,
  rawConnection,
  type RawConnection,
  readAnswer,
  startEngine,
} from '../../testing/gateway-harness.ts';
import { Requests } from '../../gateway/requests.ts';
import { gatewayRoutes } from './gateway.routes.ts';
import { oneModel } from '../../testing/one-model.ts';
import { errorOf, testConfig, testServer, type TestServer } from '../../testing/http-harness.ts';

const PAGE = 'https://page.example';
let engine: Listening;
let instances: FakeInstances;
const servers: TestServer[] = [];

beforeEach(async () => {
  engine = await startEngine(
    async (request, response) => {
      const { body } = await readAnswer(request);
      response.writeHead(200, { 'content-type': 'text/plain', vary: 'Accept', 'access-control-allow-origin': '*' });
      response.end(
        [
          request.method,
          request.url,
          body.byteLength,
          request.headers['x-request-id'],
          request.headers.upgrade ?? '-',
        ].join(' '),
      );
    },
    (server) =>
      server.on('upgrade', (_request: IncomingMessage, socket: Socket) => {
        socket.on('error', () => socket.destroy());
        socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
        socket.pipe(socket);
      }),
  );
  instances = new FakeInstances([
    { name: 'a', port: engine.port },
    { name: 'off', port: engine.port, status: 'stopped' },
  ]);
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map(({ server }) => server.close()));
  await engine.close();
});

/** Starts the whole HTTP server with the gateway. */
async function serve(server: Parameters<typeof testConfig>[0] = {}): Promise<TestServer & { port: number }> {
  const test = testServer({
    config: testConfig(server),
    plugins: [
      gatewayRoutes({
        instancesFor: () => instances,
        clock: { ...systemClock(), now: () => 0, after: () => () => undefined },
        work: new SlicedWork(systemClock()),
        models: oneModel,
      }),
    ],
    errorShapes: DIALECTS,
  });
  servers.push(test);
  const { port } = await test.server.listen({ port: 0 });
  return { ...test, port };
}

function upgrade(port: number, path: string, headers = ''): RawConnection {
  const head = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
  return rawConnection(port, `${head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA\r\n${headers}\r\n`);
}

const openAi = (text: string): unknown => (JSON.parse(text) as { error: unknown }).error;

describe('a request that reaches an engine', () => {
  test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])('has the method %s', async (method) => {
    const { port } = await serve();
    const answer = await call(port, '/api/instances/a/proxy/x', { method, headers: { 'x-request-id': 'mine-1' } });
    expect(answer).toMatchObject({ status: 200, headers: { 'x-request-id': 'mine-1', 'x-llamactl-source': 'engine' } });
    if (method !== 'HEAD') expect(answer.text).toBe(`${method} /x 0 mine-1 -`);
  });

  test.each([
    ['/api/instances/a/proxy', '/'],
    ['/api/instances/a/proxy?x=/1', '/?x=/1'],
    ['/api/instances/a/proxy//a/../b%2F%00;c?d=%zz', '//a/../b%2F%00;c?d=%zz'],
    ['http://localhost/api/instances/a/proxy/x', '/x'],
    ['/v1/chat?model=a&x=//', '/v1/chat?model=a&x=//'],
  ])('%s arrives as %s', async (path, engines) => {
    const { port } = await serve();
    const connection = rawConnection(port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    await connection.gone;
    expect(connection.received()).toContain(`GET ${engines} 0 `);
  });

  test('arrives without the base path', async () => {
    const { port } = await serve({ server: { base_path: '/llm' } });
    expect((await call(port, '/llm/api/instances/a/proxy/x')).text).toContain('GET /x ');
    expect((await call(port, '/llm/v1/x?model=a')).text).toContain('GET /v1/x?model=a ');
  });

  test.each(['application/json', 'multipart/form-data; boundary=x', 'no type at all', 'text/plain'])(
    'may have a larger body than /api accepts, of any type (%s)',
    async (type) => {
      const { port } = await serve();
      const body = Buffer.alloc(3 * 1024 * 1024, '{');
      const answer = await call(port, '/api/instances/a/proxy/x', { body, headers: { 'content-type': type } });
      expect(answer.text).toContain(`POST /x ${body.byteLength} `);
    },
  );

  test('may offer HTTP/2, as Java does, and is an ordinary one', async () => {
    const { port } = await serve();
    const headers = {
      connection: 'Upgrade, HTTP2-Settings',
      upgrade: 'h2c',
      'http2-settings': 'AAMAAABkAAQAoAAAAAIAAAAA',
    };
    const answer = await call(port, '/v1/x', { body: '{"model":"a"}', headers });
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.text).toMatch(/^POST \/v1\/x 13 \S+ -$/);
  });
});

describe('a request that reaches no engine', () => {
  test.each(['OPTIONS', 'TRACE'])('has the method %s', async (method) => {
    const { port } = await serve();
    for (const path of ['/v1/x?model=a', '/api/instances/a/proxy/x']) {
      const answer = await call(port, path, { method });
      expect(answer.status).toBe(method === 'OPTIONS' ? 204 : 405);
      expect(answer.text).not.toContain(' /x ');
    }
  });

  test('has a foreign host name, and gets an error in the format of its path', async () => {
    const { port } = await serve();
    const answer = await call(port, '/v1/models', { headers: { host: 'evil.example' } });
    expect(answer).toMatchObject({ status: 403, headers: { 'x-llamactl-source': 'llamactl' } });
    expect(openAi(answer.text)).toMatchObject({ type: 'permission_error', param: null });
  });

  test.each(['/v1/x', '/api/instances/a/proxy/x'])('is a POST to %s from a foreign page', async (path) => {
    const { port } = await serve();
    const answer = await call(port, path, { body: '{"model":"a"}', headers: { origin: 'https://evil.example' } });
    expect(answer.status).toBe(403);
  });

  test.each([
    ['/v1/chat/completions', { type: 'invalid_request_error', code: 'model_not_found' }],
    ['/v1/messages', { type: 'not_found_error' }],
  ])('to %s is for a model of this machine without an instance, and says how to get one', async (path, shape) => {
    const { port } = await serve();
    const answer = await call(port, path, { body: '{"model":"gone"}' });
    expect(answer.status).toBe(404);
    const message = 'The model "gone" is a model without an instance: llamactl run gone creates one and starts it.';
    expect(openAi(answer.text)).toMatchObject({ ...shape, message });
    const unknown = await call(port, path, { body: '{"model":"other"}' });
    expect(openAi(unknown.text)).toMatchObject({ message: expect.stringContaining('does not exist') as unknown });
  });

  test.each([
    ['/chat/completions', { type: 'invalid_request_error', code: 'not_found', param: null }],
    ['/models', { type: 'invalid_request_error', code: 'not_found', param: null }],
    ['/messages', { type: 'not_found_error' }],
  ])('to %s lacks /v1, and gets the base URL in an error that its SDK shows', async (path, shape) => {
    const { port } = await serve();
    const answer = await call(port, path, { body: '{"model":"a"}' });
    expect(answer).toMatchObject({ status: 404, headers: { 'x-llamactl-source': 'llamactl' } });
    const message = expect.stringMatching(
      /a path without \/v1; the base URL for OpenAI clients is http:.*\/v1\.$/,
    ) as unknown;
    expect(openAi(answer.text)).toMatchObject({ ...shape, message });
  });

  test('asks for a model without an instance by its URL', async () => {
    const { port } = await serve();
    expect((await call(port, '/v1/models/gone')).text).toContain('llamactl run gone');
  });

  test('is for an instance that does not run', async () => {
    const { port } = await serve();
    const byName = await call(port, '/api/instances/off/proxy/x');
    expect(byName).toMatchObject({ status: 409, headers: { 'x-llamactl-source': 'llamactl' } });
    expect(errorOf(byName.text)).toMatchObject({
      code: 'INSTANCE_NOT_RUNNING',
      request_id: byName.headers['x-request-id'],
    });
    const byModel = await call(port, '/v1/x', { body: '{"model":"off"}' });
    expect(byModel).toMatchObject({ status: 503, headers: { 'x-llamactl-source': 'llamactl' } });
    expect(openAi(byModel.text)).toMatchObject({ code: 'instance_not_running' });
  });
});

test('a page of an allowed origin may read an answer; the engine’s own CORS headers are dropped', async () => {
  const { port } = await serve({ server: { allowed_origins: [PAGE] } });
  for (const path of ['/v1/x?model=a', '/v1/models']) {
    const { headers } = await call(port, path, { headers: { origin: PAGE } });
    expect(headers['access-control-allow-origin']).toBe(PAGE);
    expect(headers['access-control-expose-headers']).toContain('X-Llamactl-Source');
    expect(headers.vary).toBe(path === '/v1/models' ? 'Origin' : 'Accept, Origin');
  }
});

describe('a GET of a foreign page', () => {
  test.each([
    '/v1/x?model=off',
    '/llm/v1/x?model=off',
    '/%76%31/x?model=off',
    '/llm/%76%31/x?model=off',
    '/v1//x?model=off',
    '/v1/%2e%2e/v1/x?model=off',
    'http://localhost/v1/x?model=off',
    'http://localhost:8080/llm/v1/x?model=off',
  ])('to %s starts nothing', async (target) => {
    const acquire = vi.spyOn(instances, 'acquire');
    const { port } = await serve({ server: { base_path: '/llm' } });
    const lines = `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nSec-Fetch-Site: cross-site\r\n\r\n`;
    const connection = rawConnection(port, lines);
    await connection.gone;
    expect(connection.received()).toMatch(/^HTTP\/1.1 403 /);
    expect(acquire).not.toHaveBeenCalled();
  });

  test.each(['//v1/x?model=off', '/V1/x?model=off', '/api/../v1/x?model=off', '/v1%2fx?model=off'])(
    'to %s reaches nothing',
    async (target) => {
      const acquire = vi.spyOn(instances, 'acquire');
      const { port } = await serve();
      const { status } = await call(port, target, { method: 'GET', headers: { 'sec-fetch-site': 'cross-site' } });
      expect(status).toBe(404);
      expect(acquire).not.toHaveBeenCalled();
    },
  );
});

test('with inference open on a network, /v1 answers under IP addresses and its own names only', async () => {
  const { port } = await serve({ server: { host: '0.0.0.0' }, auth: { enabled: true, inference: 'open' } });
  const under = async (host: string) => call(port, '/v1/models', { method: 'GET', headers: { host } });
  for (const host of ['192.168.1.5:8080', '[fd00::1]:8080', 'localhost', 'box'])
    expect([host, (await under(host)).status]).toEqual([host, 200]);
  const { status, text } = await under('rebound.example:8080');
  expect([status, openAi(text)]).toEqual([
    403,
    expect.objectContaining({ message: expect.stringContaining('server.allowed_hosts') as unknown }),
  ]);
});

test('each request is one log line, like any other', async () => {
  const { port, log } = await serve();
  await call(port, '/v1/x', { body: '{"model":"a"}' });
  await vi.waitFor(() =>
    expect(log).toContainEqual(expect.objectContaining({ method: 'POST', url: '/v1/x', status: 200 })),
  );
});

describe('a WebSocket', () => {
  test('is passed to the engine, both ways', async () => {
    const { port } = await serve();
    const { socket, received } = upgrade(port, '/api/instances/a/proxy/ws');
    await vi.waitFor(() => expect(received()).toMatch(/^HTTP\/1.1 101 [^]*\r\n\r\n$/));
    socket.write('echo');
    await vi.waitFor(() => expect(received()).toMatch(/\r\n\r\necho$/));
    expect(instances.leases('a').count).toBe(1);
    socket.destroy();
    await vi.waitFor(() => expect(instances.leases('a').count).toBe(0));
  });

  test.each([
    ['/v1/realtime?model=a', '', 400],
    ['/api/instances/off/proxy/ws', '', 409],
    ['/api/instances/unknown/proxy/ws', '', 404],
    ['/api/instances/a/proxy/ws', 'Origin: https://evil.example\r\n', 403],
    ['/api/instances/a/proxy/ws', 'Sec-Fetch-Site: cross-site\r\n', 403],
  ])('to %s %sis refused with %i', async (path, headers, status) => {
    const { port } = await serve();
    const { gone, received } = upgrade(port, path, headers);
    await gone;
    expect(received()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(received()).toMatch(/x-request-id: /i);
  });

  test('does not keep the server from closing', async () => {
    const { port, server } = await serve();
    const { gone, received, socket } = upgrade(port, '/api/instances/a/proxy/ws');
    await vi.waitFor(() => expect(received()).toContain('101'));
    await server.close();
    await gone;
    expect(socket.destroyed).toBe(true);
    await vi.waitFor(() => expect(instances.leases('a').count).toBe(0));
  });
});

test('a stream continues while the server closes, and ends completely', async () => {
  const streaming = await startEngine((_request, response) => {
    response.write('first ');
    release = () => response.end('last');
  });
  let release = (): unknown => undefined;
  try {
    instances = new FakeInstances([{ name: 'a', port: streaming.port }]);
    const { port, server, clock } = await serve();
    const connection = rawConnection(port, 'GET /api/instances/a/proxy/x HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await vi.waitFor(() => expect(connection.received()).toContain('first'));
    const closed = server.close();
    release();
    await vi.waitFor(() => expect(connection.received()).toMatch(/last\r\n0\r\n\r\n$/));
    // Node keeps the connection for another request; the next look ends it.
    await clock.advance(1_000);
    await closed;
    await connection.gone;
  } finally {
    await streaming.close();
  }
});

describe('with authentication on', () => {
  let harness: AuthHarness;
  let root: Caller;

  beforeEach(async () => {
    harness = await AuthHarness.open();
    harness.instances.set('a', 'id-of-a').set('off', 'id-of-off');
    root = await harness.loggedIn('root');
  });

  /** Starts the whole server. A key sees the same instances as through the manager. */
  async function guarded(
    isInferenceOpen = false,
    addressLimits: LimitHolder['limits'] | null = null,
    requests?: Requests,
  ): Promise<TestServer & { port: number }> {
    if (isInferenceOpen) await harness.restart({ isInferenceOpen });
    const seen = (caller: Caller | null): GatewayInstances => ({
      list: () => instances.list().filter(({ name }) => caller !== null && maySee(caller, `id-of-${name}`)),
      acquire: async (request) => instances.acquire(request),
    });
    const clock = {
      now: () => harness.clock.now(),
      elapsed: () => harness.clock.elapsed(),
      after: (milliseconds: number, callback: () => void) => harness.clock.after(milliseconds, callback),
      // Use real turns of the event loop, because the sockets are real.
      nextTurn: (turn: () => void) => void setImmediate(turn),
    };
    const test = testServer({
      auth: harness.auth,
      config: testConfig({ auth: { enabled: true } }),
      plugins: [
        gatewayRoutes({
          instancesFor: seen,
          clock,
          work: new SlicedWork(clock),
          addressLimits,
          models: oneModel,
          ...(requests === undefined ? {} : { requests }),
        }),
      ],
      errorShapes: DIALECTS,
    });
    servers.push(test);
    return { ...test, port: (await test.server.listen({ port: 0 })).port };
  }

  test.each(['authorization', 'x-api-key'])(
    'the credentials in %s, and cookies, are not passed to engines',
    async (header) => {
      const key = await harness.keyOf(root, { scopes: ['admin'] });
      const seen: string[][] = [];
      const noting = await startEngine((request, response) => {
        seen.push(request.rawHeaders);
        response.end();
      });
      try {
        instances = new FakeInstances([{ name: 'a', port: noting.port, key: 'key-of-the-run' }]);
        const { port } = await guarded();
        const headers = {
          [header]: header === 'x-api-key' ? key : `Bearer ${key}`,
          cookie: 'session=1',
          'api-key': key,
        };
        for (const path of ['/v1/x?model=a', '/api/instances/a/proxy/x']) {
          expect((await call(port, path, { headers })).status).toBe(200);
        }
        expect(seen).toHaveLength(2);
        for (const raw of seen) {
          expect(raw.join('\n')).not.toMatch(new RegExp(`${key}|session|cookie|api-key`, 'i'));
          expect(raw).toContain('Bearer key-of-the-run');
        }
      } finally {
        await noting.close();
      }
    },
  );

  test('the list of models has those of the key, and the log has the key and the instance', async () => {
    const key = await harness.keyOf(root, { name: 'editor', instances: ['off'] });
    const { port, log } = await guarded();
    const headers = { authorization: `Bearer ${key}` };
    const { text } = await call(port, '/v1/models', { headers });
    expect((JSON.parse(text) as { data: { id: string }[] }).data.map(({ id }) => id)).toEqual(['off']);
    const all = { authorization: `Bearer ${await harness.keyOf(root)}` };
    expect((await call(port, '/v1/models', { headers: all })).text).toContain('"id":"a"');
    await call(port, '/v1/x?model=a', { headers: all });
    await vi.waitFor(() =>
      expect(log).toContainEqual(expect.objectContaining({ url: '/v1/x?model=a', instance: 'a' })),
    );
    expect(JSON.stringify(log)).toMatch(/"subject":"key:[0-9a-f]+ \(editor\)"/);
    expect(JSON.stringify(log)).not.toContain(key);
  });

  test('a key that may not list models does not learn which files the machine has', async () => {
    const { port } = await guarded();
    const answer = async (scope: 'inference' | 'viewer'): Promise<string> => {
      const key = await harness.keyOf(root, { scopes: ['inference', scope] });
      return (await call(port, '/v1/x?model=gone', { headers: { authorization: `Bearer ${key}` } })).text;
    };
    expect(await answer('inference')).toContain('does not exist');
    expect(await answer('viewer')).toContain('llamactl run gone');
  });

  test('open inference accepts any caller, and treats a bad key as none', async () => {
    const { port } = await guarded(true);
    for (const headers of [{}, { authorization: 'Bearer sk-no-key-required' }]) {
      expect((await call(port, '/v1/models', { headers })).status).toBe(200);
      expect((await call(port, '/api/instances/a/proxy/x', { headers })).status).toBe(401);
      expect((await call(port, '/api/instances', { headers })).status).toBe(401);
    }
  });

  test('a stream and a WebSocket end when the key is deleted', async () => {
    const streaming = await startEngine(
      (_request, response) => response.write('first'),
      (server) =>
        server.on('upgrade', (_request: IncomingMessage, socket: Socket) => {
          socket.on('error', () => socket.destroy());
          socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
        }),
    );
    try {
      instances = new FakeInstances([{ name: 'a', port: streaming.port }]);
      const { key, info } = await harness.auth.keys.create(root, { name: 'k', scopes: ['admin'] });
      const { port } = await guarded();
      const header = `X-Api-Key: ${key}\r\n`;
      const stream = rawConnection(port, `GET /v1/x?model=a HTTP/1.1\r\nHost: localhost\r\n${header}\r\n`);
      const socket = upgrade(port, '/api/instances/a/proxy/ws', header);
      await vi.waitFor(() => expect([stream.received(), socket.received()].join()).toMatch(/first[^]*101 /));
      expect(instances.leases('a').count).toBe(2);
      await harness.auth.keys.remove(root, info.id);
      await Promise.all([stream.gone, socket.gone]);
      await vi.waitFor(() => expect(instances.leases('a').count).toBe(0));
    } finally {
      await streaming.close();
    }
  });

  test('requests wait for their turn by account, or by address without an account', async () => {
    const accounts: string[] = [];
    const { acquire } = instances;
    instances.acquire = async (request) => {
      accounts.push(request.caller);
      return acquire(request);
    };
    const { port } = await guarded(true);
    const secrets = [await harness.keyOf(root), await harness.keyOf(root), await harness.tokenOf('root')];
    for (const secret of secrets) {
      await call(port, '/v1/x?model=a', { headers: { authorization: `Bearer ${secret}` } });
    }
    await call(port, '/v1/x?model=a');
    const id = harness.auth.accounts.named('root')?.id;
    expect(accounts).toEqual([`user:${id}`, `user:${id}`, `user:${id}`, 'address:127.0.0.1']);
  });

  describe('limits', () => {
    /** Engines that answer when the test decides; each answer uses 30 tokens, without a report below `/v1/silent`. */
    const waiting: (() => void)[] = [];
    let slow: Listening;

    beforeEach(async () => {
      waiting.length = 0;
      slow = await startEngine((request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        if (request.url?.startsWith('/v1/silent') === true) {
          response.end(`{"text":"${'x'.repeat(389)}"}`);
          return;
        }
        const answer = (): void => void response.end('{"usage":{"prompt_tokens":10,"completion_tokens":20}}');
        if (request.url?.startsWith('/v1/slow') === true) waiting.push(answer);
        else answer();
      });
      instances = new FakeInstances([{ name: 'a', port: slow.port }]);
    });
    afterEach(() => slow.close());

    const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });
    const ann = async (limits: UpdateUser): Promise<Caller> => {
      const caller = await harness.loggedIn('ann', 'operator');
      await harness.auth.accounts.update('ann', limits);
      return caller;
    };

    test('of a key: requests in flight; the next is refused in the format of its API', async () => {
      const key = await harness.keyOf(root, { name: 'editor', max_in_flight: 1 });
      const { port } = await guarded();
      const first = call(port, '/v1/slow?model=a', as(key));
      await vi.waitFor(() => expect(waiting).toHaveLength(1));
      const second = await call(port, '/v1/chat/completions?model=a', { ...as(key), method: 'POST', body: '{}' });
      expect(second).toMatchObject({ status: 429, headers: { 'retry-after': '1', 'x-llamactl-source': 'llamactl' } });
      expect(openAi(second.text)).toMatchObject({
        type: 'rate_limit_error',
        code: 'rate_limited',
        message: expect.stringMatching(
          /^The key \w+ \(editor\) has 1 request in flight, and its max_in_flight is 1;/,
        ) as string,
      });
      const third = await call(port, '/v1/messages?model=a', { ...as(key), method: 'POST', body: '{}' });
      expect(JSON.parse(third.text)).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } });
      waiting[0]?.();
      expect((await first).status).toBe(200);
      expect((await call(port, '/v1/x?model=a', as(key))).status).toBe(200);
    });

    test('are in usage: every request has its account and key, also one that is refused', async () => {
      const key = await harness.keyOf(root, { name: 'editor', max_in_flight: 1 });
      const authors: unknown[] = [];
      const onRefused = (author: unknown): void => void authors.push(['refused', author]);
      const onFinished = (_figures: unknown, { author }: { author: unknown }): void =>
        void authors.push(['ok', author]);
      const requests = new Requests({ clock: harness.clock, onRefused, onFinished });
      const { port } = await guarded(false, null, requests);
      const first = call(port, '/v1/slow?model=a', as(key));
      await vi.waitFor(() => expect(waiting).toHaveLength(1));
      expect((await call(port, '/v1/x?model=a', as(key))).status).toBe(429);
      waiting[0]?.();
      await first;
      await call(port, '/v1/x?model=a', as(await harness.tokenOf('root')));
      await vi.waitFor(() => expect(authors).toHaveLength(3));
      const account = { id: root.userId, name: 'root' };
      const author = { account, key: { id: expect.any(String) as string, name: 'editor' } };
      expect(authors).toEqual([
        ['refused', author],
        ['ok', author],
        ['ok', { account, key: null }],
      ]);
    });

    const ended = {
      'the key is deleted': async (caller: Caller): Promise<void> => {
        const [own] = harness.auth.keys.list(caller);
        await harness.auth.keys.remove(root, own?.id ?? '');
      },
      'the account is disabled': () => harness.auth.accounts.update('ann', { disabled: true }),
      'the account is deleted': () => harness.auth.accounts.remove('ann'),
      'the account gets another role': () => harness.auth.accounts.update('ann', { role: 'viewer' }),
    };
    test.each([
      ['the key is deleted', 'The key was revoked.'],
      ['the account is disabled', 'The account was disabled.'],
      ['the account is deleted', 'The account was deleted.'],
      ['the account gets another role', 'The account has changed.'],
    ] as const)('are recorded as ended here, with the reason, when %s', async (how, message) => {
      const caller = await harness.loggedIn('ann', 'operator');
      const key = await harness.keyOf(caller, { scopes: ['operator'] });
      const requests = new Requests({ clock: harness.clock });
      const { port } = await guarded(false, null, requests);
      const broken = call(port, '/v1/slow?model=a', as(key)).catch((error: unknown) => error);
      await vi.waitFor(() => expect(waiting).toHaveLength(1));
      await ended[how](caller);
      expect(await broken).toMatchObject({ code: 'ECONNRESET' });
      const record = { outcome: 'cancelled', error: { code: 'UNAUTHORIZED', message } };
      await vi.waitFor(() => expect(requests.finished()).toMatchObject([record]));
    });

    test('of an account: apply to the sum of its keys and tokens', async () => {
      const caller = await ann({ max_in_flight: 2 });
      const keys = [await harness.keyOf(caller), await harness.keyOf(caller), await harness.tokenOf('ann')];
      const { port } = await guarded();
      const running = keys.slice(0, 2).map((key) => call(port, '/v1/slow?model=a', as(key)));
      await vi.waitFor(() => expect(waiting).toHaveLength(2));
      for (const key of keys) {
        const answer = await call(port, '/v1/x?model=a', as(key));
        expect([answer.status, answer.text]).toEqual([429, expect.stringContaining('The account ann has 2 requests')]);
      }
      for (const answer of waiting) answer();
      await Promise.all(running);
      for (const key of keys) expect((await call(port, '/v1/x?model=a', as(key))).status).toBe(200);
    });

    test('a request that waits for its engine is in flight until its caller leaves', async () => {
      const key = await harness.keyOf(root, { max_in_flight: 1 });
      const { port } = await guarded();
      const { acquire } = instances;
      const left = new Promise<void>((resolve) => {
        instances.acquire = ({ signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              reject(new Error('left'));
              resolve();
            });
            waiting.push(() => undefined);
          });
      });
      const head = `POST /v1/x?model=a HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\nContent-Length: 0\r\n\r\n`;
      const connection = rawConnection(port, head);
      await vi.waitFor(() => expect(waiting).toHaveLength(1));
      expect((await call(port, '/v1/x?model=a', as(key))).status).toBe(429);
      instances.acquire = acquire;
      connection.socket.destroy();
      await left;
      expect((await call(port, '/v1/x?model=a', as(key))).status).toBe(200);
    });

    test('of requests per minute: the remainder is in every answer, also in refusals and errors', async () => {
      const key = await harness.keyOf(root, { requests_per_minute: 2, tokens_per_minute: 1_000 });
      const { port } = await guarded();
      const answers = [];
      for (const path of ['/v1/x?model=a', '/v1/x?model=unknown', '/v1/x?model=a']) {
        answers.push(await call(port, path, as(key)));
      }
      expect(answers.map(({ status, headers }) => [status, headers['x-ratelimit-remaining-requests']])).toEqual([
        [200, '1'],
        [404, '0'],
        [429, '0'],
      ]);
      expect(answers[0]?.headers).toMatchObject({
        'x-ratelimit-limit-requests': '2',
        'x-ratelimit-limit-tokens': '1000',
        'x-ratelimit-remaining-tokens': '1000',
      });
      expect(answers[2]?.headers['x-ratelimit-remaining-tokens']).toBe('970');
      expect(Number(answers[2]?.headers['retry-after'])).toBeGreaterThan(59);
      await harness.clock.advance(61_000);
      expect((await call(port, '/v1/x?model=a', as(key))).status).toBe(200);
    });

    test('of tokens per minute: an account over them waits until there is room', async () => {
      const key = await harness.keyOf(await ann({ tokens_per_minute: 50 }));
      const { port } = await guarded();
      for (const status of [200, 200, 429]) {
        expect((await call(port, '/v1/x?model=a', as(key))).status).toBe(status);
      }
      await harness.clock.advance(61_000);
      expect((await call(port, '/v1/x?model=a', as(key))).status).toBe(200);
    });

    test('of tokens: count an estimated prompt when the caller leaves before the answer', async () => {
      const key = await harness.keyOf(root, { tokens_per_minute: 100 });
      const { port } = await guarded();
      const body = `{"model":"a","prompt":"${'x'.repeat(2_000)}"}`;
      const head = `POST /v1/slow HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\n`;
      const connection = rawConnection(port, `${head}Content-Length: ${body.length}\r\n\r\n${body}`);
      await vi.waitFor(() => expect(waiting).toHaveLength(1));
      connection.socket.destroy();
      await vi.waitFor(() => expect(instances.leases('a').count).toBe(0));
      const answer = await call(port, '/v1/x?model=a', as(key));
      expect([answer.status, answer.text]).toEqual([429, expect.stringMatching(/has used 50\d tokens/)]);
    });

    test('of tokens: count an estimate when the engine reports none', async () => {
      const key = await harness.keyOf(root, { tokens_per_minute: 150 });
      const { port } = await guarded();
      const request = { ...as(key), method: 'POST', body: `{"model":"a","prompt":"${'x'.repeat(375)}"}` };
      expect((await call(port, '/v1/silent/count_tokens', request)).status).toBe(200);
      expect((await call(port, '/v1/silent', request)).headers['x-ratelimit-remaining-tokens']).toBe('150');
      const answer = await call(port, '/v1/silent', request);
      expect([answer.status, answer.text]).toEqual([429, expect.stringMatching(/has used 200 tokens/)]);
    });

    test('of tokens: count the generating time when the caller leaves before an answer that is not streamed', async () => {
      const key = await harness.keyOf(root, { tokens_per_minute: 100 });
      const { port } = await guarded();
      const slowly = call(port, '/v1/slow?model=a', as(await harness.keyOf(root)));
      await vi.waitFor(() => expect(waiting).toHaveLength(1));
      await harness.clock.advance(10_000);
      waiting[0]?.();
      // That was 20 tokens in 10 s.
      await slowly;
      const head = `POST /v1/slow?model=a HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\n`;
      const connection = rawConnection(port, `${head}Content-Length: 0\r\n\r\n`);
      await vi.waitFor(() => expect(waiting).toHaveLength(2));
      await harness.clock.advance(50_000);
      connection.socket.destroy();
      await vi.waitFor(() => expect(instances.leases('a').count).toBe(0));
      const answer = await call(port, '/v1/x?model=a', as(key));
      expect([answer.status, answer.text]).toEqual([429, expect.stringMatching(/has used 100 tokens/)]);
    });

    test('do not count models and /proxy, and a caller without limits gets no headers', async () => {
      const key = await harness.keyOf(root, { scopes: ['admin'], requests_per_minute: 1 });
      const { port } = await guarded();
      for (const path of ['/v1/models', '/v1/models/a', '/api/instances/a/proxy/x', '/v1/models']) {
        expect((await call(port, path, as(key))).status).toBe(200);
      }
      expect((await call(port, '/v1/x?model=a', as(key))).status).toBe(200);
      expect((await call(port, '/v1/x?model=a', as(key))).status).toBe(429);
      const free = await call(port, '/v1/x?model=a', as(await harness.keyOf(root)));
      expect(Object.keys(free.headers).filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
    });

    test('of an address apply without an account, whatever the caller claims to be', async () => {
      const { port } = await guarded(true, { maxInFlight: 0, requestsPerMinute: 1, tokensPerMinute: 0 });
      expect((await call(port, '/v1/x?model=a')).status).toBe(200);
      for (const headers of [{}, { authorization: 'Bearer sk-1' }, { 'x-forwarded-for': '192.0.2.9' }]) {
        const answer = await call(port, '/v1/x?model=a', { headers });
        expect([answer.status, answer.text]).toEqual([429, expect.stringContaining('The address 127.0.0.1 has sent')]);
      }
      expect((await call(port, '/v1/x?model=a', as(await harness.keyOf(root)))).status).toBe(200);
    });
  });
});

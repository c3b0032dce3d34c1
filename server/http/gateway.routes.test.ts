import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { maySee, type Caller } from '../auth/caller.ts';
import type { GatewayInstances } from '../gateway/ports.ts';
import { AuthHarness } from '../testing/auth-harness.ts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../clock.ts';
import { GATEWAY_ERROR_SHAPES } from '../gateway/error-shape.ts';
import {
  call,
  FakeInstances,
  type Listening,
  rawConnection,
  type RawConnection,
  readAnswer,
  startEngine,
} from '../testing/gateway-harness.ts';
import { gatewayRoutes } from './gateway.routes.ts';
import { errorOf, testConfig, testServer, type TestServer } from './http-harness.ts';

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

/** The whole HTTP server with the gateway in it, listening. */
async function serve(server: Parameters<typeof testConfig>[0] = {}): Promise<TestServer & { port: number }> {
  const test = testServer({
    config: testConfig(server),
    plugins: [
      gatewayRoutes({
        instancesFor: () => instances,
        clock: { ...systemClock(), now: () => 0, after: () => () => undefined },
      }),
    ],
    errorShapes: GATEWAY_ERROR_SHAPES,
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

describe('what reaches an engine', () => {
  test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])('%s', async (method) => {
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
  ])('%s as %s', async (path, engines) => {
    const { port } = await serve();
    const connection = rawConnection(port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    await connection.gone;
    expect(connection.received()).toContain(`GET ${engines} 0 `);
  });

  test('without the path under which a proxy shows us', async () => {
    const { port } = await serve({ server: { base_path: '/llm' } });
    expect((await call(port, '/llm/api/instances/a/proxy/x')).text).toContain('GET /x ');
    expect((await call(port, '/llm/v1/x?model=a')).text).toContain('GET /v1/x?model=a ');
  });

  test.each(['application/json', 'multipart/form-data; boundary=x', 'no type at all', 'text/plain'])(
    'a body larger than /api takes, whatever it is (%s)',
    async (type) => {
      const { port } = await serve();
      const body = Buffer.alloc(3 * 1024 * 1024, '{');
      const answer = await call(port, '/api/instances/a/proxy/x', { body, headers: { 'content-type': type } });
      expect(answer.text).toContain(`POST /x ${body.byteLength} `);
    },
  );

  test('a request that offers HTTP/2, as that of Java does, is an ordinary one', async () => {
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

describe('what does not', () => {
  test.each(['OPTIONS', 'TRACE'])('%s', async (method) => {
    const { port } = await serve();
    for (const path of ['/v1/x?model=a', '/api/instances/a/proxy/x']) {
      const answer = await call(port, path, { method });
      expect(answer.status).toBe(method === 'OPTIONS' ? 204 : 405);
      expect(answer.text).not.toContain(' /x ');
    }
  });

  test('a request under a name that is not ours, in the shape of the path', async () => {
    const { port } = await serve();
    const answer = await call(port, '/v1/models', { headers: { host: 'evil.example' } });
    expect(answer).toMatchObject({ status: 403, headers: { 'x-llamactl-source': 'llamactl' } });
    expect(openAi(answer.text)).toMatchObject({ type: 'permission_error', param: null });
  });

  test.each(['/v1/x', '/api/instances/a/proxy/x'])('a POST to %s from a foreign page', async (path) => {
    const { port } = await serve();
    const answer = await call(port, path, { body: '{"model":"a"}', headers: { origin: 'https://evil.example' } });
    expect(answer.status).toBe(403);
  });

  test('a request for an instance that does not run', async () => {
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

test('a page of an allowed origin may read an answer; what the engine says of origins is dropped', async () => {
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
    'to %s leads nowhere',
    async (target) => {
      const acquire = vi.spyOn(instances, 'acquire');
      const { port } = await serve();
      const { status } = await call(port, target, { method: 'GET', headers: { 'sec-fetch-site': 'cross-site' } });
      expect(status).toBe(404);
      expect(acquire).not.toHaveBeenCalled();
    },
  );
});

test('with inference open on a network, /v1 answers under addresses and its own names only', async () => {
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

test('each request is one line of the log, as any other', async () => {
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
    ['/api/instances/nobody/proxy/ws', '', 404],
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

test('a stream goes on while the server closes, and ends whole', async () => {
  const streaming = await startEngine((_request, response) => {
    response.write('first ');
    release = () => response.end('last');
  });
  let release = (): unknown => undefined;
  try {
    instances = new FakeInstances([{ name: 'a', port: streaming.port }]);
    const { port, server } = await serve();
    const connection = rawConnection(port, 'GET /api/instances/a/proxy/x HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await vi.waitFor(() => expect(connection.received()).toContain('first'));
    const closed = server.close();
    release();
    await closed;
    await connection.gone;
    expect(connection.received()).toMatch(/last\r\n0\r\n\r\n$/);
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

  /** The whole server. What a key sees of the instances is decided as for the manager. */
  async function guarded(isInferenceOpen = false): Promise<TestServer & { port: number }> {
    if (isInferenceOpen) await harness.restart({ isInferenceOpen });
    const seen = (caller: Caller | null): GatewayInstances => ({
      list: () => instances.list().filter(({ name }) => caller !== null && maySee(caller, `id-of-${name}`)),
      acquire: async (request) => instances.acquire(request),
    });
    const clock = {
      now: () => harness.clock.now(),
      elapsed: () => harness.clock.elapsed(),
      after: (milliseconds: number, callback: () => void) => harness.clock.after(milliseconds, callback),
      // Turns of the event loop are real: so are the sockets.
      nextTurn: (turn: () => void) => void setImmediate(turn),
    };
    const test = testServer({
      auth: harness.auth,
      config: testConfig({ auth: { enabled: true } }),
      plugins: [gatewayRoutes({ instancesFor: seen, clock })],
      errorShapes: GATEWAY_ERROR_SHAPES,
    });
    servers.push(test);
    return { ...test, port: (await test.server.listen({ port: 0 })).port };
  }

  test.each(['authorization', 'x-api-key'])('the credentials in %s, and cookies, reach no engine', async (header) => {
    const key = await harness.keyOf(root, { scopes: ['admin'] });
    const seen: string[][] = [];
    const noting = await startEngine((request, response) => {
      seen.push(request.rawHeaders);
      response.end();
    });
    try {
      instances = new FakeInstances([{ name: 'a', port: noting.port, key: 'key-of-the-run' }]);
      const { port } = await guarded();
      const headers = { [header]: header === 'x-api-key' ? key : `Bearer ${key}`, cookie: 'session=1', 'api-key': key };
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
  });

  test('models are those of the key, and the log tells whose it is and which instance', async () => {
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

  test('open inference takes anybody, and a bad key for nobody', async () => {
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
});

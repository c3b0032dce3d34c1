import { once } from 'node:events';
import type { Socket } from 'node:net';
import { ApiError } from '@llamactl/contract/errors';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { errorOf, exchange, get, openSocket, testServer, textOf, type TestServer } from '../testing/http-harness.ts';
import type { HttpPlugin } from './plugin.ts';
import type { HttpServerOptions } from './server.ts';

let test: TestServer;
let port: number;
let sockets: Socket[] = [];

async function listen(parts: Partial<HttpServerOptions> = {}): Promise<void> {
  test = testServer(parts);
  ({ port } = await test.server.listen({ host: '127.0.0.1', port: 0 }));
}

function open(request: string): Socket {
  const socket = openSocket(port, request);
  sockets.push(socket);
  return socket;
}

const until = async (check: () => void): Promise<void> => vi.waitFor(check, { interval: 2, timeout: 10_000 });

beforeEach(() => {
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await test.server.close();
});

describe('a plugin', () => {
  const gateway: HttpPlugin = (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined));
    app.all('/v1/*', async (request) => {
      if (request.url.endsWith('/missing')) throw new ApiError('INSTANCE_NOT_FOUND', 'no such model');
      if (request.url.endsWith('/broken')) throw new Error('secret');
      return { url: request.url };
    });
  };
  const errorShapes = [
    {
      prefix: '/v1',
      render: (error: ApiError) => ({ body: { openai: error.code }, headers: { 'x-source': 'llamactl' } }),
    },
    {
      prefix: '/v1/messages',
      render: (error: ApiError, id: string) => ({ body: { anthropic: error.code, id }, headers: {} }),
    },
  ];

  it('has its own routes, with the same rules and a request id', async () => {
    await listen({ plugins: [gateway], errorShapes });
    const answer = await test.inject({
      method: 'POST',
      url: '/v1/chat',
      payload: '{}',
      headers: { 'content-type': 'text/odd' },
    });
    expect([answer.statusCode, answer.json()]).toEqual([200, { url: '/v1/chat' }]);
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    const foreign = await test.inject({ url: '/v1/chat', headers: { host: 'evil.example' } });
    expect([foreign.statusCode, foreign.json()]).toEqual([403, { openai: 'FORBIDDEN' }]);
    expect((await test.inject({ method: 'OPTIONS', url: '/v1/chat' })).statusCode).toBe(204);
  });

  it('has its own error format, that of the longest matching prefix', async () => {
    await listen({ plugins: [gateway], errorShapes });
    const missing = await test.inject({ url: '/v1/missing' });
    expect([missing.statusCode, missing.json(), missing.headers['x-source']]).toEqual([
      404,
      { openai: 'INSTANCE_NOT_FOUND' },
      'llamactl',
    ]);
    const broken = await test.inject({ url: '/v1/messages/broken', headers: { 'x-request-id': 'i' } });
    expect([broken.statusCode, broken.json()]).toEqual([500, { anthropic: 'INTERNAL_ERROR', id: 'i' }]);
    const outside = await test.inject({ url: '/v10/x' });
    expect(errorOf(outside.body).code).toBe('NOT_FOUND');
    const malformed = await test.inject({ url: '/v1/%zz' });
    expect([malformed.statusCode, malformed.json()]).toEqual([400, { openai: 'VALIDATION_ERROR' }]);
  });

  it('does not change how /api reads bodies', async () => {
    await listen({ plugins: [gateway] });
    const answer = await test.inject({
      method: 'POST',
      url: '/api/instances',
      payload: 'x',
      headers: { 'content-type': 'text/odd' },
    });
    expect(answer.statusCode).toBe(415);
  });

  it('may answer that nothing is there', async () => {
    const plugin: HttpPlugin = (app) => {
      app.get('/maybe', (_request, reply) => reply.callNotFound());
    };
    await listen({ plugins: [plugin] });
    const answer = await test.inject({ url: '/maybe' });
    expect([answer.statusCode, errorOf(answer.body).code]).toEqual([404, 'NOT_FOUND']);
  });
});

describe('a request for WebSocket', () => {
  const upgrade = 'Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
  const echo: HttpPlugin = (app) => {
    app.get('/echo', (request, reply) => {
      if (request.upgradeHead === null) return { plain: true };
      reply.hijack();
      request.raw.socket.write(`HTTP/1.1 101 Switching Protocols\r\n\r\n${request.upgradeHead.toString()}`);
      request.raw.socket.pipe(request.raw.socket);
      return reply;
    });
  };

  it('gets the connection, with the bytes after the header', async () => {
    await listen({ plugins: [echo] });
    const socket = open(`GET /echo HTTP/1.1\r\n${upgrade}\r\nhead`);
    const received: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    await until(() => expect(Buffer.concat(received).toString()).toMatch(/101 [^]*head$/));
    socket.write(' and more');
    await until(() => expect(Buffer.concat(received).toString()).toMatch(/head and more$/));
    expect((await test.inject({ url: '/echo' })).json()).toEqual({ plain: true });
  });

  it.each([
    ['under another name', 'GET /echo', upgrade.replace('localhost', 'evil.example'), 403],
    ['from a foreign page', 'GET /echo', `${upgrade}Origin: https://evil.example\r\n`, 403],
    ['from a page of ours', 'GET /nowhere', `${upgrade}Origin: http://localhost:3000\r\n`, 404],
    ['where there is none', 'GET /api/instances', upgrade, 200],
    ['where nothing is', 'GET /nowhere', upgrade, 404],
    ['with a URL that cannot be read', 'GET /%zz', upgrade, 400],
  ])('%s gets the same answer as any other', async (_, line, headers, status) => {
    await listen({ plugins: [echo] });
    const text = await textOf(open(`${line} HTTP/1.1\r\n${headers}\r\n`));
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*x-request-id: `));
    expect(text.toLowerCase()).toContain('connection: close');
    if (status >= 400) errorOf(text.slice(text.indexOf('\r\n\r\n')));
  });

  it('survives a caller that resets the connection', async () => {
    await listen({ plugins: [echo] });
    const socket = open(`GET /echo HTTP/1.1\r\n${upgrade}\r\n`);
    await once(socket, 'data');
    socket.resetAndDestroy();
    const [alive] = await exchange(port, get('/livez'));
    expect(alive?.status).toBe(200);
  });

  it('is aborted when the closing server has waited long enough', async () => {
    await listen({ plugins: [echo], timeouts: { close: 3_000 } });
    const socket = open(`GET /echo HTTP/1.1\r\n${upgrade}\r\n`);
    await once(socket, 'data');
    const closed = test.server.close();
    await until(() => expect(test.clock.pending).toContain(3_000));
    await test.clock.advance(3_000);
    await closed;
  });
});

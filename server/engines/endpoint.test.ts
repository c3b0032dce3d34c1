import { getEventListeners, once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../clock.ts';
import { engineEndpointContract } from '../testing/contracts/engine.contract.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { PortBlock } from '../testing/port-block.ts';
import { createEngineEndpoint, createTextReader } from './endpoint.ts';

const PATIENCE_MS = 20_000;
const servers: net.Server[] = [];
const sockets = new Set<net.Socket>();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function listen(server: net.Server): Promise<number> {
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const serveHttp = (handler: http.RequestListener): Promise<number> => listen(http.createServer(handler));
const serveStatus = (status: number): Promise<number> =>
  serveHttp((_request, response) => {
    response.writeHead(status).end('{}');
  });
/** A server that answers each request as the given function does. */
const serveRaw = (speak: (socket: net.Socket) => void): Promise<number> =>
  listen(net.createServer((socket) => socket.once('data', () => speak(socket))));

let ports: PortBlock;
beforeAll(async () => {
  ports = await PortBlock.take();
});
afterAll(() => ports.release());

engineEndpointContract('the endpoint of engines', () => ({
  endpoint: createEngineEndpoint({ clock: systemClock() }),
  serve: (behaviour) => {
    switch (behaviour) {
      case 'ok':
        return serveStatus(200);
      case 'loading':
        return serveStatus(503);
      case 'closed':
        return Promise.resolve(ports.next());
      case 'hang':
      case 'timeout':
        return serveRaw(() => {});
      default:
        return serveStatus(500);
    }
  },
}));

describe('EngineEndpoint.probe', () => {
  const probe = (port: number, healthPath = '/health', key: string | null = null, timeoutMs = PATIENCE_MS) =>
    createEngineEndpoint({ clock: systemClock() }).probe({ port, healthPath, key }, timeoutMs);

  it.each([204, 302, 401, 404, 500, 502])('takes %i for an error', async (status) => {
    expect(await probe(await serveStatus(status))).toBe('error');
  });

  it('requests the health path with the key of the run, and closes its connection', async () => {
    const seen: (string | undefined)[] = [];
    const port = await serveHttp((request, response) => {
      seen.push(request.method, request.url, request.headers.authorization, request.headers.connection);
      response.end();
    });
    await probe(port, '/v1/well?x=1', 'secret');
    await probe(port);
    expect(seen).toEqual(['GET', '/v1/well?x=1', 'Bearer secret', 'close', 'GET', '/health', undefined, 'close']);
    await vi.waitFor(() => expect([...sockets].every((socket) => socket.destroyed)).toBe(true), { interval: 2 });
  });

  it('does not wait for the end of the answer', async () => {
    const port = await serveHttp((_request, response) => {
      response.writeHead(200);
      response.write('x'.repeat(100_000));
    });
    expect(await probe(port)).toBe('ok');
    await vi.waitFor(() => expect([...sockets].every((socket) => socket.destroyed)).toBe(true), { interval: 2 });
  });

  it.each<[string, (socket: net.Socket) => void]>([
    ['says what is no HTTP', (socket) => socket.end('220 smtp.example ready\r\n')],
    ['closes without an answer', (socket) => socket.end()],
    ['resets the connection', (socket) => socket.resetAndDestroy()],
    [
      'changes the protocol',
      (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
    ],
    ['sends a header without end', (socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`)],
  ])('returns error when the other side %s', async (_case, speak) => {
    expect(await probe(await serveRaw(speak))).toBe('error');
  });

  it('returns error for a path or key that HTTP cannot encode', async () => {
    const port = await serveStatus(200);
    expect(await probe(port, '/häl\u0000th')).toBe('error');
    expect(await probe(port, '/health', 'a\nb')).toBe('error');
  });

  it('returns timeout, and closes the connection', async () => {
    const clock = new FakeClock();
    const port = await serveRaw((socket) => socket.write('HTTP/1.1 200'));
    const result = createEngineEndpoint({ clock }).probe({ port, healthPath: '/health', key: null }, 1_000);
    await vi.waitFor(() => expect(sockets.size).toBe(1), { interval: 2 });
    await clock.advance(1_001);
    expect(await result).toBe('timeout');
    await vi.waitFor(() => expect([...sockets].every((socket) => socket.destroyed)).toBe(true), { interval: 2 });
  });

  it('leaves no timer and no listener', async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const port = await serveStatus(200);
    const endpoint = createEngineEndpoint({ clock });
    expect(await endpoint.probe({ port, healthPath: '/', key: null }, 1_000, controller.signal)).toBe('ok');
    expect(clock.pending).toEqual([]);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });
});

describe('createTextReader', () => {
  const LIMITS = { timeoutMs: PATIENCE_MS, maxBytes: 10 };
  const target = (port: number) => ({ port, healthPath: '/health', key: 'k' });
  const read = createTextReader({ clock: systemClock() });

  it("reads an engine's text, with its key", async () => {
    const port = await serveHttp(({ url, headers }, response) => {
      response.writeHead(501).end(`${url} ${headers.authorization === 'Bearer k'}`);
    });
    expect(await read(target(port), '/m', LIMITS)).toEqual({ status: 501, text: '/m true' });
  });

  it('sends a body as a POST of JSON', async () => {
    const port = await serveHttp(({ method, headers }, response) => {
      response.end(`${method} ${headers['content-type']?.slice(12)}`);
    });
    expect(await read(target(port), '/m', LIMITS, { a: 1 })).toEqual({ status: 200, text: 'POST json' });
  });

  it.each([
    ['a text above the limit', () => serveHttp((_, response) => void response.end('x'.repeat(11)))],
    [
      'an answer that breaks off',
      () => serveRaw((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx')),
    ],
    ['no HTTP', () => serveRaw((socket) => socket.end('hello'))],
    [
      'another protocol',
      () => serveRaw((socket) => socket.end('HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')),
    ],
    ['a free port', async () => ports.next()],
  ])('reads nothing from %s', async (_what, serve) => {
    expect(await read(target(await serve()), '/m', LIMITS)).toBeNull();
  });

  it('times out, and closes the connection', async () => {
    const clock = new FakeClock();
    const hung = Promise.withResolvers<net.Socket>();
    const port = await serveRaw((socket) => hung.resolve(socket));
    const answer = createTextReader({ clock })(target(port), '/m', { timeoutMs: 1_000, maxBytes: 10 });
    const isLeft = once(await hung.promise, 'close');
    await clock.advance(1_000);
    expect(await answer).toBeNull();
    await isLeft;
  });
});

describe('an engine whose port another process has taken', () => {
  it('is closed to a probe and silent to a reader, and gets no data', async () => {
    let isSent = false;
    const port = await listen(net.createServer((socket) => socket.once('data', () => (isSent = true))));
    for (const looks of [[null], ['socket:[1]', null]]) {
      const target = (): Parameters<ReturnType<typeof createTextReader>>[0] => {
        const left = [...looks];
        return {
          port,
          healthPath: '/health',
          key: 'secret',
          witness: { listener: () => left.shift() ?? null, held: () => null },
        };
      };
      const clock = systemClock();
      expect(await createEngineEndpoint({ clock }).probe(target(), PATIENCE_MS)).toBe('closed');
      const limits = { timeoutMs: PATIENCE_MS, maxBytes: 1_000 };
      expect(await createTextReader({ clock })(target(), '/metrics', limits)).toBeNull();
    }
    expect(isSent).toBe(false);
  });
});

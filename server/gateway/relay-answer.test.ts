import { once } from 'node:events';
import { request as httpRequest, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  answerOf,
  Bench,
  call,
  type GatewayServer,
  rawConnection,
  readAnswer,
  settled,
  sha256,
} from '../testing/gateway-harness.ts';

const bench = new Bench();
afterEach(() => bench.close());

const PROXY = '/api/instances/a/proxy';
const eventually = <Result>(check: () => Result): Promise<Result> => vi.waitFor(check, { interval: 5 });

async function noLeases({ instances }: GatewayServer): Promise<void> {
  await eventually(() => expect(instances.leases('a').count).toBe(0));
}

describe('an answer', () => {
  test('passes with its status, phrase, duplicate headers and bytes', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_each, index) => index));
    const gateway = await bench.before((_request, response) => {
      response.writeHead(418, 'Short And Stout', [
        'X-A',
        '1',
        'X-A',
        '2',
        'Content-Type',
        'application/octet-stream',
        'Content-Length',
        '256',
      ]);
      response.end(bytes);
    });
    const answer = await answerOf(httpRequest({ port: gateway.port, path: PROXY, agent: false }).end());
    expect(answer).toMatchObject({ statusCode: 418, statusMessage: 'Short And Stout' });
    expect(answer.headersDistinct).toMatchObject({ 'x-a': ['1', '2'], 'content-length': ['256'] });
    expect((await readAnswer(answer)).body).toEqual(bytes);
  });

  test('is streamed: head and chunks pass as soon as they arrive', async () => {
    const engine: ServerResponse[] = [];
    const gateway = await bench.before((_request, response) => {
      engine.push(response);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
    });
    const answer = await answerOf(httpRequest({ port: gateway.port, path: PROXY, agent: false }).end());
    expect(answer.headers).toMatchObject({ 'x-accel-buffering': 'no', 'transfer-encoding': 'chunked' });
    const pieces = ['data: {"a":"\u{1F600}', '"}\r\n\r\n', ': ping\n\n', 'data: [DONE]\n\n'];
    for (const piece of pieces) {
      engine[0]?.write(piece);
      const [chunk] = (await once(answer, 'data')) as [Buffer];
      expect(chunk.toString()).toBe(piece);
      expect(gateway.instances.leases('a').count).toBe(1);
    }
    engine[0]?.end();
    await once(answer, 'end');
    await noLeases(gateway);
  });

  test('that is a page is sandboxed, and sets no cookie', async () => {
    const gateway = await bench.before((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': 'a=1', 'access-control-allow-origin': '*' });
      response.end('<script>fetch("/api/instances")</script>');
    });
    const { headers } = await call(gateway.port, PROXY);
    expect(headers['content-security-policy']).toBe('sandbox allow-scripts allow-forms');
    expect(headers).not.toHaveProperty('set-cookie');
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });

  test('passes with its trailers', async () => {
    const gateway = await bench.before((_request, response) => {
      response.writeHead(200, { trailer: 'X-Sum' });
      response.write('x');
      response.addTrailers({ 'X-Sum': '7', 'Set-Cookie': 'a=1' });
      response.end();
    });
    expect((await call(gateway.port, PROXY)).rawTrailers).toEqual(['X-Sum', '7']);
  });

  test.each([
    ['HEAD', 200, { 'content-length': '1234' }],
    ['GET', 204, {}],
    ['GET', 304, { etag: '"x"' }],
  ])('to %s with status %i has no body, and the connection stays open', async (method, status, headers) => {
    const gateway = await bench.before((request, response) => {
      if (request.method !== 'POST') response.writeHead(status, headers);
      response.end(request.method === 'POST' ? 'next' : undefined);
    });
    const line = (verb: string): string => `${verb} ${PROXY} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`;
    const connection = rawConnection(gateway.port, line(method));
    await eventually(() => expect(connection.received()).toMatch(/\r\n\r\n$/));
    for (const [name, value] of Object.entries(headers))
      expect(connection.received().toLowerCase()).toContain(`${name}: ${value}`);
    connection.socket.write(line('POST'));
    await eventually(() => expect(connection.received()).toMatch(/next\r\n0\r\n\r\n$|\r\n\r\nnext$/));
    connection.socket.destroy();
  });

  test('is preceded by the 102 of an engine that is still processing', async () => {
    const engine: ServerResponse[] = [];
    const gateway = await bench.before((_request, response) => {
      engine.push(response);
      response.writeProcessing();
    });
    const request = httpRequest({ port: gateway.port, path: PROXY, agent: false }).end();
    const [information] = (await once(request, 'information')) as [{ statusCode: number }];
    expect(information.statusCode).toBe(102);
    engine[0]?.end('done');
    expect((await readAnswer(await answerOf(request))).text).toBe('done');
  });

  test('of an HTTP/1.0 engine ends with its connection', async () => {
    const gateway = await bench.beforeRaw((socket) =>
      socket.end('HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nall of it'),
    );
    expect(await call(gateway.port, PROXY)).toMatchObject({ status: 200, text: 'all of it' });
  });

  test('passes no faster than the caller reads', async () => {
    const size = 64 * 1024 * 1024;
    const body = Buffer.alloc(size, 'abcdefg');
    let sent = 0;
    const gateway = await bench.before((_request, response) => {
      const write = (): void => {
        while (sent < size) {
          const chunk = body.subarray(sent, sent + 65_536);
          sent += chunk.byteLength;
          if (!response.write(chunk)) return;
        }
        response.end();
      };
      response.on('drain', write);
      write();
    });
    const answer = await answerOf(httpRequest({ port: gateway.port, path: PROXY, agent: false }).end());
    expect(await settled(() => sent)).toBeLessThan(size / 2);
    expect(gateway.instances.leases('a').count).toBe(1);
    expect(sha256((await readAnswer(answer)).body)).toBe(sha256(body));
    await noLeases(gateway);
  });

  test('before the end of the body leaves the connection usable for the next request', async () => {
    const waiting: (() => void)[] = [];
    const gateway = await bench.before((request, response) => {
      if (request.method === 'GET') return response.end('next');
      // The engine reads nothing, so that all buffers before it are full.
      request.pause();
      response.writeHead(403, { 'content-length': 2, connection: 'close' });
      return waiting.push(() => response.end('no'));
    });
    const size = 64 * 1024 * 1024;
    const head = `POST ${PROXY} HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`;
    const connection = rawConnection(gateway.port, head);
    connection.socket.write(Buffer.alloc(size));
    connection.socket.write(`GET ${PROXY} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await eventually(() => expect(waiting).toHaveLength(1));
    expect(await settled(() => connection.socket.writableLength)).toBeGreaterThan(0);
    waiting[0]?.();
    await eventually(() => expect(connection.received()).toMatch(/403 Forbidden[^]*\r\n\r\nno[^]*next/));
    connection.socket.destroy();
    await noLeases(gateway);
  });

  test('may arrive while the body is still being sent', async () => {
    const gateway = await bench.before((request, response) => request.pipe(response));
    const request = httpRequest({ port: gateway.port, path: PROXY, method: 'POST', agent: false });
    const answered = answerOf(request).then(readAnswer);
    const body = Buffer.alloc(16 * 1024 * 1024, 'abcdefg');
    request.end(body);
    expect(sha256((await answered).body)).toBe(sha256(body));
  });

  test('passes 200 times in a row from an engine that closes each connection unannounced', async () => {
    const gateway = await bench.beforeRaw((socket) => {
      const head = 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=100\r\nTransfer-Encoding: chunked\r\n\r\n';
      socket.write(`${head}3\r\none\r\n0\r\n\r\n`);
      socket.once('data', () => socket.destroy());
    });
    for (let count = 0; count < 200; count += 1) expect((await call(gateway.port, PROXY)).text).toBe('one');
    await noLeases(gateway);
  });
});

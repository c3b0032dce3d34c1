import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { UnreadBodies } from './connection-bounds.ts';
import { errorOf, exchange, get, openSocket, testServer, textOf, type TestServer } from '../../testing/http-harness.ts';

let test: TestServer;
let port: number;

beforeEach(async () => {
  test = testServer();
  ({ port } = await test.server.listen({ host: '127.0.0.1', port: 0 }));
});
afterEach(async () => test.server.close());

const inChunks = (chunk: string, count: number): string =>
  `POST /api/instances HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${`${chunk.length.toString(16)}\r\n${chunk}\r\n`.repeat(count)}0\r\n\r\n`;

describe('pipelined requests of one connection', () => {
  it('are all answered when 32 of them arrive at once', async () => {
    const answers = await exchange(port, get('/livez').repeat(32), 32);
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 32 }, () => 200));
  });

  it('end it when more arrive without waiting for an answer', async () => {
    const socket = openSocket(port, get('/api/instances').repeat(2_000));
    socket.on('error', () => socket.destroy());
    const closed = new Promise((resolve) => socket.once('close', resolve));
    let text = '';
    socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
    await closed;
    expect(text.split('HTTP/1.1 200').length - 1).toBeLessThanOrEqual(32);
  });

  it('may be any number when sent one after the other', async () => {
    const socket = openSocket(port);
    for (let count = 0; count < 100; count += 1) {
      socket.write(get('/livez'));
      const [bytes] = (await once(socket, 'data')) as [Buffer];
      expect(bytes.toString('latin1')).toContain('HTTP/1.1 200');
    }
    socket.destroy();
  });
});

describe('a body in chunks', () => {
  it('may have thousands of short ones', async () => {
    const [answer] = await exchange(port, inChunks(' ', 4_000));
    expect(answer?.body).not.toContain('small chunks');
  });

  it('is refused when the short chunks continue', async () => {
    const text = await textOf(openSocket(port, inChunks(' ', 10_000)));
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(errorOf(text.slice(text.indexOf('\r\n\r\n') + 4)).error).toContain('too many small chunks');
  });

  it('ends its connection when the short chunks continue after the answer', async () => {
    const socket = openSocket(port, 'POST /nothing HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n');
    socket.on('error', () => socket.destroy());
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    expect(bytes.toString('latin1')).toMatch(/^HTTP\/1\.1 404 /);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write('1\r\n \r\n'.repeat(10_000));
    await closed;
  });

  it('is accepted when its chunks have 128 bytes', async () => {
    const [answer] = await exchange(port, inChunks(' '.repeat(128), 6_000));
    expect(answer?.body).not.toContain('small chunks');
  });
});

describe('a connection whose body had not been read when it was answered', () => {
  const LIMIT_MS = 60_000;
  let clock: FakeClock;
  let server: Server;
  let held: ServerResponse[];

  beforeEach(async () => {
    clock = new FakeClock();
    held = [];
    const unread = new UnreadBodies(clock, LIMIT_MS);
    server = createServer((request, response) => {
      unread.watch(request, response);
      if (request.method === 'GET') return void held.push(response);
      // As the gateway does: it takes a body that came with its head, and refuses at once. Node has not noted the end then.
      return void Promise.resolve().then(() => {
        request.read();
        response.end('refused');
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('is not cut in the middle of a later answer', async () => {
    const socket = openSocket(port, 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}');
    await once(socket, 'data');
    socket.write(get('/'));
    await vi.waitFor(() => expect(held).toHaveLength(1));
    await clock.advance(LIMIT_MS);
    held[0]?.end('late');
    const closed = once(socket, 'close').then(() => ['closed']);
    const [bytes] = (await Promise.race([once(socket, 'data'), closed])) as [Buffer | string];
    expect(bytes.toString('latin1')).toContain('late');
    socket.destroy();
  });

  it('is cut when the body never ends', async () => {
    const socket = openSocket(port, 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{');
    const closed = once(socket, 'close');
    await once(socket, 'data');
    await clock.advance(LIMIT_MS - 1);
    expect(socket.destroyed).toBe(false);
    await clock.advance(1);
    await closed;
  });
});

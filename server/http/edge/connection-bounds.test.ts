import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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

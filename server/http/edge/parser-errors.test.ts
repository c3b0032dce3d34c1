import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  errorOf,
  exchange,
  get,
  openSocket,
  testServer,
  textOf,
  type RawAnswer,
  type TestServer,
} from '../../testing/http-harness.ts';

let test: TestServer;
let port: number;

beforeEach(async () => {
  test = testServer({
    errorShapes: [
      { prefix: '/v1', render: (error, id) => ({ body: { other: [error.code, id] }, headers: { 'x-shape': 'v1' } }) },
    ],
  });
  ({ port } = await test.server.listen({ host: '127.0.0.1', port: 0 }));
});
afterEach(async () => test.server.close());

async function only(request: string | Buffer): Promise<RawAnswer> {
  const answers = await exchange(port, request, 2);
  expect(answers).toHaveLength(1);
  return answers[0] as RawAnswer;
}

function expectRefusal(answer: RawAnswer, status: number, code: string): void {
  expect([answer.status, errorOf(answer.body).code]).toEqual([status, code]);
  expect(errorOf(answer.body).request_id).toBe(answer.headers.get('x-request-id'));
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(answer.headers.get('connection')).toBe('close');
}

describe('an unreadable request', () => {
  it.each<[string, string | Buffer]>([
    ['noise', 'hello\r\n\r\n'],
    ['zeros', Buffer.alloc(64)],
    ['the start of TLS', Buffer.from('16030100a5010000a10303', 'hex')],
    ['bytes of every kind', Buffer.from(Array.from({ length: 256 }, (_, index) => index))],
    ['a lower-case method', 'get /livez HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['an unknown method', 'BREW /livez HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['HTTP/9.9', 'GET /livez HTTP/9.9\r\nHost: localhost\r\n\r\n'],
    ['a NUL in the URL', 'GET /li\0vez HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['a space in the URL', 'GET /li vez HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['a NUL in a header', 'GET /livez HTTP/1.1\r\nHost: local\0host\r\n\r\n'],
    ['a header without a colon', 'GET /livez HTTP/1.1\r\nHost localhost\r\n\r\n'],
    ['a space before the colon', 'GET /livez HTTP/1.1\r\nHost : localhost\r\n\r\n'],
    ['a folded header', 'GET /livez HTTP/1.1\r\nHost: localhost\r\n folded: x\r\n\r\n'],
    ['a length that is no number', 'POST /api/instances HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1x\r\n\r\n'],
    ['a negative length', 'POST /api/instances HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n'],
    [
      'two lengths',
      'POST /api/instances HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    ],
    [
      'a length beside chunks',
      'POST /api/instances HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n',
    ],
    [
      'chunks beside a length',
      'POST /api/instances HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n',
    ],
    [
      'chunks that are not last',
      'POST /api/instances HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n',
    ],
    [
      'a broken chunk',
      'POST /api/instances HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n',
    ],
  ])('%s', async (_, request) => {
    expectRefusal(await only(request), 400, 'VALIDATION_ERROR');
    expect(test.manager.calls).toEqual([]);
  });

  it('does not end the server', async () => {
    for (let byte = 14; byte < 40; byte += 1) await exchange(port, Buffer.from([byte, 13, 10, 13, 10]));
    const [alive] = await exchange(port, 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(alive?.status).toBe(200);
  });

  it('keeps the caller’s request id if it can be read', async () => {
    const answer = await only('GET /livez HTTP/1.1\r\nX-Request-Id: mine\r\nbad header\r\n\r\n');
    expect(errorOf(answer.body).request_id).toBe('mine');
  });

  it('reports the parser’s reason', async () => {
    const answer = await only('BREW /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(errorOf(answer.body).details).toBe('Invalid method encountered');
  });

  it('is answered in the error format of its path', async () => {
    const answer = await only('GET /v1/models HTTP/1.1\r\nX-Request-Id: mine\r\nbad header\r\n\r\n');
    expect(JSON.parse(answer.body)).toEqual({ other: ['VALIDATION_ERROR', 'mine'] });
    expect(answer.headers.get('x-shape')).toBe('v1');
  });

  it('is answered after earlier requests, whose answers are unchanged', async () => {
    const good = 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const answers = await exchange(port, `${good}${good}nonsense\r\n\r\n`, 3);
    expect(answers.slice(0, 2).map(({ status }) => status)).toEqual([200, 200]);
    expect(answers.slice(2).map(({ status }) => status)).toEqual([400]);
  });
});

describe('a caller that continues to send after its refusal', () => {
  it('is not reset, so that it can read the refusal', async () => {
    const connection = once(test.server.app.server, 'connection') as Promise<[Socket]>;
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.write('nonsense\r\n\r\n');
    const [accepted] = await connection;
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 400 /);
    for (const sent of [100_000, 200_000]) {
      socket.write('a'.repeat(100_000));
      await vi.waitFor(() => expect(accepted.bytesRead).toBeGreaterThan(sent), { interval: 2, timeout: 10_000 });
      expect(accepted.destroyed).toBe(false);
    }
    socket.end();
    await once(accepted, 'close');
  });

  it('is read for a limited time', async () => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.write('nonsense\r\n\r\n');
    await once(socket, 'data');
    const { server } = test.server.app;
    const connections = promisify(server.getConnections.bind(server));
    expect(await connections()).toBe(1);
    await test.clock.advance(1_000);
    await vi.waitFor(async () => expect(await connections()).toBe(0), { interval: 2, timeout: 10_000 });
    socket.destroy();
  });
});

describe('a body that still arrives after its answer', () => {
  const refused = 'POST /api/instances HTTP/1.1\r\nHost: evil.example\r\nTransfer-Encoding: chunked\r\n\r\n';

  it('gets no second answer when it is malformed', async () => {
    const socket = openSocket(port, refused);
    const text = textOf(socket);
    await once(socket, 'data');
    socket.write('no chunk\r\n');
    expect((await text).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 403']);
  });

  it('is read for a limited time', async () => {
    const socket = openSocket(port, refused);
    const text = textOf(socket);
    await once(socket, 'data');
    socket.write('1\r\na\r\n');
    const { server } = test.server.app;
    const connections = promisify(server.getConnections.bind(server));
    await test.clock.advance(59_000);
    expect(await connections()).toBe(1);
    await test.clock.advance(1_000);
    expect(await text).toMatch(/^HTTP\/1\.1 403 /);
  });

  it('does not delay the answer to the next request', async () => {
    const socket = openSocket(port, refused);
    const answers: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => answers.push(chunk));
    await once(socket, 'data');
    socket.write(`0\r\n\r\n${get('/livez')}`);
    await vi.waitFor(() => expect(Buffer.concat(answers).toString()).toContain('HTTP/1.1 200'), { interval: 2 });
    await test.clock.advance(60_000);
    socket.write('nonsense\r\n\r\n');
    await once(socket, 'close');
    expect(
      Buffer.concat(answers)
        .toString()
        .match(/HTTP\/1\.1 \d+/g),
    ).toEqual(['HTTP/1.1 403', 'HTTP/1.1 200', 'HTTP/1.1 400']);
  });
});

describe('the size limits', () => {
  it('refuse a URL of 9 KiB', async () => {
    const [answer] = await exchange(port, `GET /${'a'.repeat(9_216)} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    expect([answer?.status, errorOf(answer?.body ?? '').code]).toEqual([414, 'URI_TOO_LONG']);
  });

  it.each([17_000, 60_000, 3_000_000])('refuse a URL of %d bytes', async (length) => {
    expectRefusal(await only(`GET /${'a'.repeat(length)} HTTP/1.1\r\nHost: localhost\r\n\r\n`), 414, 'URI_TOO_LONG');
  });

  it('accept a URL of the greatest length', async () => {
    const [answer] = await exchange(port, `GET /${'a'.repeat(8_191)} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    expect(answer?.status).toBe(404);
  });

  it('accept an instance’s name of 5 000 characters, which is only unknown', async () => {
    const [answer] = await exchange(
      port,
      `GET /api/instances/${'a'.repeat(5_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    );
    expect([answer?.status, errorOf(answer?.body ?? '').code]).toEqual([404, 'INSTANCE_NOT_FOUND']);
  });

  it.each([17_408, 60_000, 3_000_000])('refuse a header of %d bytes', async (length) => {
    const answer = await only(`GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Big: ${'a'.repeat(length)}\r\n\r\n`);
    expectRefusal(answer, 431, 'PAYLOAD_TOO_LARGE');
    expect(errorOf(answer.body).error).toContain('16 KiB');
  });

  it('refuse ten thousand headers', async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => `X-${index}: x\r\n`).join('');
    expectRefusal(await only(`GET /livez HTTP/1.1\r\nHost: localhost\r\n${many}\r\n`), 431, 'PAYLOAD_TOO_LARGE');
  });

  it('refuse large chunk extensions', async () => {
    const head =
      'POST /api/instances HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
    expectRefusal(await only(`${head}1;${'a'.repeat(20_000)}\r\n{\r\n0\r\n\r\n`), 413, 'PAYLOAD_TOO_LARGE');
  });
});

import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  answerOf,
  Bench,
  call,
  type GatewayServer,
  rawConnection,
  readAnswer,
  startEngine,
} from '../testing/gateway-harness.ts';

const bench = new Bench();
afterEach(() => bench.close());

const PROXY = '/api/instances/a/proxy';
const eventually = <Result>(check: () => Result): Promise<Result> => vi.waitFor(check, { interval: 5 });

async function noLeases({ instances }: GatewayServer): Promise<void> {
  await eventually(() => expect(instances.leases('a').count).toBe(0));
}

describe('when the caller leaves', () => {
  test.each(['before the answer', 'in the middle of it'])(
    "%s, the engine's connection closes at once",
    async (moment) => {
      const engine: { response: ServerResponse; isClosed: boolean }[] = [];
      const gateway = await bench.before((_request, response) => {
        const state = { response, isClosed: false };
        engine.push(state);
        response.once('close', () => {
          state.isClosed = true;
        });
        if (moment !== 'before the answer') response.write('first');
      });
      const connection = rawConnection(gateway.port, `GET ${PROXY} HTTP/1.1\r\nHost: a\r\n\r\n`);
      await eventually(() => expect(engine).toHaveLength(1));
      if (moment !== 'before the answer') await eventually(() => expect(connection.received()).toContain('first'));
      connection.socket.destroy();
      await eventually(() => expect(engine[0]?.isClosed).toBe(true));
      expect(engine[0]?.response.writableFinished).toBe(false);
      await noLeases(gateway);
    },
  );

  test('all pipelined requests of its connection end', async () => {
    let begun = 0;
    let closed = 0;
    const gateway = await bench.before((_request, response) => {
      begun += 1;
      response.write('x'.repeat(1000));
      response.once('close', () => {
        closed += 1;
      });
    });
    const line = `GET ${PROXY} HTTP/1.1\r\nHost: a\r\n\r\n`;
    const connection = rawConnection(gateway.port, line.repeat(15));
    await eventually(() => expect(begun).toBe(15));
    connection.socket.destroy();
    await eventually(() => expect(closed).toBe(15));
    await noLeases(gateway);
  });

  test('in the middle of its body, the engine gets an incomplete request', async () => {
    const seen: string[] = [];
    const gateway = await bench.before((request) => {
      request.on('data', () => seen.push('data'));
      request.on('end', () => seen.push('end'));
      request.on('error', () => seen.push('broken'));
    });
    const connection = rawConnection(
      gateway.port,
      `POST ${PROXY} HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf`,
    );
    await eventually(() => expect(seen).toEqual(['data']));
    connection.socket.destroy();
    await eventually(() => expect(seen).toEqual(['data', 'broken']));
    await noLeases(gateway);
  });
});

describe('when the engine leaves', () => {
  const HALF = ['chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'] as const;
  const SHORT = ['of known length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'] as const;

  test.each([HALF, SHORT])(
    "in the middle of an answer (%s), the caller's connection is broken",
    async (_title, bytes) => {
      const sockets: Socket[] = [];
      const gateway = await bench.beforeRaw((socket) => {
        sockets.push(socket);
        socket.write(bytes);
      });
      const answer = await answerOf(httpRequest({ port: gateway.port, path: PROXY, agent: false }).end());
      const [chunk] = (await once(answer, 'data')) as [Buffer];
      expect(chunk.toString()).toBe('half');
      sockets[0]?.destroy();
      await expect(readAnswer(answer)).rejects.toMatchObject({ code: 'ECONNRESET' });
      await noLeases(gateway);
    },
  );

  test('in the middle of an answer, the connection of an HTTP/1.0 caller is broken too', async () => {
    const sockets: Socket[] = [];
    const gateway = await bench.beforeRaw((socket) => {
      sockets.push(socket);
      socket.write(HALF[1]);
    });
    const connection = rawConnection(gateway.port, `GET ${PROXY} HTTP/1.0\r\nHost: a\r\n\r\n`);
    await eventually(() => expect(connection.received()).toMatch(/\r\n\r\nhalf$/));
    sockets[0]?.destroy();
    expect(await connection.gone).toBe('ECONNRESET');
  });

  test.each([
    ['closes without an answer', (socket: Socket) => socket.destroy()],
    ['resets the connection', (socket: Socket) => socket.resetAndDestroy()],
    ['does not speak HTTP', (socket: Socket) => socket.end('what?\r\n\r\n')],
    ['breaks off in its head', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nConten')],
    [
      'switches protocols without a request',
      (socket: Socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
    ],
  ])('and %s, the caller gets 502', async (_title, serve) => {
    const gateway = await bench.beforeRaw(serve);
    const answer = await call(gateway.port, '/v1/chat/completions', { body: '{"model":"a"}' });
    expect(answer).toMatchObject({ status: 502, headers: { 'x-llamactl-source': 'llamactl' } });
    expect(JSON.parse(answer.text)).toMatchObject({
      error: {
        type: 'server_error',
        message: expect.stringContaining('gave no answer, or an invalid one') as unknown,
      },
    });
    await noLeases(gateway);
  });

  test('and no process listens on its port, the caller gets 502', async () => {
    const engine = await startEngine(() => undefined);
    await engine.close();
    const gateway = await bench.beforePort(engine.port);
    expect(await call(gateway.port, PROXY)).toMatchObject({ status: 502 });
    await noLeases(gateway);
  });
});

describe('when the lease ends', () => {
  test('before the answer, because the engine died, the caller gets the reason', async () => {
    const requests: IncomingMessage[] = [];
    const gateway = await bench.before((request) => requests.push(request));
    const answer = call(gateway.port, '/v1/messages', { body: '{"model":"a"}' });
    await eventually(() => expect(requests).toHaveLength(1));
    gateway.instances.end('a', 'restarting', 'out of memory');
    expect(await answer).toMatchObject({ status: 502 });
    expect(JSON.parse((await answer).text)).toMatchObject({
      type: 'error',
      error: {
        type: 'api_error',
        message: 'The engine of "a" ended before it had answered; the instance is restarting: out of memory',
      },
    });
    await eventually(() => expect(requests[0]?.destroyed).toBe(true));
  });

  test('before the answer, because the instance was stopped, the caller gets 503', async () => {
    const requests: IncomingMessage[] = [];
    const gateway = await bench.before((request) => requests.push(request));
    const answer = call(gateway.port, PROXY);
    await eventually(() => expect(requests).toHaveLength(1));
    gateway.instances.end('a', 'stopping');
    expect(await answer).toMatchObject({ status: 503 });
    expect(JSON.parse((await answer).text)).toMatchObject({ code: 'INSTANCE_NOT_RUNNING' });
  });

  test('in the middle of an answer, both connections are broken', async () => {
    const engine: ServerResponse[] = [];
    const gateway = await bench.before((_request, response) => {
      engine.push(response);
      response.write('half');
    });
    const answer = await answerOf(httpRequest({ port: gateway.port, path: PROXY, agent: false }).end());
    await once(answer, 'data');
    gateway.instances.end('a', 'stopping');
    await expect(readAnswer(answer)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await eventually(() => expect(engine[0]?.destroyed).toBe(true));
  });
});

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import {
  type GatewayServer,
  type Listening,
  rawConnection,
  type RawConnection,
  settled,
  startEngine,
  startGateway,
} from '../testing/gateway-harness.ts';

const open: Listening[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

const eventually = <Result>(check: () => Result): Promise<Result> => vi.waitFor(check, { interval: 5 });

/** The engine's end of a WebSocket. */
interface Peer {
  request: IncomingMessage;
  socket: Socket;
  head: Buffer;
}

/** Returns the value of `Sec-WebSocket-Accept` for the caller's key (RFC 6455, 1.3). */
function acceptance(request: IncomingMessage): string {
  const key = request.headers['sec-websocket-key'] ?? '';
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

function accept({ request, socket }: Peer, ...more: string[]): void {
  const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  socket.write([...head, `Sec-WebSocket-Accept: ${acceptance(request)}`, ...more, '', ''].join('\r\n'));
}

/** Starts a gateway before one engine, instance `a`, that accepts WebSockets. */
async function before(upgraded: (peer: Peer) => void): Promise<GatewayServer> {
  const engine = await startEngine(
    (_request, response) => response.end('an ordinary answer'),
    (server) =>
      server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
        socket.on('error', () => socket.destroy());
        socket.on('end', () => socket.end());
        upgraded({ request, socket, head });
      }),
  );
  const gateway = await startGateway([
    { name: 'a', port: engine.port, key: 'run-key' },
    { name: 'stopped', port: engine.port, status: 'stopped' },
  ]);
  open.push(engine, gateway);
  return gateway;
}

function handshake(port: number, { behind = '', headers = '', instance = 'a', method = 'GET' } = {}): RawConnection {
  const head = `${method} /api/instances/${instance}/proxy/chat/%2f?x=1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
  return rawConnection(port, `${head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA\r\n${headers}\r\n${behind}`);
}

async function noLeases({ instances }: GatewayServer): Promise<void> {
  await eventually(() => expect(instances.leases('a').count).toBe(0));
}

/** Echoes one short text frame of a client, and answers a close frame with a close frame. */
function echoFrame(socket: Socket, frame: Buffer): void {
  if (((frame[0] ?? 0) & 0x0f) === 8) return void socket.end(Buffer.from([0x88, 0]));
  const length = (frame[1] ?? 0) & 0x7f;
  const mask = frame.subarray(2, 6);
  const text = frame.subarray(6, 6 + length).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  socket.write(Buffer.concat([Buffer.from([0x81, length]), text]));
}

test('a WebSocket client exchanges messages with the engine', async () => {
  const gateway = await before((peer) => {
    accept(peer);
    peer.socket.on('data', (frame) => echoFrame(peer.socket, frame));
  });
  const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/api/instances/a/proxy/echo`);
  await once(client, 'open');
  for (const text of ['hello', 'again']) {
    const answer = once(client, 'message');
    client.send(text);
    expect((await answer)[0]).toMatchObject({ data: text });
  }
  expect(gateway.instances.leases('a').count).toBe(1);
  client.close();
  await noLeases(gateway);
});

test("the engine gets the unchanged path and the run's key, but no credentials of the caller", async () => {
  const peers: Peer[] = [];
  const gateway = await before((peer) => {
    peers.push(peer);
    accept(peer, 'Set-Cookie: a=1', 'X-Engine: yes');
  });
  const headers = 'Authorization: Bearer mine\r\nCookie: a=b\r\nSec-WebSocket-Protocol: chat, bearer.mine\r\n';
  const { received, socket } = handshake(gateway.port, { headers });
  await eventually(() => expect(received()).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n[^]*\r\n\r\n$/));
  expect(peers[0]?.request).toMatchObject({ url: '/chat/%2f?x=1', headers: { authorization: 'Bearer run-key' } });
  expect(peers[0]?.request.rawHeaders.join()).not.toContain('mine');
  expect(peers[0]?.request.headers).not.toHaveProperty('cookie');
  expect(received()).toContain('X-Engine: yes');
  expect(received()).toContain('X-Llamactl-Source: engine');
  expect(received()).not.toContain('Set-Cookie');
  socket.destroy();
});

test('bytes right after the handshake reach both sides, after the engine has agreed', async () => {
  const peers: Peer[] = [];
  const gateway = await before((peer) => peers.push(peer));
  const { received, socket } = handshake(gateway.port, { behind: 'from the caller' });
  await eventually(() => expect(peers).toHaveLength(1));
  const peer = peers[0];
  if (peer === undefined) throw new Error('no peer');
  const got: string[] = [];
  peer.socket.on('data', (chunk) => got.push(chunk.toString()));
  expect(await settled(() => got.length + peer.head.byteLength)).toBe(0);
  accept(peer);
  peer.socket.write('from the engine');
  await eventually(() => expect(received()).toMatch(/\r\n\r\nfrom the engine$/));
  await eventually(() => expect(got.join('')).toBe('from the caller'));
  socket.destroy();
});

test('bytes that an engine wrote before it closed reach a slow caller', async () => {
  const size = 32 * 1024 * 1024;
  const gateway = await before((peer) => {
    accept(peer);
    peer.socket.end(Buffer.alloc(size, 'x'));
  });
  const { socket, received, gone } = handshake(gateway.port);
  socket.pause();
  await settled(() => socket.bytesRead);
  socket.resume();
  expect(await gone).toBe('clean');
  const text = received();
  expect(text.length - text.indexOf('x'.repeat(100))).toBe(size);
  await noLeases(gateway);
});

test("when the caller leaves, the engine's connection closes at once", async () => {
  const closed: string[] = [];
  const gateway = await before((peer) => {
    accept(peer);
    peer.socket.once('close', () => closed.push('engine'));
    peer.socket.resume();
  });
  const { received, socket } = handshake(gateway.port);
  await eventually(() => expect(received()).toContain('101'));
  socket.destroy();
  await eventually(() => expect(closed).toEqual(['engine']));
  await noLeases(gateway);
});

test('bytes pass no faster than the caller reads', async () => {
  const size = 64 * 1024 * 1024;
  let sent = 0;
  const gateway = await before((peer) => {
    accept(peer);
    const write = (): void => {
      while (sent < size) {
        sent += 65_536;
        if (!peer.socket.write(Buffer.alloc(65_536))) return;
      }
    };
    peer.socket.on('drain', write);
    write();
  });
  const { socket } = handshake(gateway.port);
  socket.pause();
  expect(await settled(() => sent)).toBeLessThan(size / 2);
  socket.resume();
  await eventually(() => expect(sent).toBe(size));
  socket.destroy();
});

test.each([
  ['the engine dies', ({ instances }: GatewayServer) => instances.end('a', 'restarting', 'killed')],
  ['the server closes', ({ gateway }: GatewayServer) => gateway.close()],
])('when %s, both ends are closed', async (_title, end) => {
  const closed: string[] = [];
  const gateway = await before((peer) => {
    accept(peer);
    peer.socket.once('close', () => closed.push('engine'));
    peer.socket.resume();
  });
  const { received, gone } = handshake(gateway.port);
  await eventually(() => expect(received()).toContain('101'));
  end(gateway);
  await gone;
  await eventually(() => expect(closed).toEqual(['engine']));
  await noLeases(gateway);
});

test("an engine's refusal of a WebSocket reaches the caller", async () => {
  const gateway = await before(({ socket }) => {
    socket.end(
      'HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n4\r\nnone\r\n0\r\n\r\n',
    );
  });
  const { received, gone } = handshake(gateway.port);
  expect(await gone).toBe('clean');
  expect(received()).toMatch(/^HTTP\/1\.1 404 Not Found\r\n[^]*\r\nConnection: close\r\n\r\nnone$/);
  expect(received()).not.toContain('chunked');
  await noLeases(gateway);
});

test.each([
  ['an instance that is not running', { instance: 'stopped' }, '409'],
  ['an instance that does not exist', { instance: 'unknown' }, '404'],
  ['another method', { method: 'POST' }, '400'],
])('%s is refused with an ordinary answer', async (_title, how, status) => {
  const gateway = await before(() => undefined);
  const { received, gone } = handshake(gateway.port, how);
  await gone;
  expect(received()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
});

test('an engine that gives no answer causes 502', async () => {
  const gateway = await before(({ socket }) => socket.destroy());
  const { received, gone } = handshake(gateway.port);
  await gone;
  expect(received()).toMatch(/^HTTP\/1\.1 502 /);
  await noLeases(gateway);
});

import { createServer, type IncomingMessage, request as openRequest, Server, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Door, openDoor, removeDoors } from './door.ts';
import { Turnstile } from './hand-over-turnstile.ts';

let next: Server;
let door: Door;
let old: Server;
let turnstile: Turnstile;
/** For each request that came to the successor: whether its command was already given. */
let begun: boolean[];
let folder: string;
let seen: { raw: string[]; address: string | undefined; body: string }[];

beforeEach(async () => {
  seen = [];
  turnstile = new Turnstile();
  next = new Server((request, response) => void answer(request, response));
  next.on('upgrade', (request, socket, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    socket.write(`HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade ?? ''}\r\n\r\n`);
    socket.write(head);
    socket.pipe(socket);
  });
  folder = mkdtempSync(path.join(tmpdir(), 'doors-'));
  begun = [];
  door = await openDoor(path.join(folder, 'doors'), (socket, { isBegun }) => {
    begun.push(isBegun);
    next.emit('connection', socket);
  });
  old = createServer((request, response) => void passOn(request, response, null));
  old.on('upgrade', (request: IncomingMessage, _socket, head: Buffer) => {
    void passOn(request, new ServerResponse(request), head);
  });
  old.listen(0, '127.0.0.1');
  await once(old, 'listening');
});
afterEach(async () => {
  for (const server of [old, next]) server.closeAllConnections();
  door.close();
  rmSync(folder, { recursive: true });
  old.close();
  await once(old, 'close');
});

const passOn = async (request: IncomingMessage, response: ServerResponse, head: Buffer | null): Promise<void> =>
  turnstile.passOn({ request, response, head, url: request.url ?? '', isBegun: request.url === '/begun' });

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const bytes of request) body += String(bytes);
  seen.push({ raw: request.rawHeaders, address: request.socket.remoteAddress, body });
  response.writeHead(207, 'Very Fine', { 'X-Twice': ['a', 'b'], Trailer: 'X-End' });
  response.write('first ');
  response.addTrailers({ 'X-End': 'yes' });
  response.end(`${request.method} ${request.url}`);
}

const port = (): number => (old.address() as AddressInfo).port;

/** Sends bytes, and returns the answer. */
async function raw(text: string): Promise<string> {
  const socket = connect(port(), '127.0.0.1');
  socket.write(text);
  let answer = '';
  for await (const bytes of socket) answer += String(bytes);
  return answer;
}

describe('a request that came to the old server', () => {
  it('waits for the successor, and gets its answer unchanged; then the connection is closed', async () => {
    const answer = raw('POST /v1/x?y=1 HTTP/1.1\r\nHost: me\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 4\r\n\r\nbody');
    turnstile.leadTo(door.path);
    const text = await answer;
    expect(text).toMatch(/^HTTP\/1\.1 207 Very Fine\r\nX-Twice: a\r\nX-Twice: b\r\n/);
    expect(text).toMatch(/\r\nConnection: close\r\n/);
    expect(text).toContain('first ');
    expect(text).toContain('POST /v1/x?y=1');
    expect(text).toContain('X-End: yes');
    const [{ raw: headers, address, body } = { raw: [], address: '', body: '' }] = seen;
    expect([address, body]).toEqual(['127.0.0.1', 'body']);
    expect(headers).toEqual(['Host', 'me', 'X-A', '1', 'x-a', '2', 'Content-Length', '4', 'Connection', 'close']);
  });

  it('is passed on with whether its work was begun', async () => {
    turnstile.leadTo(door.path);
    await raw('POST /begun HTTP/1.1\r\nHost: me\r\n\r\n');
    await raw('POST /new HTTP/1.1\r\nHost: me\r\n\r\n');
    expect(begun).toEqual([true, false]);
  });

  it('is not passed on when its caller has left', async () => {
    const socket = connect(port(), '127.0.0.1');
    const [, { request }] = await Promise.all([
      new Promise((resolve) => socket.write('GET /left HTTP/1.1\r\nHost: me\r\n\r\n', resolve)),
      once(old, 'request').then(([request]) => ({ request: request as IncomingMessage })),
    ]);
    socket.destroy();
    await once(request.socket, 'close');
    turnstile.leadTo(door.path);
    await raw('GET /stayed HTTP/1.1\r\nHost: me\r\n\r\n');
    expect(seen).toHaveLength(1);
  });

  it('keeps the framing of its body', async () => {
    turnstile.leadTo(door.path);
    await raw('POST / HTTP/1.1\r\nHost: me\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n');
    await raw('POST / HTTP/1.1\r\nHost: me\r\n\r\n');
    expect(seen.map(({ body }) => body)).toEqual(['abc', '']);
    expect(seen[0]?.raw).toContain('Transfer-Encoding');
    expect(seen[1]?.raw).toEqual(['Host', 'me', 'Connection', 'close', 'Content-Length', '0']);
  });

  it('is answered in order among several on one connection', async () => {
    const both = raw('GET /1 HTTP/1.1\r\nHost: me\r\n\r\nGET /2 HTTP/1.1\r\nHost: me\r\n\r\n');
    turnstile.leadTo(door.path);
    expect(await both).toContain('GET /1');
  });

  it('is aborted when the successor aborts', async () => {
    next.removeAllListeners('request');
    next.on('request', (_request, response: ServerResponse) => {
      response.write('half', () => response.destroy());
    });
    turnstile.leadTo(door.path);
    const request = openRequest({ port: port(), path: '/' });
    request.end();
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    await expect(answer.toArray()).rejects.toThrow('aborted');
  });

  it('may be a WebSocket upgrade', async () => {
    turnstile.leadTo(door.path);
    const socket = connect(port(), '127.0.0.1');
    socket.write('GET /ws HTTP/1.1\r\nHost: me\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly ');
    let text = '';
    socket.on('data', (bytes) => (text += String(bytes)));
    while (!text.includes('early')) await once(socket, 'data');
    socket.write('late');
    while (!text.includes('late')) await once(socket, 'data');
    expect(text).toBe('HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly late');
    socket.end();
    await once(socket, 'close');
  });
});

describe('work under way', () => {
  it('is waited for, but not answered requests', async () => {
    const leave = turnstile.enter();
    const other = turnstile.enter();
    turnstile.enter(() => true);
    let isShut = false;
    const shut = turnstile.shut().then(() => (isShut = true));
    expect(turnstile.isOpen).toBe(false);
    leave();
    leave();
    await Promise.resolve();
    expect(isShut).toBe(false);
    other();
    await shut;
  });
});

describe('the door', () => {
  it('is in the given folder, and leaves no file', async () => {
    const doors = path.join(folder, 'doors');
    const other = await openDoor(doors, (socket) => void socket.destroy());
    expect([path.dirname(path.dirname(other.path)), path.dirname(path.dirname(door.path))]).toEqual([doors, doors]);
    other.close();
    expect(readdirSync(doors)).toEqual([path.basename(path.dirname(door.path))]);
    removeDoors(doors, (error) => {
      throw error;
    });
    expect(existsSync(doors)).toBe(false);
  });

  it.each([
    ['has too long a name', () => path.join(folder, 'x'.repeat(100))],
    [
      'cannot be created',
      () => {
        writeFileSync(path.join(folder, 'file'), '');
        return path.join(folder, 'file', 'doors');
      },
    ],
  ])('is in the temporary folder if the given one %s', async (_what, doors) => {
    const other = await openDoor(doors(), (socket) => void socket.destroy());
    expect(other.path.startsWith(path.join(tmpdir(), 'llamactl-'))).toBe(true);
    other.close();
    expect(existsSync(path.dirname(other.path))).toBe(false);
  });

  it('refuses a connection without a valid introduction', async () => {
    for (const first of ['GET / HTTP/1.1\n', 'x'.repeat(300)]) {
      const socket = connect({ path: door.path });
      socket.on('error', () => undefined);
      socket.write(first);
      socket.resume();
      await once(socket, 'close');
    }
    expect(seen).toEqual([]);
  });
});

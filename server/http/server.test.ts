import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Readiness } from './edge/admission.ts';
import {
  errorOf,
  exchange,
  get,
  openSocket,
  testConfig,
  testServer,
  textOf,
  type TestServer,
} from '../testing/http-harness.ts';
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

describe('listening', () => {
  it('uses the configured address, with 127.0.0.1 for localhost', async () => {
    test = testServer({ config: testConfig({ server: { host: 'localhost' } }) });
    expect((await test.server.listen({ port: 0 })).address).toBe('127.0.0.1');
  });

  it('rejects with Node’s error when the port is taken', async () => {
    await listen();
    const other = testServer();
    await expect(other.server.listen({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await other.server.close();
  });

  it('causes no warnings of fastify', async () => {
    const warnings: unknown[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    await listen();
    await setImmediate();
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });
});

describe('waiting for an outcome', () => {
  async function waiting(): Promise<Socket> {
    await test.manager.create({ name: 'x' });
    const socket = open(
      'POST /api/instances/x/start?wait=true HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n',
    );
    await until(() =>
      expect(test.manager.calls.at(-1)).toMatchObject({ method: 'start', arguments: ['x', { wait: true }] }),
    );
    return socket;
  }
  function signal(): AbortSignal | undefined {
    return (test.manager.calls.at(-1)?.arguments[1] as { signal: AbortSignal } | undefined)?.signal;
  }

  it('ends when the caller hangs up, and only that is logged', async () => {
    await listen();
    const socket = await waiting();
    expect(signal()?.aborted).toBe(false);
    socket.destroy();
    await until(() => expect(test.log.filter(({ msg }) => msg === 'request')).toHaveLength(1));
    expect(signal()?.aborted).toBe(true);
    expect(test.log.find(({ msg }) => msg === 'request')).toMatchObject({ aborted: true, status: null });
    expect(test.log.filter(({ level }) => Number(level) >= 40)).toEqual([]);
  });

  it('ends with an answer when the server stops', async () => {
    const shutdown = new AbortController();
    await listen({ shutdownSignal: shutdown.signal });
    const text = textOf(await waiting());
    shutdown.abort();
    await test.server.close();
    expect(await text).toMatch(/^HTTP\/1.1 503 [^]*SHUTTING_DOWN/);
  });

  it('leaves no listener on a signal that lives as long as the server', async () => {
    const shutdown = new AbortController();
    const removed = vi.spyOn(shutdown.signal, 'removeEventListener');
    const added = vi.spyOn(shutdown.signal, 'addEventListener');
    await listen({ shutdownSignal: shutdown.signal });
    await test.manager.create({ name: 'x' });
    for (let index = 0; index < 5; index += 1) {
      await exchange(port, 'POST /api/instances/x/start HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n');
    }
    await until(() => expect(removed).toHaveBeenCalledTimes(5));
    expect(added).toHaveBeenCalledTimes(5);
  });
});

/** A route that answers when the test decides. */
function held(): { plugin: HttpPlugin; reached: Promise<void>; finish: () => void } {
  const reached = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<void>();
  const plugin: HttpPlugin = (app) => {
    app.get('/held', async () => {
      reached.resolve();
      await finished.promise;
      return { done: true };
    });
  };
  return { plugin, reached: reached.promise, finish: finished.resolve };
}

describe('closing the server', () => {
  it('closes idle connections at once', async () => {
    await listen();
    const idle = open(get('/livez'));
    await once(idle, 'data');
    await Promise.all([once(idle, 'close'), test.server.close()]);
  });

  it('closes connections on which nothing arrived at once, as browsers open them in advance', async () => {
    await listen();
    const unused = open('');
    await once(unused, 'connect');
    await exchange(port, get('/livez'));
    await Promise.all([once(unused, 'close'), test.server.close()]);
  });

  it('lets a request in flight finish, then closes its connection', async () => {
    const { plugin, reached, finish } = held();
    await listen({ plugins: [plugin] });
    const text = textOf(open(get('/held')));
    await reached;
    const closed = test.server.close();
    await setImmediate();
    finish();
    await closed;
    expect(await text).toMatch(/^HTTP\/1.1 200 [^]*connection: close[^]*{"done":true}$/i);
  });

  it('closes a connection that an answer promised to keep, when that answer ends', async () => {
    const finished = Promise.withResolvers<void>();
    const plugin: HttpPlugin = (app) => {
      app.get('/held', async (_request, reply) => {
        reply.hijack();
        reply.raw.writeHead(200, { 'content-length': 4 }).flushHeaders();
        await finished.promise;
        reply.raw.end('done');
      });
    };
    await listen({ plugins: [plugin] });
    const socket = open(get('/held'));
    const text = textOf(socket);
    await once(socket, 'data');
    const closed = test.server.close();
    await setImmediate();
    finished.resolve();
    await vi.waitFor(async () => {
      await test.clock.advance(50);
      expect(socket.closed).toBe(true);
    });
    await closed;
    expect(await text).toMatch(/^HTTP\/1.1 200 [^]*connection: keep-alive[^]*done$/i);
  });

  it('refuses a request that was already sent, in the contract’s format', async () => {
    let readiness: Readiness = 'ok';
    await listen({ readiness: () => readiness });
    const late = open('GET /api/instances HTTP/1.1\r\nHost: local');
    await until(() => expect(late.bytesWritten).toBeGreaterThan(0));
    await exchange(port, get('/livez'));
    readiness = 'stopping';
    const closed = test.server.close();
    await setImmediate();
    late.write('host\r\n\r\n');
    const text = await textOf(late);
    expect(text).toMatch(/^HTTP\/1.1 503 [^]*connection: close/i);
    expect(errorOf(text.slice(text.indexOf('\r\n\r\n')))).toMatchObject({ code: 'SHUTTING_DOWN' });
    await closed;
  });

  it('aborts requests that do not finish in time', async () => {
    const { plugin, reached, finish } = held();
    await listen({ plugins: [plugin], timeouts: { close: 3_000 } });
    const text = textOf(open(get('/held')));
    await reached;
    const closed = test.server.close();
    await until(() => expect(test.clock.pending).toContain(3_000));
    await test.clock.advance(2_999);
    expect(sockets[0]?.destroyed).toBe(false);
    await test.clock.advance(1);
    expect(await text).toBe('');
    finish();
    await closed;
    expect(test.clock.pending).toEqual([]);
  });

  it('aborts all requests at once on request', async () => {
    const { plugin, reached, finish } = held();
    await listen({ plugins: [plugin] });
    const text = textOf(open(get('/held')));
    await reached;
    const closed = test.server.close();
    test.server.breakOff();
    expect(await text).toBe('');
    finish();
    await closed;
  });
});

describe('connections beyond the limit', () => {
  it('are closed on arrival, and existing ones continue', async () => {
    await listen({ maxConnections: 1 });
    const first = open('');
    await once(first, 'connect');
    expect(await textOf(open(get('/livez')))).toBe('');
    const answered = once(first, 'data');
    first.write(get('/livez'));
    expect(String((await answered)[0])).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('connections of one address beyond its limit', () => {
  it('are closed before anything is read, and existing ones continue', async () => {
    await listen({ addressBound: { isUnbounded: () => false, most: 2 } });
    const first = open('');
    await Promise.all([once(first, 'connect'), once(open(''), 'connect')]);
    expect(await textOf(open(get('/livez')))).toBe('');
    expect(await textOf(open('\u0016no HTTP'))).toBe('');
    const answered = once(first, 'data');
    first.write(get('/livez'));
    expect(String((await answered)[0])).toMatch(/^HTTP\/1\.1 200 /);
    expect(test.log.filter(({ msg }) => msg === 'too many connections of one address')).toHaveLength(1);
  });

  it('do not exist for this machine', async () => {
    await listen();
    const open257 = Array.from({ length: 257 }, () => open(get('/livez')));
    const answers = await Promise.all(open257.map(async (socket) => once(socket, 'data')));
    expect(answers.filter(([data]) => String(data).startsWith('HTTP/1.1 200 '))).toHaveLength(257);
  });
});

describe('a connection that another server accepted', () => {
  /** Starts another server that passes its connections to the server under test. */
  async function elsewhere(): Promise<{ ask: () => Socket; close: () => void }> {
    const otherServer = createServer({ allowHalfOpen: true }, (connection) => test.server.take(connection));
    otherServer.listen(0, '127.0.0.1');
    await once(otherServer, 'listening');
    const { port: otherPort } = otherServer.address() as AddressInfo;
    const ask = (): Socket => {
      const socket = openSocket(otherPort, get('/livez'));
      sockets.push(socket);
      return socket;
    };
    return { ask, close: () => otherServer.close() };
  }

  it('counts towards the limit of connections, like an accepted one', async () => {
    await listen({ maxConnections: 2 });
    const { ask, close } = await elsewhere();
    const first = ask();
    expect(String((await once(first, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /);
    const second = open(get('/livez'));
    expect(String((await once(second, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /);
    expect(await textOf(ask())).toBe('');
    expect(await textOf(open(get('/livez')))).toBe('');
    first.destroy();
    await until(() => expect(test.server.app.server.maxConnections).toBe(2));
    second.destroy();
    const third = ask();
    await once(third, 'data');
    close();
  });

  it('counts towards the address limit only in the server that accepted it', async () => {
    await listen({ addressBound: { isUnbounded: () => false, most: 1 } });
    const { ask, close } = await elsewhere();
    await once(open(get('/livez')), 'data');
    expect(String((await once(ask(), 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /);
    close();
  });

  it.each([true, false])('carries a command that was already given or not, as its sender says: %s', async (isBegun) => {
    await listen();
    await test.manager.create({ name: 'a', model_path: '/m.gguf' });
    const otherServer = createServer({ allowHalfOpen: true }, (connection) =>
      test.server.take(connection, { isBegun }),
    );
    otherServer.listen(0, '127.0.0.1');
    await once(otherServer, 'listening');
    const { port: otherPort } = otherServer.address() as AddressInfo;
    for (const command of ['start', 'restart', 'stop'] as const) {
      const request = `POST /api/instances/a/${command} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
      expect(await textOf(openSocket(otherPort, request))).toMatch(/^HTTP\/1\.1 200 /);
      expect(test.manager.calls.at(-1)).toMatchObject({ method: command, arguments: ['a', { isBegun }] });
    }
    otherServer.close();
  });
});

describe('a server that leaves', () => {
  const answer = async (socket: Socket): Promise<string> => {
    const answered = once(socket, 'data');
    socket.write(get('/livez'));
    return String((await answered)[0]);
  };

  it('keeps idle connections open until their next answer announces the close', async () => {
    await listen();
    const idle = open('');
    expect(await answer(idle)).toMatch(/\r\nConnection: keep-alive\r\nKeep-Alive: timeout=75\r\n/);
    const left = test.server.leave({ stopsListening: true });
    for (let second = 0; second < 60; second += 1) await test.clock.advance(1_000);
    expect(await answer(idle)).toMatch(/\r\nconnection: close\r\n/i);
    await once(idle, 'close');
    await test.clock.advance(1_000);
    await left;
  });
});

describe('a header that does not arrive', () => {
  it('is awaited for a limited time', async () => {
    await listen({ timeouts: { header: 50, check: 10 } });
    const text = await textOf(open('GET /livez HTTP/1.1\r\nHost: loc'));
    expect(text).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n/);
    expect(errorOf(text.slice(text.indexOf('\r\n\r\n')))).toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  it('does not limit an answer', async () => {
    const plugin: HttpPlugin = (app) => {
      app.get('/slow', async () => {
        // Use real time: the limit that must not apply is Node's own.
        await new Promise((resolve) => {
          setTimeout(resolve, 150);
        });
        return { done: true };
      });
    };
    await listen({ plugins: [plugin], timeouts: { header: 20, check: 5 } });
    const [answer] = await exchange(port, get('/slow'));
    expect(answer?.body).toBe('{"done":true}');
  });
});

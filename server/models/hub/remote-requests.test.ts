import { createServer, type Server } from 'node:http';
import type { LookupAddress } from 'node:dns';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LoopbackServer } from '../../testing/loopback-server.ts';
import { SecureLoopback } from '../../testing/secure-loopback.ts';
import { type AddressRules, isPublicAddress } from './public-address.ts';
import { type RemoteRequest, RemoteRequests } from './remote-requests.ts';

const { signal } = new AbortController();
const PUBLIC = { mostBytes: 1_000, redirects: 'public', signal } as const;

/** `a.example` and `b.example` lead to {@link web} and count as public, `inner.example` does not. */
const RULES: AddressRules = {
  isPublic: (address) => address === '127.0.0.1' || isPublicAddress(address),
  resolve: (hostname, _options, callback) => {
    const addresses: Record<string, LookupAddress[]> = {
      'a.example': [{ address: '127.0.0.1', family: 4 }],
      'b.example': [{ address: '127.0.0.1', family: 4 }],
      'inner.example': [
        { address: '127.0.0.1', family: 4 },
        { address: '10.0.0.1', family: 4 },
      ],
    };
    callback(null, addresses[hostname] ?? []);
  },
};

let web: SecureLoopback;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let asked: { host: string; url: string; headers: IncomingHttpHeaders }[];

beforeAll(async () => {
  web = await SecureLoopback.open(['a.example', 'b.example', 'inner.example', 'localhost'], (request, response) => {
    const { host = '', ...headers } = request.headers;
    asked.push({ host: host.replace(/:.*/, ''), url: request.url ?? '', headers });
    answer(request, response);
  });
});

beforeEach(() => {
  asked = [];
  answer = (_request, response) => void response.end('hello');
});

afterAll(() => web.close());

function requestsWith(environment: Record<string, string> = {}, rules: Partial<AddressRules> = {}): RemoteRequests {
  return new RemoteRequests({
    environment: { SSL_CERT_FILE: web.certificate, ...environment },
    version: '1',
    rules: { ...RULES, ...rules },
  });
}

function at(host: string, path = '/'): URL {
  return new URL(`https://${host}:${web.port}${path}`);
}

/** Redirects the first request to an address. */
function redirectTo(location: string): void {
  answer = ({ url }, response) => {
    if (url === '/moved') response.writeHead(302, { location }).end();
    else response.end('hello');
  };
}

describe('a request to any server', () => {
  it.each([
    'https://127.0.0.1/a.gguf',
    'https://[::1]/a.gguf',
    'https://[::ffff:10.0.0.1]/a.gguf',
    'https://2130706433/a.gguf',
    'https://169.254.169.254/latest/meta-data',
    'https://localhost/a.gguf',
  ])('is not sent to %s, and the reference is the fault', async (url) => {
    for (const environment of [{}, { https_proxy: 'http://127.0.0.1:9' }]) {
      const requests = new RemoteRequests({ environment, version: '1' });
      await expect(requests.send(new URL(url), PUBLIC)).rejects.toMatchObject({
        code: 'VALIDATION_ERROR',
        message: expect.stringContaining('private network') as string,
      });
    }
  });

  it('is sent with https only', async () => {
    await expect(requestsWith().send(new URL('http://1.1.1.1/a.gguf'), PUBLIC)).rejects.toThrow(
      'llamactl asks 1.1.1.1 with https only.',
    );
  });

  it('is not sent to a name with one address that is not public', async () => {
    await expect(requestsWith().send(at('inner.example'), PUBLIC)).rejects.toThrow(/private network/);
    expect(asked).toEqual([]);
  });

  it('follows redirects to other servers, without the headers', async () => {
    redirectTo(at('b.example', '/there').href);
    const headers = { authorization: 'Bearer secret' };
    const { status, body } = await requestsWith().send(at('a.example', '/moved'), { ...PUBLIC, headers });
    expect([status, body.toString()]).toEqual([200, 'hello']);
    expect(asked.map(({ host, url }) => host + url)).toEqual(['a.example/moved', 'b.example/there']);
    expect(asked.map((request) => request.headers.authorization)).toEqual(['Bearer secret', undefined]);
  });

  it.each([
    ['to an address of a private network', 'https://10.0.0.1/x', /10\.0\.0\.1 is an address of .* a private network/],
    [
      'to a name of a private network',
      'https://inner.example/x',
      /inner\.example is an address of .* a private network/,
    ],
    ['without https', 'http://1.1.1.1/x', /with https only/],
    ['to nowhere', 'https://', /redirects to an invalid address/],
  ])('follows no redirect %s', async (_what, location, message) => {
    redirectTo(location);
    await expect(requestsWith().send(at('a.example', '/moved'), PUBLIC)).rejects.toMatchObject({
      code: 'HUB_ERROR',
      message: expect.stringMatching(message) as string,
    });
    expect(asked).toHaveLength(1);
  });
});

describe('a name that changes its address between check and connection', () => {
  it.each<[string, Record<string, string>]>([
    ['without a proxy', {}],
    ['with a proxy for http only', { http_proxy: 'http://127.0.0.1:9' }],
    ['with a proxy of another protocol', { https_proxy: 'socks5://127.0.0.1:9' }],
    ['for which no proxy is used', { https_proxy: 'http://127.0.0.1:9', no_proxy: 'a.example' }],
  ])('is not connected to %s', async (_what, environment) => {
    const unknown = Object.assign(new Error('unknown'), { code: 'ENOTFOUND' });
    const inner = [{ address: '10.0.0.1', family: 4 }];
    let checks = 0;
    const resolve: AddressRules['resolve'] = (_hostname, _options, callback) => {
      checks += 1;
      if (checks === 1 && Object.keys(environment).length > 0) callback(unknown, []);
      else callback(null, inner);
    };
    const requests = requestsWith(environment, { resolve });
    await expect(requests.send(at('a.example'), PUBLIC)).rejects.toThrow(/private network/);
    expect(asked).toEqual([]);
  });

  it('is left to the proxy that resolves it, also if the name of the proxy is not public', async () => {
    const proxy = await ConnectProxy.open();
    const https_proxy = `http://localhost:${proxy.port}`;
    const unknown = Object.assign(new Error('unknown'), { code: 'ENOTFOUND' });
    const resolve: AddressRules['resolve'] = (_hostname, _options, callback) => callback(unknown, []);
    expect((await requestsWith({ https_proxy }, { resolve }).send(at('a.example'), PUBLIC)).status).toBe(200);
    expect(proxy.targets).toEqual([at('a.example').host]);
    await expect(requestsWith({ https_proxy }).send(at('inner.example'), PUBLIC)).rejects.toThrow(/private network/);
    expect(proxy.targets).toHaveLength(1);
    await proxy.close();
  });
});

describe('a request to one server', () => {
  it('keeps its headers on redirects of this server, and ends at its edge if the caller wants that', async () => {
    const request: RemoteRequest = { ...PUBLIC, redirects: 'to the edge', headers: { authorization: 'Bearer secret' } };
    const server = await LoopbackServer.open(({ url, headers }, response) => {
      asked.push({ host: '', url: url ?? '', headers });
      const location = url === '/one' ? '/two' : 'https://b.example/there';
      response.writeHead(307, { location }).end();
    });
    const { status, headers } = await requestsWith().send(new URL(`${server.url}/one`), request);
    expect([status, headers.location]).toEqual([307, 'https://b.example/there']);
    expect(asked.map(({ url, headers: { authorization } }) => [url, authorization])).toEqual([
      ['/one', 'Bearer secret'],
      ['/two', 'Bearer secret'],
    ]);
    await server.close();
  });

  it('fails if the server switches to another protocol', async () => {
    const sockets: Socket[] = [];
    const server = createServer().on('connection', (socket) => {
      sockets.push(socket);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n');
    });
    await listening(server);
    const url = new URL(`http://127.0.0.1:${portOf(server)}/`);
    await expect(requestsWith().send(url, { ...PUBLIC, redirects: 'same origin' })).rejects.toMatchObject({
      code: 'HUB_ERROR',
      message: expect.stringContaining('sent no answer to this request') as string,
    });
    for (const socket of sockets) socket.destroy();
    server.close();
  });
});

describe('a server that refuses connections', () => {
  it('is named in a sentence, with the setting of its address', async () => {
    const requests = new RemoteRequests({
      environment: {},
      version: '1',
      settingOf: (origin) => (origin === 'http://127.0.0.1:9' ? 'models.hf_endpoint' : null),
    });
    await expect(
      requests.send(new URL('http://127.0.0.1:9/api'), { ...PUBLIC, redirects: 'same origin' }),
    ).rejects.toMatchObject({
      code: 'HUB_ERROR',
      message: expect.stringMatching(
        /^No connection to 127\.0\.0\.1:9: the connection was refused .* models\.hf_endpoint\.$/,
      ) as string,
    });
  });
});

describe('the variable of a proxy', () => {
  it.each([
    ['http_proxy', { http_proxy: 'http://me:secret@[bad' }, 'http://127.0.0.1:9/'],
    ['HTTP_PROXY', { HTTP_PROXY: 'http://me:secret@[bad', http_proxy: '' }, 'http://127.0.0.1:9/'],
    ['https_proxy', { https_proxy: 'http://me:secret@[bad' }, 'https://127.0.0.1:9/'],
  ])('%s is named when a request needs it and its address is malformed', async (name, environment, url) => {
    const requests = new RemoteRequests({ environment, version: '1' });
    const refusal: unknown = await requests
      .send(new URL(url), { ...PUBLIC, redirects: 'same origin' })
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: 'HUB_ERROR',
      message: `The request to 127.0.0.1:9 failed: ${name} is not the address of a proxy.`,
    });
  });
});

describe('an authority of SSL_CERT_FILE', () => {
  it('is trusted, and no other, also through a proxy', async () => {
    const url = at('localhost');
    const request = { mostBytes: 10, redirects: 'same origin', signal } as const;
    expect((await requestsWith().send(url, request)).body.toString()).toBe('hello');
    const other = new RemoteRequests({ environment: {}, version: '1' });
    await expect(other.send(url, request)).rejects.toMatchObject({ code: 'HUB_ERROR' });
    const proxy = await ConnectProxy.open();
    const proxied = requestsWith({ https_proxy: `http://127.0.0.1:${proxy.port}` });
    expect((await proxied.send(url, request)).body.toString()).toBe('hello');
    expect(proxy.targets).toEqual([url.host]);
    await proxy.close();
    const missing = requestsWith({ SSL_CERT_FILE: `${web.certificate}.none` });
    await expect(missing.send(url, request)).rejects.toThrow('SSL_CERT_FILE');
  });
});

/** A proxy that connects to {@link web} whatever host `CONNECT` names. */
class ConnectProxy {
  readonly targets: string[] = [];
  readonly #server = createServer();
  readonly #tunnels = new Set<Duplex>();

  static async open(): Promise<ConnectProxy> {
    const proxy = new ConnectProxy();
    proxy.#server.on('connect', ({ url = '' }, socket) => {
      proxy.targets.push(url);
      proxy.#tunnels.add(socket);
      const far = connect(web.port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        far.pipe(socket).pipe(far);
      });
      far.on('error', () => socket.destroy());
      socket.on('error', () => far.destroy());
      socket.on('close', () => far.destroy());
    });
    await listening(proxy.#server, 'localhost');
    return proxy;
  }

  get port(): number {
    return portOf(this.#server);
  }

  async close(): Promise<void> {
    for (const socket of this.#tunnels) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}

async function listening(server: Server, host = '127.0.0.1'): Promise<void> {
  await new Promise<void>((resolve) => {
    server.listen(0, host, resolve);
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return address.port;
}

import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { exchange, type RawAnswer } from '../server/testing/http-harness.ts';
import { pageEngine } from './page-engine.ts';
import { connected, handshake, request, untilEnd } from './raw-request.ts';
import { ServerProcess } from './server-process.ts';

/** Attacks on identities and limits, against the real program with accounts on. */

let server: ServerProcess;
let password: string;
let token: string;

beforeAll(async () => {
  server = await ServerProcess.create();
  await server.configure(`auth: { enabled: true }\n${await pageEngine(server.home)}`);
  await server.start();
  password = (await readFile(path.join(server.dataDirectory, 'admin-password'), 'utf8')).trim();
  token = String(shown(await login('admin', password))['token']);
  const created = await call('POST', '/api/instances', '{"name":"victim","engine":"page"}', bearer(token));
  expect([
    created.status,
    (await call('POST', '/api/instances/victim/start?wait=true', '', bearer(token))).status,
  ]).toEqual([201, 200]);
});

afterAll(() => server.dispose());

// Whatever was sent: it answers, and its engine runs on.
afterEach(async () => {
  const { status, body } = await call('GET', '/api/instances/victim', '', bearer(token));
  expect([status, JSON.parse(body)]).toEqual([200, expect.objectContaining({ status: 'running' })]);
  expect(server.errors).not.toMatch(/"level":[56]0/);
});

const bearer = (secret: string): string => `Authorization: Bearer ${secret}`;

async function call(method: string, url: string, body: string, ...lines: string[]): Promise<RawAnswer> {
  const type = body === '' ? [] : ['Content-Type: application/json'];
  return untilEnd(server.port, request(`${method} ${url}`, [...type, ...lines], body));
}

async function login(username: string, secret: string): Promise<RawAnswer> {
  return call('POST', '/api/auth/login', JSON.stringify({ username, password: secret }));
}

/** What an error tells, but for the id of its request. */
function shown({ status, body }: RawAnswer): Record<string, unknown> {
  return { status, ...(JSON.parse(body) as Record<string, unknown>), request_id: '' };
}

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const signed = (header: object, payload: object, secret: string): string => {
  const text = `${base64(header)}.${base64(payload)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
};

describe('a token that llamactl did not sign', () => {
  it.each<[string, (header: object, payload: object, own: string[]) => string]>([
    ['of alg none', (header, payload) => `${base64({ ...header, alg: 'none' })}.${base64(payload)}.`],
    ['of alg nOnE', (header, payload) => `${base64({ ...header, alg: 'nOnE' })}.${base64(payload)}.`],
    [
      'of alg none with a good signature',
      (header, payload, own) => `${base64({ ...header, alg: 'none' })}.${base64(payload)}.${own[2] ?? ''}`,
    ],
    ['without a signature', (_header, _payload, own) => `${own[0] ?? ''}.${own[1] ?? ''}.`],
    ['of two parts', (_header, _payload, own) => `${own[0] ?? ''}.${own[1] ?? ''}`],
    ['of a foreign key', (header, payload) => signed(header, payload, 'secret')],
    ['of the empty key', (header, payload) => signed(header, payload, '')],
    [
      'of the file that its kid names',
      (header, payload) => signed({ ...header, kid: '../../../../dev/null' }, payload, ''),
    ],
    [
      'of a kid that is a prototype’s',
      (header, payload) => signed({ ...header, kid: '__proto__' }, payload, 'undefined'),
    ],
    [
      'of the key that it brings',
      (header, payload) => signed({ ...header, jwk: { kty: 'oct', k: base64({}) } }, payload, '{}'),
    ],
    ['of the URL that it names', (header, payload) => signed({ ...header, jku: 'http://127.0.0.1:9/' }, payload, 'x')],
    ['of another algorithm', (header, payload) => signed({ ...header, alg: 'HS512' }, payload, 'x')],
    [
      'with another content',
      (_header, payload, own) => `${own[0] ?? ''}.${base64({ ...payload, exp: 9_999_999_999 })}.${own[2] ?? ''}`,
    ],
    ['with something behind it', (_header, _payload, own) => `${own.join('.')}.x`],
    ['in a list with a good one', (_header, _payload, own) => `${own.join('.')}, Bearer ${own.join('.')}`],
    ['that is a key of SQL', () => "llk_' OR '1'='1"],
    ['that is the beginning of a key', () => 'llk_'],
    ['of 10 KiB', () => 'a'.repeat(10_000)],
    ['that is empty', () => ''],
  ])('%s opens nothing', async (_what, forge) => {
    const own = token.split('.');
    const [header = {}, payload = {}] = own
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as object);
    const forged = forge(header, payload, own);
    const answer = await call('GET', '/api/instances', '', bearer(forged));
    expect(shown(answer)).toMatchObject({ status: 401, code: 'UNAUTHORIZED' });
    expect(answer.body).not.toContain(forged.length > 20 ? forged : 'llk_');
    const asKey = await call('GET', '/api/instances', '', `X-Api-Key: ${forged}`);
    expect(shown(asKey)).toMatchObject({ status: 401, code: 'UNAUTHORIZED' });
  });
});

describe('a good token in a place where none belongs', () => {
  it.each(['token', 'access_token', 'authorization', 'api_key', 'apikey', 'key', 'bearer', 'jwt', 'ticket'])(
    'in the query as %s opens nothing',
    async (name) => {
      const answer = await call('GET', `/api/instances?${name}=${token}`, '');
      expect(shown(answer)).toMatchObject({ status: 401, code: 'UNAUTHORIZED' });
    },
  );

  it.each<[string, () => string]>([
    ['a cookie', () => `Cookie: token=${token}; access_token=${token}; Authorization=Bearer ${token}`],
    ['the header for proxies', () => `Proxy-Authorization: Bearer ${token}`],
    ['another header', () => `X-Auth-Token: ${token}`],
    ['a subprotocol', () => `Sec-WebSocket-Protocol: llamactl.v1, bearer.${token}`],
    ['Basic', () => `Authorization: Basic ${Buffer.from(`admin:${password}`).toString('base64')}`],
    ['no scheme', () => `Authorization: ${token}`],
    ['a name that a proxy would set', () => 'X-Forwarded-User: admin\r\nRemote-User: admin\r\nX-Remote-User: admin'],
    [
      'an address that a proxy would set',
      () => 'X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\nForwarded: for=127.0.0.1',
    ],
  ])('in %s opens nothing', async (_what, line) => {
    expect(shown(await call('GET', '/api/instances', '', line()))).toMatchObject({ status: 401, code: 'UNAUTHORIZED' });
  });

  it('in the query of a WebSocket opens nothing, and with a foreign page neither', async () => {
    for (const name of ['token', 'access_token', 'ticket', 'bearer']) {
      const [answer] = await exchange(server.port, handshake(`/api/ws?${name}=${token}`));
      expect([answer?.status, name]).toEqual([401, name]);
    }
    const foreign = handshake('/api/ws', bearer(token), 'Origin: https://evil.example');
    expect((await exchange(server.port, foreign))[0]?.status).toBe(403);
  });
});

describe('a script with a good token', () => {
  it('opens a WebSocket without an Origin', async () => {
    const socket = connected(server.port, handshake('/api/ws', bearer(token)));
    const [first] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(first.toString()).toMatch(/^HTTP\/1\.1 101 /);
  });
});

describe('a page that reaches an open /v1 by a name of its own (DNS rebinding)', () => {
  let open: ServerProcess;

  beforeAll(async () => {
    open = await ServerProcess.create('auth: { enabled: true, inference: open }\nserver: { allowed_hosts: [llm.lan] }');
    await open.start();
  });
  afterAll(() => open.dispose());

  const under = async (host: string, line = 'GET /v1/models', body = ''): Promise<RawAnswer> =>
    untilEnd(open.port, request(line, [`Host: ${host}`, 'Content-Type: application/json'], body));

  it.each([
    'rebound.example',
    'rebound.example:8080',
    '192.168.1.5.nip.io',
    'localhost.rebound.example',
    '0.0.0.0',
    '[::]',
  ])('is refused as %s, whatever it asks', async (host) => {
    for (const answer of [
      await under(host),
      await under(host, 'GET /%76%31/models'),
      await under(host, 'POST /v1/chat/completions', '{"model":"victim"}'),
      await under('localhost', `GET http://${host}/v1/models`),
    ]) {
      expect(answer.status).toBe(403);
      expect(answer.body).toMatch(/server\.allowed_hosts/);
    }
  });

  it.each(['192.168.1.5:8080', '[fd00::1]:8080', '127.0.0.1', 'localhost', 'llm.lan:8080'])(
    'is not meant by %s, under which programs call',
    async (host) => expect((await under(host)).status).toBe(200),
  );

  it('does not open the management under an address that is not ours', async () => {
    expect((await under('192.168.1.5', 'GET /api/instances')).status).toBe(403);
  });
});

describe('a foreign page with a good token', () => {
  it.each(['https://evil.example', 'null'])('of the origin %s changes nothing', async (origin) => {
    const answer = await call('POST', '/api/instances/victim/stop', '', bearer(token), `Origin: ${origin}`);
    expect(shown(answer)).toMatchObject({ status: 403, code: 'FORBIDDEN' });
  });

  it('starts nothing by a GET under /v1', async () => {
    const [answer] = await exchange(
      server.port,
      request('GET /v1/x?model=victim', [bearer(token), 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Dest: image']),
    );
    expect(answer?.status).toBe(403);
  });
});

describe('somebody without a token', () => {
  it.each([
    '/api/instances',
    '//api/instances',
    '/api//instances',
    '/api/instances/',
    '/API/INSTANCES',
    '/api/%69nstances',
    '/%61pi/instances',
    '/./api/instances',
    '/livez/../api/instances',
    '/livez/..%2fapi/instances',
    '/livez;/api/instances',
    '/api/instances;/livez',
    '/api/instances?x=/livez',
    '/api/instances#/livez',
    '/api/instances/%76ictim',
    '/api/auth/login/../../instances',
    'http://localhost/api/instances',
    '/v1/models',
    '/api/instances/victim/proxy/page',
    '/api/instances/%76ictim/proxy/page',
    '/api/instances/victim/proxy/../../../instances',
    '/api/openapi.json/../instances',
  ])('learns nothing by %s', async (url) => {
    const { status, body } = await call('GET', url, '');
    expect([400, 401, 404]).toContain(status);
    expect(body).not.toMatch(/"victim"|<script>|fetch\(/);
  });

  it('learns not whether an instance is there', async () => {
    for (const url of ['', '/proxy/page', '/logs']) {
      const [there, missing] = await Promise.all(
        ['victim', 'nobody'].map(async (name) => shown(await call('GET', `/api/instances/${name}${url}`, ''))),
      );
      expect(there).toMatchObject({ status: 401 });
      expect(there).toEqual(missing);
    }
  });

  it('learns not whether an account is there', async () => {
    const [there, missing] = [await login('admin', 'wrong password'), await login('nobody', 'wrong password')];
    expect(shown(there)).toMatchObject({ status: 401, code: 'INVALID_CREDENTIALS' });
    expect(shown(there)).toEqual(shown(missing));
  });

  it('sends no body that is read', async () => {
    const large = `{"name":"${'a'.repeat(2_000_000)}"}`;
    expect(shown(await call('POST', '/api/instances', large))).toMatchObject({ status: 401 });
    expect(shown(await call('POST', '/api/instances', '{"name":'))).toMatchObject({ status: 401 });
  });
});

describe('an administrator who would be the user of this machine', () => {
  it.each([
    '{"engines":{"llama_cpp":{"command":"/bin/sh"}}}',
    '{"engines":{"llama_cpp":{"args":["-c","id"]}}}',
    '{"engines":{"llama_cpp":{"environment":{"LD_PRELOAD":"/tmp/x.so"}}}}',
    '{"engines":{"mine":{"kind":"custom","command":"/bin/sh"}}}',
    '{"engines":{"page":{"health_path":"/x"}}}',
    '{"engines":{"page":null}}',
    '{"engines":null}',
    '{"alerts":{"command":["/bin/sh"]}}',
    '{"data_dir":"/tmp/x"}',
    '{"models":{"dirs":["/"]}}',
    '{"security":{"allow_privileged":true}}',
    '{"security":{"allow_privileged":true},"data_dir":"/tmp/x"}',
  ])('is refused: %s', async (body) => {
    expect(shown(await call('PUT', '/api/config', body, bearer(token)))).toMatchObject({
      status: 403,
      code: 'FORBIDDEN',
      errors: expect.arrayContaining([expect.objectContaining({ message: expect.any(String) as string })]) as unknown,
    });
    expect(JSON.parse((await call('GET', '/api/config', '', bearer(token))).body)).toMatchObject({ pending: [] });
  });

  it('may send back what is there', async () => {
    const { config } = JSON.parse((await call('GET', '/api/config', '', bearer(token))).body) as { config: unknown };
    expect(shown(await call('PUT', '/api/config', JSON.stringify(config), bearer(token)))).toMatchObject({
      status: 200,
      changed: [],
    });
  });
});

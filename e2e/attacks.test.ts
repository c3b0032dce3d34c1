import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { exchange, type RawAnswer } from '../server/testing/http-harness.ts';
import { ATTACKS } from './attack-list.ts';
import { pageEngine } from './page-engine.ts';
import { connected, handshake, request, untilEnd } from './raw-request.ts';
import { ServerProcess } from './server-process.ts';

/** Attacks on the real program over real connections: each is refused, and has no effect. */

let server: ServerProcess;
let enginePid: number | null;

beforeAll(async () => {
  server = await ServerProcess.create();
  // There are more attacks than a caller has requests.
  await server.configure(await pageEngine(server.home));
  await server.start();
  await server.call('POST', '/api/instances', { name: 'victim', engine: 'page' });
  const started = await server.call('POST', '/api/instances/victim/start?wait=true');
  expect(started.status, JSON.stringify(started.body)).toBe(200);
  enginePid = (await server.instance('victim')).pid;
  expect(enginePid).toEqual(expect.any(Number));
});

afterAll(() => server.dispose());

// Whatever was sent: it answers, knows what it knew, and its engine runs on.
afterEach(async () => {
  const { body } = await server.call('GET', '/api/instances');
  expect(body['instances']).toEqual([expect.objectContaining({ name: 'victim' })]);
  expect(await server.instance('victim')).toMatchObject({ status: 'running', pid: enginePid });
  expect((await server.call('GET', '/api/config')).body).toMatchObject({ restart_required: false });
  expect(server.errors).not.toMatch(/"level":[56]0/);
});

/** Sends bytes and reads until the server ends the connection. */
async function onlyAnswer(bytes: string | Buffer): Promise<RawAnswer> {
  const answers = await exchange(server.port, bytes, 2);
  expect(answers).toHaveLength(1);
  return answers[0] as RawAnswer;
}

/** The code of an error in the shape of `/api`, or of OpenAI's. */
function codeOf({ headers, body }: RawAnswer): string {
  const { code, error, details, request_id: requestId } = JSON.parse(body) as Record<string, unknown>;
  if (typeof error === 'object') return String((error as Record<string, unknown>)['code']).toUpperCase();
  expect([error, details]).toEqual([expect.stringMatching(/^.+\.?$/s), expect.any(String)]);
  expect(requestId).toBe(headers.get('x-request-id'));
  return String(code);
}

describe.each(Object.entries(ATTACKS))('%s', (_group, attacks) => {
  it.each(attacks.map((attack) => [attack.what, attack] as const))('%s', async (_what, { bytes, refused }) => {
    const answer = await onlyAnswer(bytes);
    expect([answer.status, codeOf(answer)]).toEqual(refused);
    expect(answer.body).not.toMatch(/node:|\.ts:|\bat .+:\d+|SQLITE|root:x:/);
  });
});

describe('a foreign page that only reads', () => {
  it.each([
    ['a GET', request('GET /api/instances', ['Origin: https://evil.example']), 200],
    [
      'a preflight',
      request('OPTIONS /api/instances', ['Origin: https://evil.example', 'Access-Control-Request-Method: POST']),
      204,
    ],
    ['a GET of a sandboxed page', request('GET /api/instances', ['Origin: null']), 200],
    [
      'an image of an engine',
      request('GET /api/instances/victim/proxy/', ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Dest: image']),
      200,
    ],
    [
      'a preflight to an engine',
      request('OPTIONS /api/instances/victim/proxy/', ['Origin: null', 'Access-Control-Request-Method: PUT']),
      204,
    ],
    [
      'a preflight to the gateway',
      request('OPTIONS /v1/chat/completions', ['Origin: null', 'Access-Control-Request-Method: POST']),
      204,
    ],
  ])('%s gets an answer that its browser keeps from it', async (_what, bytes, status) => {
    const { headers, ...answer } = await untilEnd(server.port, bytes);
    expect(answer.status).toBe(status);
    expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });
});

describe('a HEAD of a foreign page', () => {
  it.each(['/v1/x?model=victim', '/api/instances/victim/proxy/seen'])('to %s is refused', async (target) => {
    const { status, body } = await untilEnd(server.port, request(`HEAD ${target}`, ['Sec-Fetch-Site: cross-site']));
    expect([status, body]).toEqual([403, '']);
  });
});

describe("an engine's page through our origin", () => {
  it('is locked up: no origin of its own, no cookie, no word about ours', async () => {
    const { status, headers, body } = await untilEnd(server.port, request('GET /api/instances/victim/proxy/page'));
    expect([status, body]).toEqual([200, expect.stringContaining('<script>')]);
    expect(headers.get('content-security-policy')).toBe('sandbox allow-scripts allow-forms');
    expect(headers.get('x-request-id')).not.toBe('engine');
    for (const name of ['set-cookie', 'service-worker-allowed', 'clear-site-data'])
      expect(headers.has(name)).toBe(false);
  });

  it('never sees what the browser or the caller knows', async () => {
    const secrets = ['Cookie: a=secret', 'Authorization: Bearer secret', 'X-Api-Key: secret'];
    const { body } = await untilEnd(server.port, request('GET /api/instances/victim/proxy/seen', secrets));
    expect(JSON.parse(body)).toHaveProperty('host');
    expect(body).not.toContain('secret');
  });
});

describe('a script', () => {
  it('opens a WebSocket without an Origin', async () => {
    const socket = connected(server.port, handshake('/api/instances/victim/proxy/socket'));
    const [first] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(first.toString()).toMatch(/^HTTP\/1\.1 101 /);
  });

  it.each(['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'])(
    'cannot hide a method in %s',
    async (name) => {
      const { status } = await untilEnd(server.port, request('GET /api/instances/victim', [`${name}: DELETE`]));
      expect(status).toBe(200);
    },
  );

  it.each(['X-Original-URL: /livez', 'X-Rewrite-URL: /livez', 'X-Forwarded-Prefix: /livez'])(
    'cannot name another path by %s',
    async (line) => {
      expect((await untilEnd(server.port, request('GET /nothing', [line]))).status).toBe(404);
    },
  );

  it.each([
    '<script>',
    'a b',
    '"',
    '\u{7f}',
    'x'.repeat(129),
    'ä',
    '%0d%0aSet-Cookie: a=b',
    "'; DROP TABLE instances; --",
  ])('cannot put %j into answers and logs as the id of its request', async (id) => {
    const { status, headers } = await untilEnd(server.port, request('GET /livez', [`X-Request-Id: ${id}`]));
    if (status === 200) expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    else expect(status).toBe(400);
    expect(headers.has('set-cookie')).toBe(false);
  });
});

describe('slow callers', () => {
  it('do not keep other callers from an answer', async () => {
    const halves = [
      'GET /api/instances HTTP/1.1\r\nHost: loc',
      'POST /api/instances HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
      'POST /api/apply HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n',
      '',
    ];
    const sockets = Array.from({ length: 400 }, (_, index) =>
      connected(server.port, halves[index % halves.length] ?? ''),
    );
    await Promise.all(sockets.map(async (socket) => once(socket, 'connect')));
    expect((await server.call('GET', '/api/instances')).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });
});

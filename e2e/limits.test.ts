import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { exchange, errorOf, type RawAnswer } from '../server/testing/http-harness.ts';
import { request, untilEnd } from './raw-request.ts';
import { ServerProcess } from './server-process.ts';

/** How many requests the real program takes from one caller. Windows that turn are tested where time can be made. */

let server: ServerProcess;

const startServer = (): Promise<void> => startWith('rate_limit: { regular: 100, intensive: 10 }');

async function startWith(configuration: string): Promise<void> {
  server = await ServerProcess.create(configuration);
  await server.start();
}

const LIMITS = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'];
const limitsOf = ({ headers }: RawAnswer): (string | undefined)[] => LIMITS.map((name) => headers.get(name));

async function get(url: string, ...lines: string[]): Promise<RawAnswer> {
  return untilEnd(server.port, request(`GET ${url}`, lines));
}

async function post(url: string, ...lines: string[]): Promise<RawAnswer> {
  return untilEnd(server.port, request(`POST ${url}`, lines));
}

/** Uses up what a caller has. @returns the statuses that came, each once */
async function exhaust(count: number, send: (at: number) => Promise<RawAnswer>): Promise<number[]> {
  const statuses = new Set<number>();
  for (let at = 0; at < count; at += 1) statuses.add((await send(at)).status);
  return [...statuses];
}

describe('a minute', () => {
  beforeEach(startServer);
  afterEach(() => server.dispose());

  it('has 100 requests; the 101st is refused and says when the next is taken', async () => {
    const first = await get('/api/instances');
    const [, , reset] = limitsOf(first);
    expect([first.status, ...limitsOf(first)]).toEqual([200, '100', '99', reset]);
    // A claimed client address in a header has no effect.
    expect(await exhaust(98, (at) => get('/api/instances', `X-Forwarded-For: 203.0.113.${at}`))).toEqual([200]);
    expect(limitsOf(await get('/api/instances'))).toEqual(['100', '0', reset]);

    const refused = await get('/api/instances');
    expect([refused.status, errorOf(refused.body).code, ...limitsOf(refused)]).toEqual([
      429,
      'RATE_LIMITED',
      '100',
      '0',
      reset,
    ]);
    const retryAfter = Number(refused.headers.get('retry-after'));
    expect(retryAfter).toBeGreaterThanOrEqual(1);
    expect(retryAfter).toBeLessThanOrEqual(60);
    // Rounded both: at the reset the window has turned.
    expect(
      Math.abs(Number(reset) - Date.parse(refused.headers.get('date') ?? '') / 1_000 - retryAfter),
    ).toBeLessThanOrEqual(2);
  });

  it('has room for what must always be possible', async () => {
    await exhaust(100, () => get('/api/instances'));
    expect(await exhaust(3, () => post('/api/instances/absent/stop'))).toEqual([404]);
    expect(await exhaust(3, () => post('/api/instances/stop-all'))).toEqual([200]);
    for (const url of ['/livez', '/readyz', '/health', '/v1/models']) {
      const answer = await get(url);
      expect([answer.status, ...limitsOf(answer)]).toEqual([200, undefined, undefined, undefined]);
    }
    const proxied = await get('/api/instances/absent/proxy/');
    expect([proxied.status, ...limitsOf(proxied)]).toEqual([404, undefined, undefined, undefined]);
  });

  it('has 10 expensive ones, whatever else was asked', async () => {
    await exhaust(100, () => get('/api/instances'));
    expect(await exhaust(10, () => post('/api/instances/absent/start'))).toEqual([404]);
    const refused = await post('/api/instances/absent/start');
    expect([refused.status, ...limitsOf(refused).slice(0, 2)]).toEqual([429, '10', '0']);
  });

  it('is of the owner of a browser, not of the pages of others in it', async () => {
    const foreign = ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors'];
    expect(await exhaust(101, () => get('/api/instances', ...foreign))).toEqual([200, 429]);
    expect(await exhaust(3, () => post('/api/instances/stop-all', ...foreign))).toEqual([429]);
    expect(await exhaust(101, () => get('/api/instances', 'Host: evil.example'))).toEqual([429]);
    // No request at all to the parser, which does not know who asked.
    expect(await exhaust(101, () => get(`/api/${'a'.repeat(20_000)}`, ...foreign))).toEqual([414]);
    expect(limitsOf(await get('/api/instances'))[1]).toBe('99');
  });
});

describe('behind a trusted proxy', () => {
  beforeEach(() => startWith('rate_limit: { regular: 1 }\nserver: { trusted_proxies: [127.0.0.0/8] }'));
  afterEach(() => server.dispose());

  it('a minute is of the client that the proxy names, whatever the client claims', async () => {
    const from = async (forwardedFor: string): Promise<number> =>
      (await get('/api/instances', `X-Forwarded-For: ${forwardedFor}`)).status;
    expect([await from('203.0.113.1'), await from('203.0.113.2')]).toEqual([200, 200]);
    expect([await from('203.0.113.1'), await from('198.51.100.9, 203.0.113.2')]).toEqual([429, 429]);
    expect(await from('203.0.113.2, 198.51.100.9')).toBe(200);
  });
});

describe('every answer under /api', () => {
  beforeAll(startServer);
  afterAll(() => server.dispose());

  it.each([
    [400, request('GET /api/instances?limit=x')],
    [400, request('POST /api/instances', ['Content-Type: application/json'], '{')],
    [400, request('GET /api/%zz')],
    [400, 'GET /api/instances HTTP/1.1\r\nHost: localhost\r\nX : y\r\n\r\n'],
    [403, request('GET /api/instances', ['Host: evil.example'])],
    [404, request('GET /api/nothing')],
    [404, request('GET /api/instances/absent')],
    [405, request('PUT /api/instances')],
    [413, request('POST /api/instances', ['Content-Type: application/json', 'Content-Length: 9999999'])],
    [414, request(`GET /api/${'a'.repeat(9_000)}`)],
    [415, request('POST /api/instances', ['Content-Type: text/plain'], 'x')],
    [431, request('GET /api/instances', [`X: ${'a'.repeat(17_000)}`])],
    [204, request('OPTIONS /api/instances')],
  ])('tells where the caller stands: %d', async (status, bytes) => {
    const [answer] = status === 204 ? [await untilEnd(server.port, bytes)] : await exchange(server.port, bytes);
    expect([answer?.status, answer && limitsOf(answer)]).toEqual([
      status,
      ['100', expect.stringMatching(/^\d\d$/), expect.stringMatching(/^\d{10}$/)],
    ]);
  });
});

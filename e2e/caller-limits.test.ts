import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { ServerProcess } from './server-process.ts';

/** Limits of callers on `/v1`: the real program with the real engine. Windows are tested where time is fake. */

let server: ServerProcess;
const open = new Set<AbortController>();

afterEach(() => {
  for (const each of open) each.abort();
  open.clear();
});

const bearer = (secret: string | null): Record<string, string> =>
  secret === null ? {} : { authorization: `Bearer ${secret}` };

async function send(method: string, url: string, secret: string | null, body?: unknown): Promise<Response> {
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  return fetch(server.url + url, {
    method,
    headers: { ...bearer(secret), ...type },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function manage(
  method: string,
  url: string,
  secret: string | null,
  body: unknown,
): Promise<Record<string, unknown>> {
  const answer = await send(method, url, secret, body);
  const content = (await answer.json()) as Record<string, unknown>;
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${JSON.stringify(content)}`);
  return content;
}

const complete = (secret: string | null): Promise<Response> =>
  send('POST', '/v1/completions', secret, { model: 'demo', prompt: 'Hello', max_tokens: 4 });

/** Begins an answer without an end, of which nothing is read. */
async function endless(secret: string): Promise<AbortController> {
  const controller = new AbortController();
  open.add(controller);
  const body = { model: 'demo', prompt: 'Hello', stream: true, ignore_eos: true, max_tokens: -1, n_probs: 256 };
  const answer = await fetch(`${server.url}/v1/completions`, {
    method: 'POST',
    headers: { ...bearer(secret), 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: controller.signal,
  });
  expect(answer.status).toBe(200);
  return controller;
}

const refusalOf = async (answer: Response): Promise<unknown> => {
  const { error } = (await answer.json()) as { error: { message: string; type: string; code: string } };
  return [answer.status, error.type, error.code, error.message];
};

const admitted = (secret: string): Promise<void> =>
  vi.waitFor(async () => expect((await complete(secret)).status).toBe(200), { timeout: 20_000, interval: 100 });

describe('with accounts', () => {
  let admin: string;

  beforeAll(async () => {
    server = await ServerProcess.create('auth: { enabled: true }');
    await server.start();
    const password = (await readFile(path.join(server.dataDirectory, 'admin-password'), 'utf8')).trim();
    admin = String((await manage('POST', '/api/auth/login', null, { username: 'admin', password }))['token']);
    const instance = { name: 'demo', model_path: await testModel(), options: { ctx_size: 512, parallel: 4 } };
    await manage('POST', '/api/instances', admin, instance);
  });
  afterAll(() => server.dispose());

  const createKey = async (body: object): Promise<string> =>
    String((await manage('POST', '/api/keys', admin, { name: 'a key', ...body }))['key']);

  it('a key with max_in_flight 1 is refused a second request, and served when the first has ended', async () => {
    const key = await createKey({ max_in_flight: 1 });
    const running = await endless(key);
    const second = await complete(key);
    expect(second.headers.get('retry-after')).toBe('1');
    expect(await refusalOf(second)).toEqual([
      429,
      'rate_limit_error',
      'rate_limited',
      expect.stringMatching(/^The key \w+ \(a key\) has 1 request in flight, and its max_in_flight is 1;/),
    ]);
    expect((await complete(await createKey({}))).status).toBe(200);
    running.abort();
    await admitted(key);
  });

  it('two keys and a log-in of one account share its sum', async () => {
    const ann = { username: 'ann', password: 'a long password' };
    await manage('POST', '/api/users', admin, { ...ann, role: 'operator', max_in_flight: 2 });
    const token = String((await manage('POST', '/api/auth/login', null, ann))['token']);
    const keys = [await createKey({ owner: 'ann' }), await createKey({ owner: 'ann', max_in_flight: 1 })];
    const running = [await endless(keys[0] ?? ''), await endless(keys[1] ?? '')];
    for (const secret of [keys[0] ?? '', token]) {
      expect(await refusalOf(await complete(secret))).toContainEqual(
        expect.stringMatching(/^The account ann has 2 requests in flight/),
      );
    }
    running[0]?.abort();
    await admitted(token);
    expect((await complete(keys[1] ?? '')).status).toBe(429);
    await manage('PUT', '/api/users/ann', admin, { max_in_flight: 3 });
    expect((await complete(keys[0] ?? '')).status).toBe(200);
  });

  it('tokens are counted when an answer ends, whole or in parts', async () => {
    for (const stream of [false, true]) {
      const key = await createKey({ tokens_per_minute: 5 });
      const body = { model: 'demo', prompt: 'Hello', max_tokens: 8, ignore_eos: true, stream };
      const first = await send('POST', '/v1/completions', key, body);
      expect([first.status, first.headers.get('x-ratelimit-remaining-tokens')]).toEqual([200, '5']);
      await first.text();
      const second = await complete(key);
      expect(second.headers.get('x-ratelimit-remaining-tokens')).toBe('0');
      expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await refusalOf(second)).toContainEqual(
        expect.stringMatching(/has used \d+ tokens within a minute, and its tokens_per_minute is 5/),
      );
      expect((await send('GET', '/v1/models', key)).status).toBe(200);
    }
  });

  it('a burst over many keys of one account is counted without a gap', async () => {
    const eve = { username: 'eve', password: 'a long password' };
    await manage('POST', '/api/users', admin, { ...eve, role: 'operator', requests_per_minute: 7 });
    const keys = await Promise.all(Array.from({ length: 5 }, () => createKey({ owner: 'eve' })));
    const burst = await Promise.all(Array.from({ length: 40 }, (_, n) => complete(keys[n % 5] ?? '')));
    expect(burst.filter(({ status }) => status === 200)).toHaveLength(7);
    expect(burst.filter(({ status }) => status === 429)).toHaveLength(33);
  });

  it('a caller gets no more by making keys: not above the account, not by a limited key', async () => {
    const bob = { username: 'bob', password: 'a long password' };
    await manage('POST', '/api/users', admin, { ...bob, role: 'operator', requests_per_minute: 2 });
    const token = String((await manage('POST', '/api/auth/login', null, bob))['token']);
    const above = await send('POST', '/api/keys', token, { name: 'more', requests_per_minute: 3 });
    expect([above.status, await above.json()]).toMatchObject([400, { errors: [{ path: 'requests_per_minute' }] }]);
    const own = await send('PUT', '/api/users/bob', token, { requests_per_minute: 0 });
    expect(own.status).toBe(403);
    const limited = String(
      (await manage('POST', '/api/keys', token, { name: 'x', scopes: ['operator'], requests_per_minute: 1 }))['key'],
    );
    expect((await send('POST', '/api/keys', limited, { name: 'free' })).status).toBe(403);
    const statuses = [];
    for (let count = 0; count < 3; count += 1) {
      const key = (await manage('POST', '/api/keys', token, { name: `k${count}` }))['key'];
      statuses.push((await complete(String(key))).status);
    }
    expect(statuses).toEqual([200, 200, 429]);
  });
});

describe('without accounts', () => {
  afterEach(() => server.dispose());

  it('an address has the limits of the configuration', async () => {
    server = await ServerProcess.create('gateway: { requests_per_minute: 2 }');
    await server.start();
    await manage('POST', '/api/instances', null, { name: 'demo', model_path: await testModel() });
    const statuses = [];
    for (let count = 0; count < 3; count += 1) statuses.push((await complete(null)).status);
    expect(statuses).toEqual([200, 200, 429]);
    expect(await refusalOf(await complete('sk-anything'))).toContainEqual(
      expect.stringMatching(/^The address 127\.0\.0\.1 has sent 2 requests within a minute/),
    );
    const claimed = { 'x-forwarded-for': '192.0.2.1', forwarded: 'for=192.0.2.1', 'x-real-ip': '192.0.2.1' };
    const answer = await fetch(`${server.url}/v1/completions?model=demo`, {
      method: 'POST',
      headers: claimed,
      body: '{}',
    });
    expect(answer.status).toBe(429);
    expect((await send('GET', '/v1/models', null)).status).toBe(200);
    expect((await send('GET', '/api/instances/demo/proxy/health', null)).status).toBe(200);
  });
});

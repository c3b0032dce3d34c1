import { once } from 'node:events';
import { request } from 'node:http';
import type { Config } from '@llamactl/contract/config';
import type { LoggedIn, Me, Token } from '@llamactl/contract/auth';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { systemClock } from '../../clock.ts';
import { SlicedWork } from '../../sliced-work.ts';
import { AuthHarness, PASSWORD } from '../../testing/auth-harness.ts';
import { FakeAudit } from '../../testing/fake-services.ts';
import { FakeInstances, startEngine, type Listening } from '../../testing/gateway-harness.ts';
import { errorOf, testConfig, testServer } from '../../testing/http-harness.ts';
import { BrowserCookie } from '../edge/browser-cookie.ts';
import { RateLimits } from '../edge/rate-limit.ts';
import { gatewayRoutes } from './gateway.routes.ts';
import { webSocketRoutes } from './websocket.routes.ts';
import { NOT_LIMITED } from '../edge/rate-limit.ts';

/** A browser with our page logs in: over HTTP, on real ports. `auth/browser-log-in.test.ts` covers the decisions. */

const MINUTE_MS = 60_000;
const LOGIN = { username: 'ada', password: PASSWORD };
const nothing = (): void => undefined;

/** Ends what a test has opened. */
const ends: (() => Promise<unknown>)[] = [];

interface Served {
  harness: AuthHarness;
  audit: FakeAudit;
  url: string;
  port: number;
}

async function serve({
  id = 'one',
  isEnabled = true,
  engine,
  server = {},
  isFirstPasswordInFile = false,
}: {
  id?: string;
  isEnabled?: boolean;
  engine?: Listening;
  server?: Partial<Config['server']>;
  isFirstPasswordInFile?: boolean;
} = {}): Promise<Served> {
  const harness = await AuthHarness.open({ isEnabled });
  await harness.user('root', 'admin');
  await harness.user('ada', 'operator');
  harness.instances.set('mine', 'id-of-mine');
  const { clock, auth } = harness;
  const audit = new FakeAudit();
  const config = testConfig({ auth: { enabled: isEnabled }, server });
  const instances = new FakeInstances(engine === undefined ? [] : [{ name: 'mine', port: engine.port }]);
  const test = testServer({
    auth,
    audit,
    clock,
    config,
    cookie: new BrowserCookie(id),
    isFirstPasswordInFile: async () => isFirstPasswordInFile,
    limits: new RateLimits({ clock, config: config.rate_limit }),
    plugins: [
      gatewayRoutes({
        instancesFor: () => instances,
        // Only its timers wait for the test.
        clock: { ...systemClock(), now: () => clock.now(), after: (ms, callback) => clock.after(ms, callback) },
        work: new SlicedWork(systemClock()),
      }),
      webSocketRoutes({
        limits: { count: () => NOT_LIMITED },
        addressOf: () => '127.0.0.1',
        ...auth,
        events: { join: () => ({ lastSeq: 0, subscribe: nothing, drained: nothing, leave: nothing }) },
        logsFor: () => test.manager,
        onFault: nothing,
        isAuthEnabled: isEnabled,
        clock,
      }),
    ],
  });
  const { server: http } = test;
  ends.push(async () => {
    http.breakOff();
    await http.close();
  });
  const { port } = await http.listen({ host: '127.0.0.1', port: 0 });
  return { harness, audit, url: `http://127.0.0.1:${port}`, port };
}

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

interface Sent {
  headers?: Record<string, string>;
  body?: object;
}

/** Sends a request as the page of the server does, unless the test sets other headers. */
function send({ url, port }: Served, method: string, path: string, { headers = {}, body }: Sent = {}) {
  return fetch(url + path, {
    method,
    headers: {
      host: `127.0.0.1:${port}`,
      origin: url,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** Logs in, and returns what a browser keeps. */
async function logIn(served: Served): Promise<{ cookie: string; token: string }> {
  const answer = await send(served, 'POST', '/api/auth/browser', { body: LOGIN });
  expect(answer.status).toBe(200);
  const [cookie = ''] = answer.headers.get('set-cookie')?.split(';') ?? [];
  const { token } = (await answer.json()) as LoggedIn;
  return { cookie, token };
}

/** Gets the next token; otherwise the code of the refusal. */
async function next(served: Served, cookie: string, headers: Record<string, string> = {}): Promise<string> {
  const answer = await send(served, 'POST', '/api/auth/browser/token', { headers: { cookie, ...headers } });
  return answer.ok ? ((await answer.json()) as Token).token : errorOf(await answer.text()).code;
}

async function me(served: Served, headers: Record<string, string> = {}): Promise<Me> {
  return (await (await send(served, 'GET', '/api/me', { headers })).json()) as Me;
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

describe('a browser', () => {
  it('logs in, gets tokens with its cookie alone, and logs out', async () => {
    const served = await serve();
    const answer = await send(served, 'POST', '/api/auth/browser', { body: LOGIN });
    expect(answer.headers.get('set-cookie')).toMatch(/^llamactl_one=[\w.-]+; Max-Age=3600; HttpOnly; SameSite=Strict$/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { token, user } = (await answer.json()) as LoggedIn;
    expect(user.username).toBe('ada');
    expect(await me(served, bearer(token))).toMatchObject({ caller: { kind: 'user', username: 'ada' } });

    const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
    await served.harness.clock.advance(15 * MINUTE_MS);
    const second = await next(served, cookie);
    expect(await me(served, bearer(second))).toMatchObject({ caller: { username: 'ada' } });

    const out = await send(served, 'DELETE', '/api/auth/browser', { headers: { cookie } });
    expect(out.status).toBe(200);
    expect(out.headers.get('set-cookie')).toBe('llamactl_one=; Max-Age=0; HttpOnly; SameSite=Strict');
    expect(await next(served, cookie)).toBe('UNAUTHORIZED');
    expect(await me(served, bearer(second))).toMatchObject({ caller: null });
  });

  it('ends its log-in with the next one, and a wrong password or an invalid cookie changes nothing', async () => {
    const served = await serve();
    const { cookie, token } = await logIn(served);
    const again = async (password: string, has: string): Promise<Response> =>
      send(served, 'POST', '/api/auth/browser', { body: { ...LOGIN, password }, headers: { cookie: has } });
    expect((await again('wrong', cookie)).status).toBe(401);
    expect((await again(LOGIN.password, 'llamactl_one=invalid')).status).toBe(200);
    expect(await me(served, bearer(token))).toMatchObject({ caller: { username: 'ada' } });
    expect((await again(LOGIN.password, cookie)).status).toBe(200);
    await expect.poll(() => me(served, bearer(token))).toMatchObject({ caller: null });
    expect(await next(served, cookie)).toBe('UNAUTHORIZED');
  });

  it('reaches nothing else with its cookie', async () => {
    const served = await serve();
    const { cookie } = await logIn(served);
    for (const path of ['/api/instances', '/api/auth/sessions', '/v1/models', '/metrics']) {
      expect((await send(served, 'GET', path, { headers: { cookie } })).status, path).toBe(401);
    }
    const refresh = await send(served, 'POST', '/api/auth/refresh', { headers: { cookie } });
    expect(refresh.status).toBe(401);
    expect(await me(served, { cookie })).toEqual({
      auth_enabled: true,
      caller: null,
      version: null,
      first_password_in_file: false,
    });
  });

  it('without a cookie, or with a token in its place, gets no token', async () => {
    const served = await serve();
    const { token } = await logIn(served);
    expect(await next(served, '')).toBe('UNAUTHORIZED');
    expect(await next(served, `llamactl_one=${token}`)).toBe('UNAUTHORIZED');
    const out = await send(served, 'DELETE', '/api/auth/browser', { headers: bearer(token) });
    expect(out.status).toBe(401);
  });

  it('learns that there are no accounts while authentication is off', async () => {
    const served = await serve({ isEnabled: false });
    expect(await next(served, '')).toBe('AUTH_DISABLED');
    const answer = await send(served, 'POST', '/api/auth/browser', { body: LOGIN });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([409, null]);
  });

  it('is in the audit trail with its log-in and log-out, but not with each token', async () => {
    const served = await serve();
    const { cookie } = await logIn(served);
    await next(served, cookie);
    await send(served, 'POST', '/api/auth/browser', { body: { ...LOGIN, password: 'wrong' } });
    await send(served, 'DELETE', '/api/auth/browser', { headers: { cookie } });
    await vi.waitFor(() => expect(served.audit.entries).toHaveLength(3));
    expect(served.audit.entries).toMatchObject([
      { subject: 'anonymous', action: 'loginBrowser', target: 'ada', status: 200 },
      { subject: 'anonymous', action: 'loginBrowser', target: 'ada', status: 401 },
      { subject: 'user:ada', action: 'logoutBrowser', target: null, status: 200 },
    ]);
  });

  it('is counted by its log-in when it gets tokens, however many others share its address', async () => {
    const served = await serve();
    const [one, other] = [await logIn(served), await logIn(served)];
    for (let n = 0; n < 101; n += 1) await next(served, one.cookie);
    expect(await next(served, one.cookie)).toBe('RATE_LIMITED');
    expect(await next(served, other.cookie)).not.toBe('RATE_LIMITED');
    for (let n = 0; n < 101; n += 1) await next(served, 'llamactl_one=wrong');
    expect(await next(served, ''), 'without a log-in by the address').toBe('RATE_LIMITED');
    expect(await next(served, other.cookie)).not.toBe('RATE_LIMITED');
  });
});

describe('the log-in of a browser', () => {
  it('is of one server: another port of the host can neither use nor replace its cookie', async () => {
    const [one, other] = [await serve({ id: 'one' }), await serve({ id: 'other' })];
    const { cookie } = await logIn(one);
    const others = await logIn(other);
    // Browsers send both cookies to both ports.
    const both = `${cookie}; ${others.cookie}`;
    expect(cookie.split('=')[0]).not.toBe(others.cookie.split('=')[0]);
    expect(await me(one, bearer(await next(one, both)))).toMatchObject({ caller: { username: 'ada' } });
    expect(await next(other, cookie)).toBe('UNAUTHORIZED');
    expect(await next(other, cookie.replace('llamactl_one', 'llamactl_other'))).toBe('UNAUTHORIZED');
    await send(other, 'DELETE', '/api/auth/browser', { headers: { cookie: both } });
    expect(await next(one, both)).not.toBe('UNAUTHORIZED');
  });

  it.each([
    ['no page', {}],
    ['a page of another port', { origin: 'http://127.0.0.1:1' }],
    ['a page of another name of this machine', { origin: 'http://localhost' }],
    ['a page of another scheme', { origin: 'https://127.0.0.1' }],
    ['a page of another site', { origin: 'https://evil.example' }],
    ['a page without an origin', { origin: 'null' }],
    ['a page of an allowed origin', { origin: 'https://app.example' }],
    ['our page, in a frame of another site', { origin: 'own', 'sec-fetch-site': 'cross-site' }],
    ['another port, as the browser says', { origin: 'own', 'sec-fetch-site': 'same-site' }],
  ])('is not for %s', async (_what, { origin, ...others }: { origin?: string; 'sec-fetch-site'?: string }) => {
    const served = await serve({ server: { allowed_origins: ['https://app.example'] } });
    const { cookie } = await logIn(served);
    const headers = { ...others, ...(origin === undefined ? {} : { origin: origin === 'own' ? served.url : origin }) };
    for (const [method, path] of [
      ['POST', '/api/auth/browser'],
      ['POST', '/api/auth/browser/token'],
      ['DELETE', '/api/auth/browser'],
    ] as const) {
      const status = await statusOf(served.port, method, path, { cookie, ...headers });
      expect(status, `${method} ${path}`).toBe(403);
    }
    expect(await next(served, cookie)).not.toBe('UNAUTHORIZED');
  });

  it('works at the public address, also when the proxy sends another Host', async () => {
    const served = await serve({ server: { public_url: 'https://ai.example/llm' } });
    const headers = { origin: 'https://ai.example' };
    const answer = await send(served, 'POST', '/api/auth/browser', { headers, body: LOGIN });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([200, expect.stringMatching(/; Secure$/)]);
  });
});

/** The status of a request without the headers that `fetch` adds. */
async function statusOf(port: number, method: string, path: string, headers: Record<string, string>): Promise<number> {
  const sent = request({ port, host: '127.0.0.1', method, path, headers });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [{ statusCode: number; resume(): void }];
  answer.resume();
  return answer.statusCode;
}

describe('what the token of a browser opened', () => {
  let engine: Listening;
  /** Ends the answer of the engine. */
  let finish: () => void;

  beforeEach(async () => {
    engine = await startEngine(async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: begun\n\n');
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      response.end('data: over\n\n');
    });
    ends.push(() => engine.close());
  });

  /** Begins a generation; `rest` resolves with its whole text. */
  async function generate(served: Served, token: string): Promise<{ rest: Promise<string> }> {
    const answer = await send(served, 'POST', '/v1/chat/completions', {
      headers: bearer(token),
      body: { model: 'mine', stream: true },
    });
    expect(answer.status).toBe(200);
    const begun = Promise.withResolvers<void>();
    const rest = (async () => {
      let text = '';
      for await (const piece of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        text += piece;
        begun.resolve();
      }
      return text;
    })();
    rest.catch(() => undefined);
    await begun.promise;
    return { rest };
  }

  async function follow({ port }: Served, token: string): Promise<{ webSocket: WebSocket; closed: Promise<unknown> }> {
    const webSocket = new WebSocket(`ws://127.0.0.1:${port}/api/ws`, ['llamactl.v1', `bearer.${token}`]);
    webSocket.on('error', () => undefined);
    ends.push(async () => webSocket.terminate());
    const closed = once(webSocket, 'close').then(([code]: unknown[]) => code);
    await once(webSocket, 'open');
    return { webSocket, closed };
  }

  it('goes on when the token has expired: a generation of its last second, and the events', async () => {
    const served = await serve({ engine });
    const { token } = await logIn(served);
    await served.harness.clock.advance(15 * MINUTE_MS - 1_000);
    const { webSocket } = await follow(served, token);
    const { rest } = await generate(served, token);
    await served.harness.clock.advance(10_000);
    expect(await served.harness.fate(token)).toBe('TOKEN_EXPIRED');
    finish();
    expect(await rest).toContain('data: over');
    expect(webSocket.readyState).toBe(WebSocket.OPEN);
  });

  it('ends with the log-in', async () => {
    const served = await serve({ engine });
    const { cookie } = await logIn(served);
    await served.harness.clock.advance(60 * MINUTE_MS - 10_000);
    const token = await next(served, cookie);
    const { closed } = await follow(served, token);
    const { rest } = await generate(served, token);
    await served.harness.clock.advance(10_000);
    await expect(rest).rejects.toThrow('terminated');
    expect(await closed).toBe(4401);
    finish();
  });

  it.each(['its log-out', 'a new role', 'a new password'])('ends with %s', async (how) => {
    const served = await serve({ engine });
    const { cookie, token } = await logIn(served);
    const { closed } = await follow(served, token);
    const { rest } = await generate(served, token);
    if (how === 'its log-out') await send(served, 'DELETE', '/api/auth/browser', { headers: { cookie } });
    else if (how === 'a new role') await served.harness.auth.accounts.update('ada', { role: 'admin' });
    else await served.harness.auth.accounts.update('ada', { password: 'another password' });
    await expect(rest).rejects.toThrow('terminated');
    expect(await closed).toBe(4401);
    finish();
  });
});

describe('GET /api/me', () => {
  it('says who the caller is, and the version only to known callers', async () => {
    const served = await serve();
    const { harness } = served;
    expect(await me(served)).toEqual({
      auth_enabled: true,
      caller: null,
      version: null,
      first_password_in_file: false,
    });
    expect(await me(served, bearer('wrong'))).toEqual({
      auth_enabled: true,
      caller: null,
      version: null,
      first_password_in_file: false,
    });
    const token = await harness.tokenOf('ada');
    expect(await me(served, bearer(token))).toEqual({
      auth_enabled: true,
      caller: {
        kind: 'user',
        username: 'ada',
        role: 'operator',
        scopes: [],
        instances: null,
        may_start: true,
        expires_at: new Date(harness.clock.now() + 60 * MINUTE_MS).toISOString(),
      },
      version: '0.1.0',
      first_password_in_file: false,
    });
  });

  it('says whether the first password is in its file, and never while authentication is off', async () => {
    for (const isEnabled of [true, false]) {
      const served = await serve({ isEnabled, isFirstPasswordInFile: true });
      expect(await me(served)).toMatchObject({ first_password_in_file: isEnabled });
    }
  });

  it('shows the rights of a key, with the instances by name', async () => {
    const served = await serve();
    const { harness } = served;
    const owner = await harness.loggedIn('ada');
    const key = await harness.keyOf(owner, { scopes: ['inference', 'viewer'], instances: ['mine'], may_start: false });
    const { caller } = await me(served, { 'x-api-key': key });
    expect(caller).toMatchObject({
      kind: 'key',
      username: 'ada',
      role: 'viewer',
      scopes: ['inference'],
      may_start: false,
      expires_at: null,
    });
  });

  it('shows an admin without a name while authentication is off', async () => {
    const served = await serve({ isEnabled: false });
    expect(await me(served)).toMatchObject({
      auth_enabled: false,
      caller: { kind: 'anonymous', username: null, role: 'admin', instances: null },
      version: '0.1.0',
    });
  });

  it('is not limited', async () => {
    const served = await serve();
    for (let n = 0; n < 120; n += 1) expect((await send(served, 'GET', '/api/me')).status).toBe(200);
  });
});

describe('a tab of the web page', () => {
  const read = async (served: Served, tab?: string): Promise<number> =>
    (await send(served, 'GET', '/api/instances', { headers: tab === undefined ? {} : { 'x-llamactl-tab': tab } }))
      .status;

  it('has requests of its own while authentication is off', async () => {
    const served = await serve({ isEnabled: false });
    for (let n = 0; n < 101; n += 1) await read(served);
    expect(await read(served)).toBe(429);
    expect(await read(served, 'the-first-tab')).toBe(200);
    for (let n = 0; n < 100; n += 1) await read(served, 'the-first-tab');
    expect([await read(served, 'the-first-tab'), await read(served, 'the-second-tab')]).toEqual([429, 200]);
  });

  it('has those of its account while authentication is on', async () => {
    const served = await serve();
    const { token } = await logIn(served);
    const headers = { ...bearer(token), 'x-llamactl-tab': 'the-first-tab' };
    for (let n = 0; n < 100; n += 1) await send(served, 'GET', '/api/instances', { headers });
    const others = { ...headers, 'x-llamactl-tab': 'the-second-tab' };
    expect((await send(served, 'GET', '/api/instances', { headers: others })).status).toBe(429);
  });
});

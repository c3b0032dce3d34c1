import { openApiDocument } from '@llamactl/contract/openapi';
import type { Operation } from '@llamactl/contract/operation';
import { OPERATIONS, PASS_THROUGH } from '@llamactl/contract/operations';
import type { LightMyRequestResponse } from 'fastify';
import { describe, expect, it } from 'vitest';
import { ONE_DOWNLOAD, oneDownload } from '../../testing/one-download.ts';
import { ONE_MODEL, oneModel } from '../../testing/one-model.ts';
import { LoopbackHub, loopbackModels } from '../../testing/loopback-hub.ts';
import { Requests } from '../../gateway/requests.ts';
import { AuthHarness, CLIENT, PASSWORD } from '../../testing/auth-harness.ts';
import { OFFLINE_HUB } from '../../testing/fake-services.ts';
import { errorOf, testServer } from '../../testing/http-harness.ts';

describe('the probes', () => {
  it.each(['ok', 'starting', 'stopping'] as const)('report %s', async (status) => {
    const test = testServer({ readiness: () => status });
    const ask = async (url: string): Promise<LightMyRequestResponse> => test.inject({ url });
    expect((await ask('/livez?whatever=1')).json()).toEqual({ status: 'ok' });
    for (const url of ['/readyz', '/health?x']) {
      const answer = await ask(url);
      expect([answer.statusCode, answer.json()]).toEqual([status === 'ok' ? 200 : 503, { status }]);
    }
  });

  it('are the only operations that answer while llamactl is not ready', async () => {
    const starting = await testServer({ readiness: () => 'starting' }).inject({ url: '/api/instances' });
    expect([starting.statusCode, errorOf(starting.body).code, starting.headers['retry-after']]).toEqual([
      503,
      'SHUTTING_DOWN',
      '1',
    ]);
    const stopping = await testServer({ readiness: () => 'stopping' }).inject({
      method: 'POST',
      url: '/api/instances/x/start',
    });
    expect(errorOf(stopping.body)).toMatchObject({ code: 'SHUTTING_DOWN', error: 'llamactl is stopping.' });
  });
});

describe('the OpenAPI document', () => {
  it('equals openapi.json', async () => {
    const answer = await testServer().inject({ url: '/api/openapi.json' });
    expect(answer.json()).toEqual(JSON.parse(JSON.stringify(openApiDocument('0.1.0'))));
  });

  it('describes all routes, and no others', async () => {
    const { server } = testServer();
    const routes: string[] = [];
    server.app.addHook(
      'onRoute',
      ({ method, url }) => void routes.push(...[method].flat().map((each) => `${each} ${url}`)),
    );
    await server.app.ready();
    const described = Object.values(OPERATIONS).map(
      ({ method, path }) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    );
    // Routes for people.
    const { documentation, page, pageAssets, pageIcon, pageManifest } = PASS_THROUGH;
    const pages = [documentation, page, pageAssets, pageIcon, pageManifest].map(({ path }) => `GET ${path}`);
    expect(routes.filter((route) => !route.startsWith('HEAD ')).toSorted()).toEqual(
      [...described, ...pages].toSorted(),
    );
  });
});

/** Queries of the operations that require one. */
const QUERIES: Readonly<Record<string, string>> = {
  searchModels: '?q=tiny',
  listQuants: '?repo=acme/tiny-GGUF',
};

/** Bodies of the operations that require one. */
const BODIES: Readonly<Record<string, (name: string) => object>> = {
  login: () => ({ username: 'for-login', password: PASSWORD }),
  loginBrowser: () => ({ username: 'for-loginBrowser', password: PASSWORD }),
  changePassword: () => ({ current_password: PASSWORD, new_password: 'another horse battery' }),
  createUser: () => ({ username: 'bob', password: PASSWORD, role: 'viewer' }),
  updateUser: () => ({ role: 'operator' }),
  createKey: () => ({ name: 'editor' }),
  updateKey: () => ({ name: 'renamed' }),
  createInstance: (name) => ({ name }),
  updateInstance: () => ({}),
  renameInstance: (name) => ({ name }),
  applyFleet: () => ({ instances: [] }),
  updateConfig: () => ({}),
  restartAllInstances: (name) => ({ names: [name] }),
  deleteAllInstances: () => ({ names: ['unknown'] }),
  parseEngineCommand: () => ({ text: 'llama-server -c 4096' }),
  estimate: () => ({ model: ONE_MODEL.id }),
  createDownload: () => ({ model: 'org/repo' }),
};

describe('the alerts', () => {
  it('are the current ones', async () => {
    const alert = { level: 'error', code: 'x', message: 'It is.', raised_at: '2026-01-01T00:00:00.000Z' } as const;
    const answer = await testServer({ alerts: () => [alert] }).inject({ url: '/api/system/alerts' });
    expect(answer.json()).toEqual({ alerts: [alert] });
  });
});

describe('POST /api/system/alerts/test', () => {
  it('returns each receiver, and why one did not take the alert', async () => {
    const receivers = [{ receiver: 'alerts.command', error: 'alerts.command exited with status 3' } as const];
    const { inject } = testServer({ testAlerts: async () => receivers });
    const answer = await inject({ method: 'POST', url: '/api/system/alerts/test' });
    expect([answer.statusCode, answer.json()]).toEqual([200, { receivers }]);
  });
});

describe('POST /api/system/reload', () => {
  it('begins a reload, and says who requested it', async () => {
    const reloads: string[] = [];
    const { inject } = testServer({ reload: (requestedBy) => reloads.push(requestedBy) > 0 });
    const answer = await inject({ method: 'POST', url: '/api/system/reload' });
    expect([answer.statusCode, answer.json(), reloads]).toEqual([200, { message: 'Reload initiated' }, ['anonymous']]);
  });

  it('is refused while the server cannot be replaced', async () => {
    const answer = await testServer({ reload: () => false }).inject({ method: 'POST', url: '/api/system/reload' });
    expect([answer.statusCode, errorOf(answer.body).code]).toEqual([503, 'SHUTTING_DOWN']);
  });
});

describe('an answer', () => {
  it('matches the schema of its operation', async () => {
    const harness = await AuthHarness.open();
    const requests = new Requests({ clock: harness.clock });
    const facts = {
      caller: 'user:ada',
      instance: 'x',
      model: 'x',
      door: 'v1',
      method: 'POST',
      path: '/v1/x',
      stream: null,
      userAgent: null,
    } as const;
    requests.begin({ ...facts, id: 'on-its-way' }, () => undefined);
    requests.begin({ ...facts, id: 'over' }, () => undefined).end('ok', 200);
    const hub = await LoopbackHub.open();
    hub.add('acme/tiny-GGUF', { 'tiny-Q8_0.gguf': 'weights', 'mmproj-F16.gguf': 'eyes' });
    const view = { ...OFFLINE_HUB, remote: loopbackModels(hub) };
    const test = testServer({
      auth: harness.auth,
      clock: harness.clock,
      requests,
      models: oneModel,
      downloads: oneDownload,
      hub: view,
    });
    await test.manager.create({ name: 'x' });
    const ada = await harness.loggedIn('ada');
    const id = (await harness.auth.keys.create(ada, { name: 'old' })).info.id;
    const credentialsFor = async (
      { id: to, credentials }: Operation,
      token: string,
    ): Promise<Record<string, string>> => {
      if (credentials !== 'cookie' && credentials !== 'cookie setter') return { authorization: `Bearer ${token}` };
      const login = { username: `for-${to}`, password: PASSWORD };
      const { cookie } = await harness.auth.sessions.loginBrowser(login, CLIENT);
      return { origin: 'http://localhost:8080', cookie: `llamactl_of-test=${cookie}` };
    };
    for (const operation of Object.values<Operation>(OPERATIONS)) {
      const name = operation.id === 'createInstance' ? 'y' : 'x';
      const payload = BODIES[operation.id]?.(name);
      // Delete x last.
      if (operation.id === 'deleteInstance') continue;
      const url = operation.path
        .replace('{name}', name)
        .replace('{id}', id)
        .replace('{username}', operation.path.includes('/sessions') ? `for-${operation.id}` : 'bob')
        .replace('{engine}', 'llama_cpp')
        .replace('{model_id}', ONE_MODEL.id)
        .replace('{download_id}', ONE_DOWNLOAD.id)
        .replace('{request_id}', 'on-its-way');
      // Use a separate account for each: some calls end their own token.
      const token = await harness.tokenOf(`for-${operation.id}`);
      const session = (await harness.caller(token)).credentialId?.split('.')[0] ?? '';
      const answer = await test.inject({
        method: operation.method,
        url: url.replace('{session_id}', session) + (QUERIES[operation.id] ?? ''),
        headers: { accept: 'application/json', ...(await credentialsFor(operation, token)) },
        ...(payload === undefined ? {} : { payload }),
      });
      expect(answer.statusCode, operation.id).toBe(operation.success.status);
      expect(
        operation.success.schema.safeParse(operation.text === undefined ? answer.json() : answer.body).error,
        operation.id,
      ).toBeUndefined();
    }
    await hub.close();
  });

  it('has its content type, and is not cached', async () => {
    for (const url of ['/api/instances', '/api/instances/unknown', '/nowhere', '/livez', '/api/%zz']) {
      const { headers } = await testServer().inject({ url });
      expect(headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      });
    }
  });
});

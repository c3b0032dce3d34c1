import { beforeEach, describe, expect, it, vi } from 'vitest';
import { SlicedWork } from '../sliced-work.ts';
import { AuthHarness, PASSWORD } from '../testing/auth-harness.ts';
import { FakeAudit, FakeConfigEditor, FakeFleet } from '../testing/fake-services.ts';
import { testConfig, testServer, type TestServer } from '../testing/http-harness.ts';
import { seenBy } from './edge/gate.ts';
import { gatewayRoutes } from './routes/gateway.routes.ts';

let harness: AuthHarness;
let audit: FakeAudit;
let fleet: FakeFleet;
let configEditor: FakeConfigEditor;
let test: TestServer;
let admin: { authorization: string };

beforeEach(async () => {
  harness = await AuthHarness.open();
  audit = new FakeAudit();
  fleet = new FakeFleet();
  configEditor = new FakeConfigEditor();
  test = testServer({
    auth: harness.auth,
    audit,
    fleet,
    configEditor,
    clock: harness.clock,
    config: testConfig({ auth: { enabled: true } }),
    plugins: [
      gatewayRoutes({
        instancesFor: (caller) => seenBy(caller, test.manager),
        clock: harness.clock,
        work: new SlicedWork(harness.clock),
      }),
    ],
  });
  await test.manager.create({ name: 'mine' });
  admin = { authorization: `Bearer ${await harness.tokenOf('ada')}` };
});

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

async function call(
  method: Method,
  url: string,
  payload?: object,
  headers: Record<string, string> = admin,
): Promise<string> {
  const answer = await test.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
  return answer.body;
}

/** Waits until the trail has this many rows, and returns them. */
async function rows(count: number): Promise<FakeAudit['entries']> {
  await vi.waitFor(() => expect(audit.entries).toHaveLength(count));
  return audit.entries;
}

describe('the audit trail', () => {
  it('has who did what to which object, from where, and the status', async () => {
    await call('POST', '/api/instances/mine/start', undefined, { ...admin, 'x-request-id': 'mine-1' });
    expect(await rows(1)).toEqual([
      {
        subject: 'user:ada',
        address: '127.0.0.1',
        action: 'startInstance',
        target: 'mine',
        status: 200,
        requestId: 'mine-1',
      },
    ]);
  });

  it.each<[Method, string, object | undefined, string, string | null]>([
    ['GET', '/api/export', undefined, 'exportFleet', null],
    ['POST', '/api/instances', { name: 'new' }, 'createInstance', 'new'],
    ['POST', '/api/instances', { name: 'not a name' }, 'createInstance', null],
    ['DELETE', '/api/instances/unknown', undefined, 'deleteInstance', 'unknown'],
    ['DELETE', '/api/instances/not%20a%20name', undefined, 'deleteInstance', null],
    ['POST', '/api/users', { username: 'bob', password: PASSWORD, role: 'viewer' }, 'createUser', 'bob'],
    ['DELETE', '/api/users/bob', undefined, 'deleteUser', 'bob'],
    ['DELETE', '/api/keys/abc', undefined, 'deleteKey', 'abc'],
    ['PUT', '/api/config', {}, 'updateConfig', null],
    ['POST', '/api/instances/mine/proxy/x', undefined, 'proxy', 'mine'],
  ])('%s %s with %j is %s of %s', async (method, url, payload, action, target) => {
    await call(method, url, payload);
    expect(await rows(1)).toMatchObject([{ action, target }]);
  });

  it('has no questions that are asked by POST, and no previews', async () => {
    await call('POST', '/api/estimate', { model: 'm' });
    await call('POST', '/api/instances/mine/estimate', {});
    await call('POST', '/api/engines/parse', { text: 'llama-server' });
    await call('POST', '/api/instances?dry_run=true', { name: 'new' });
    await call('PUT', '/api/instances/mine?dry_run=true', {});
    await call('POST', '/api/apply?dry_run=true', { instances: [] });
    await call('PUT', '/api/instances/mine?dry_run=false', {});
    expect(await rows(1)).toMatchObject([{ action: 'updateInstance', target: 'mine' }]);
  });

  it('has a row for each instance that a bulk operation changed, beside the row of the request', async () => {
    await test.manager.create({ name: 'other' });
    const bulk = { ...admin, 'x-request-id': 'bulk-1' };
    const body = { names: ['mine', 'other', 'unknown'] };
    const rowOf = (each: FakeAudit['entries'][number]): unknown => [each.action, each.target, each.status];
    for (const command of ['start', 'stop', 'restart', 'delete']) {
      audit.entries.length = 0;
      await call('POST', `/api/instances/${command}-all`, body, bulk);
      const all = await rows(3);
      expect(all.map(rowOf)).toEqual([
        [`${command}Instance`, 'mine', 200],
        [`${command}Instance`, 'other', 200],
        [`${command}AllInstances`, 'mine, other, unknown (2 of 3)', 200],
      ]);
      for (const row of all) {
        expect(row).toMatchObject({ subject: 'user:ada', address: '127.0.0.1', requestId: 'bulk-1' });
      }
    }
  });

  it('has a row for each instance that an apply changed, and none for a preview', async () => {
    fleet.steps = [
      { name: 'a', action: 'create', changes: [] },
      { name: 'b', action: 'change', changes: ['port'] },
      { name: 'c', action: 'restart', changes: ['port'] },
      { name: 'd', action: 'nothing', changes: [] },
      { name: 'e', action: 'remove', changes: [] },
      { name: 'f', action: 'remove', changes: [], error: 'The disk is full.' },
    ];
    await call('POST', '/api/apply?dry_run=true', { instances: [] });
    await call('POST', '/api/apply', { instances: [] });
    expect((await rows(5)).map(({ action, target }) => [action, target])).toEqual([
      ['createInstance', 'a'],
      ['updateInstance', 'b'],
      ['updateInstance', 'c'],
      ['deleteInstance', 'e'],
      ['applyFleet', null],
    ]);
  });

  it('names a key by its id and its name, also when it is revoked', async () => {
    const { info } = JSON.parse(await call('POST', '/api/keys', { name: 'editor' })) as { info: { id: string } };
    await call('PUT', `/api/keys/${info.id}`, { name: 'laptop' });
    await call('DELETE', `/api/keys/${info.id}`);
    expect(await rows(3)).toMatchObject([
      { action: 'createKey', target: `${info.id} (editor)`, status: 201 },
      { action: 'updateKey', target: `${info.id} (editor)`, status: 200 },
      { action: 'deleteKey', target: `${info.id} (laptop)`, status: 200 },
    ]);
  });

  it('does not name a key that the caller may not see', async () => {
    const eve = { authorization: `Bearer ${await harness.tokenOf('eve', 'viewer')}` };
    const { info } = JSON.parse(await call('POST', '/api/keys', { name: 'editor' })) as { info: { id: string } };
    await call('DELETE', `/api/keys/${info.id}`, undefined, eve);
    expect((await rows(2))[1]).toMatchObject({ action: 'deleteKey', target: info.id, status: 404 });
  });

  it('has old and new values of an update, a rename, and a change of a key', async () => {
    const { info } = JSON.parse(await call('POST', '/api/keys', { name: 'editor' })) as { info: { id: string } };
    await call('PUT', `/api/keys/${info.id}`, { name: 'laptop', expires_at: '2099-01-01T00:00:00Z' });
    await call('PUT', '/api/instances/mine', { options: { ctx_size: 4096, api_key: 'hunter2' } });
    await call('POST', '/api/instances/mine/rename', { name: 'yours' });
    const [created, ...changed] = await rows(4);
    expect(created).not.toHaveProperty('changes');
    expect(changed.map(({ action, changes }) => [action, changes])).toEqual([
      [
        'updateKey',
        [
          { path: 'name', before: 'editor', after: 'laptop' },
          { path: 'expires_at', before: null, after: '2099-01-01T00:00:00.000Z' },
        ],
      ],
      [
        'updateInstance',
        [
          { path: 'options.ctx_size', before: null, after: 4096 },
          { path: 'options.api_key', before: null, after: '***' },
        ],
      ],
      ['renameInstance', [{ path: 'name', before: 'mine', after: 'yours' }]],
    ]);
  });

  it('has old and new values of an account, of a password only that it changed', async () => {
    await harness.tokenOf('eve', 'operator');
    await call('PUT', '/api/users/eve', {
      role: 'viewer',
      disabled: true,
      max_in_flight: 3,
      password: 'hunter2 hunter2',
    });
    const [row] = await rows(1);
    expect(row?.changes).toEqual([
      { path: 'role', before: 'operator', after: 'viewer' },
      { path: 'disabled', before: false, after: true },
      { path: 'max_in_flight', before: 0, after: 3 },
      { path: 'password', before: '***', after: '***' },
    ]);
    expect(JSON.stringify(audit.entries)).not.toContain('hunter2');
  });

  it('has the instances of a command for several, and how many took it', async () => {
    await call('POST', '/api/instances/start-all', { names: ['gone', 'lost'] });
    await call('POST', '/api/instances/delete-all', { names: ['mine', 'gone'] });
    const entries = await rows(3);
    expect(entries.map(({ action, target }) => [action, target])).toEqual(
      expect.arrayContaining([
        ['startAllInstances', 'gone, lost (0 of 2)'],
        ['deleteAllInstances', 'mine, gone (1 of 2)'],
      ]),
    );
  });

  it('has old and new values of the configuration', async () => {
    configEditor.changes = [{ path: 'server.port', before: null, after: 9000 }];
    await call('PUT', '/api/config', { server: { port: 9000 } });
    expect(await rows(1)).toMatchObject([{ action: 'updateConfig', changes: configEditor.changes }]);
  });

  it('has old and new values of each instance that an apply updated', async () => {
    const changes = [{ path: 'options.ctx_size', before: 1, after: 2 }];
    fleet.steps = [{ name: 'a', action: 'change', changes: ['options.ctx_size'] }];
    fleet.changes = new Map([['a', changes]]);
    await call('POST', '/api/apply', { instances: [] });
    const [updated, applied] = await rows(2);
    expect(updated).toMatchObject({ action: 'updateInstance', changes });
    expect(applied).not.toHaveProperty('changes');
  });

  it('has the values of a change also if its caller hung up before it was made', async () => {
    const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 });
    const [update, isCalled, mayGoOn] = [
      test.manager.update.bind(test.manager),
      Promise.withResolvers<void>(),
      Promise.withResolvers<void>(),
    ];
    vi.spyOn(test.manager, 'update').mockImplementation(async (...given) => {
      isCalled.resolve();
      await mayGoOn.promise;
      return update(...given);
    });
    const caller = new AbortController();
    const answer = fetch(`http://127.0.0.1:${port}/api/instances/mine`, {
      method: 'PUT',
      headers: { ...admin, 'content-type': 'application/json' },
      body: JSON.stringify({ options: { ctx_size: 1 } }),
      signal: caller.signal,
    });
    await isCalled.promise;
    caller.abort();
    await expect(answer).rejects.toThrow('aborted');
    expect(await rows(1)).toMatchObject([{ action: 'updateInstance', status: 499 }]);
    expect(audit.entries[0]).not.toHaveProperty('changes');
    mayGoOn.resolve();
    expect((await rows(2))[1]).toMatchObject({
      action: 'updateInstance',
      target: 'mine',
      status: 200,
      requestId: audit.entries[0]?.requestId,
      changes: [{ path: 'options.ctx_size', before: null, after: 1 }],
    });
    await test.server.close();
  });

  it('counts the values that exceed the limits of a row', async () => {
    const options = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`o${index}`, index]));
    await call('PUT', '/api/instances/mine', { options });
    const [row] = await rows(1);
    expect([row?.changes?.length, row?.moreChanges]).toEqual([50, 10]);
  });

  it('has no values of a request that failed or changed nothing', async () => {
    await call('PUT', '/api/instances/mine', { options: { ctx_size: 1 } }, { ...admin, 'if-match': '"99"' });
    await call('PUT', '/api/users/ada', { role: 'viewer' });
    await call('PUT', '/api/users/ada', { role: 'admin' });
    const all = await rows(3);
    expect(all.map(({ status }) => status)).toEqual([412, 403, 200]);
    for (const row of all) expect(row).not.toHaveProperty('changes');
  });

  it.each<[string, Method, object | undefined]>([
    ['disabled', 'PUT', { disabled: true }],
    ['given another password', 'PUT', { password: `${PASSWORD} too` }],
    ['deleted', 'DELETE', undefined],
  ])('has a row for each key that is revoked because its owner is %s', async (_how, method, body) => {
    const eve = await harness.loggedIn('eve', 'operator');
    const names = ['first', 'second'];
    for (const name of names) await harness.keyOf(eve, { name });
    await harness.keyOf(await harness.loggedIn('bob', 'operator'), { name: 'of another' });
    await call(method, '/api/users/EVE', body, { ...admin, 'x-request-id': 'eve-1' });
    const found = await rows(3);
    expect(found.map(({ action, target }) => [action, target])).toEqual([
      ['deleteKey', expect.stringMatching(/^[0-9a-f]{12} \(first\)$/)],
      ['deleteKey', expect.stringMatching(/^[0-9a-f]{12} \(second\)$/)],
      [method === 'PUT' ? 'updateUser' : 'deleteUser', 'EVE'],
    ]);
    expect(found.every(({ requestId, subject }) => requestId === 'eve-1' && subject === 'user:ada')).toBe(true);
  });

  it('has a row for each key that a user revokes by a new password, and none without such a change', async () => {
    const eve = { authorization: `Bearer ${await harness.tokenOf('eve', 'operator')}` };
    await call('POST', '/api/keys', { name: 'editor' }, eve);
    await call('PUT', '/api/users/eve', { max_in_flight: 3 });
    await call('PUT', '/api/auth/password', { current_password: PASSWORD, new_password: `${PASSWORD} too` }, eve);
    expect((await rows(4)).map(({ action }) => action)).toEqual([
      'createKey',
      'updateUser',
      'deleteKey',
      'changePassword',
    ]);
  });

  it('has refused requests: without credentials, with too few rights, from a foreign page', async () => {
    const viewer = { authorization: `Bearer ${await harness.tokenOf('eve', 'viewer')}` };
    await call('DELETE', '/api/instances/mine', undefined, {});
    await call('DELETE', '/api/instances/mine', undefined, viewer);
    await call('DELETE', '/api/instances/mine', undefined, { ...admin, origin: 'https://evil.example' });
    expect((await rows(3)).map(({ subject, status, target }) => [subject, status, target])).toEqual([
      ['anonymous', 401, 'mine'],
      ['user:eve', 403, 'mine'],
      ['anonymous', 403, 'mine'],
    ]);
  });

  it('has logins, successful or not, with the name only of an existing account', async () => {
    const attempts = [
      { username: 'ADA', password: PASSWORD },
      { username: 'ada', password: 'wrong' },
      { username: 'hunter2 typed into the wrong field', password: 'x' },
    ];
    for (const payload of attempts) await call('POST', '/api/auth/login', payload, {});
    expect((await rows(3)).map(({ target, status }) => [target, status])).toEqual([
      ['ada', 200],
      ['ada', 401],
      [null, 401],
    ]);
    expect(JSON.stringify(audit.entries)).not.toMatch(/hunter2|wrong|horse/);
  });

  it('has no reads, no calls of engines, and no requests without an operation', async () => {
    await call('GET', '/api/instances');
    await call('GET', '/api/instances/mine/proxy/x');
    await call('POST', '/v1/chat/completions', { model: 'mine' });
    await call('POST', '/api/nothing');
    await call('PUT', '/api/instances');
    await call('POST', '/api/instances/mine/stop');
    expect((await rows(1)).map(({ action }) => action)).toEqual(['stopInstance']);
  });

  it('limits calls of an account to engines per minute, and its refusals separately', async () => {
    // Without authentication all callers are one subject, including the refused page.
    test = testServer({
      audit,
      clock: harness.clock,
      plugins: [
        gatewayRoutes({
          instancesFor: (caller) => seenBy(caller, test.manager),
          clock: harness.clock,
          work: new SlicedWork(harness.clock),
        }),
      ],
    });
    const url = '/api/instances/unknown/proxy/x';
    for (let count = 0; count < 103; count += 1) await call('POST', url, undefined, {});
    await rows(100);
    await call('POST', url, undefined, { origin: 'https://evil.example' });
    await rows(101);
    await harness.clock.advance(60_000);
    await call('POST', url, undefined, {});
    expect((await rows(102)).slice(99).map(({ subject, status }) => [subject, status])).toEqual([
      ['anonymous', 409],
      ['anonymous', 403],
      ['anonymous', 409],
    ]);
  });

  it('limits refusals of an account per minute, across all its keys', async () => {
    const eve = await harness.loggedIn('eve', 'viewer');
    const keys = [await harness.keyOf(eve, { scopes: ['viewer'] }), await harness.keyOf(eve, { scopes: ['viewer'] })];
    for (let count = 0; count < 110; count += 1) {
      await call('DELETE', '/api/instances/mine', undefined, { authorization: `Bearer ${keys[count % 2]}` });
    }
    await call('DELETE', '/api/instances/unknown');
    expect((await rows(101)).map(({ status }) => status).slice(99)).toEqual([403, 404]);
  });

  it('limits refusals of a subject per minute, but not its other requests', async () => {
    for (let count = 0; count < 103; count += 1) await call('DELETE', '/api/instances/mine', undefined, {});
    await call('POST', '/api/instances/mine/stop', undefined, {});
    await call('DELETE', '/api/instances/unknown');
    await rows(102);
    await harness.clock.advance(60_000);
    await call('DELETE', '/api/instances/mine', undefined, {});
    const [refused, stop, done, later] = [audit.entries[99], ...(await rows(103)).slice(100)];
    expect([refused, stop, done, later].map((row) => [row?.action, row?.status])).toEqual([
      ['deleteInstance', 401],
      ['stopInstance', 401],
      ['deleteInstance', 404],
      ['deleteInstance', 401],
    ]);
  });
});

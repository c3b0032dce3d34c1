import { chmod, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { AuditRow } from '@llamactl/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { ServerProcess, type Answer } from './server-process.ts';

/** Accounts, tokens and keys of the real program, with the real engine, over its restarts. */

let server: ServerProcess;
let admin: string;

beforeEach(async () => {
  server = await ServerProcess.create('auth: { enabled: true }');
  await server.start();
  const password = (await readFile(path.join(server.dataDirectory, 'admin-password'), 'utf8')).trim();
  const login = await call('POST', '/api/auth/login', null, { username: 'admin', password });
  expect(login.status).toBe(200);
  admin = String(login.body['token']);
});

afterEach(() => server.dispose());

async function call(method: string, url: string, credential: string | null, body?: unknown): Promise<Answer> {
  const response = await fetch(server.url + url, {
    method,
    headers: {
      ...(credential === null ? {} : { authorization: `Bearer ${credential}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function createKey(body: object): Promise<string> {
  const made = await call('POST', '/api/keys', admin, body);
  expect(made.status).toBe(201);
  return String(made.body['key']);
}

const chat = (model: string): object => ({ model, messages: [{ role: 'user', content: 'Hello' }] });

describe('accounts', () => {
  it('are needed for every request except probes', async () => {
    expect((await call('GET', '/api/instances', null)).body['code']).toBe('UNAUTHORIZED');
    expect((await call('GET', '/readyz', null)).status).toBe(200);
    expect((await call('POST', '/v1/chat/completions', null, chat('a'))).status).toBe(401);
    const wrong = await call('POST', '/api/auth/login', null, { username: 'admin', password: 'wrong' });
    expect([wrong.status, wrong.body['code']]).toEqual([401, 'INVALID_CREDENTIALS']);
  });

  it('may what their role says', async () => {
    await call('POST', '/api/users', admin, { username: 'eve', password: 'a long password', role: 'viewer' });
    const { body } = await call('POST', '/api/auth/login', null, { username: 'eve', password: 'a long password' });
    const viewer = String(body['token']);
    expect((await call('GET', '/api/instances', viewer)).status).toBe(200);
    expect((await call('POST', '/api/instances', viewer, { name: 'x' })).status).toBe(403);
  });

  it('revoke what they gave out, for good: after a logout and a restart the token is dead', async () => {
    expect((await call('POST', '/api/auth/logout', admin)).status).toBe(200);
    expect((await call('GET', '/api/instances', admin)).status).toBe(401);
    await server.end('SIGKILL');
    await server.start();
    expect((await call('GET', '/api/instances', admin)).status).toBe(401);
  });
});

describe('log-ins', () => {
  type Session = { id: string; current: boolean; created_at: string; user_agent: string | null; address: string };
  const sessions = async (token: string): Promise<Session[]> =>
    (await call('GET', '/api/auth/sessions', token)).body['sessions'] as Session[];

  it('are listed over a crash, and one ends from another, with what it has opened', async () => {
    const password = (await readFile(path.join(server.dataDirectory, 'admin-password'), 'utf8')).trim();
    const login = await fetch(`${server.url}/api/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'a forgotten laptop' },
      body: JSON.stringify({ username: 'admin', password }),
    });
    const { token: laptop } = (await login.json()) as { token: string };
    const before = await sessions(admin);
    expect(before).toMatchObject([
      { current: false, user_agent: 'a forgotten laptop', address: '127.0.0.1' },
      { current: true },
    ]);
    await server.end('SIGKILL');
    await server.start();
    // After a crash, the last use is that of the log-in or its last refresh.
    const lasting = (list: Session[]) => list.map((each) => ({ ...each, last_used_at: null }));
    expect(lasting(await sessions(admin))).toEqual(lasting(before));

    await call('POST', '/api/instances', admin, { name: 'a', model_path: await testModel() });
    const followed = await fetch(`${server.url}/api/instances/a/logs?follow=true`, {
      headers: { authorization: `Bearer ${laptop}` },
    });
    const ended = followed.text().catch(() => 'broken off');
    const { token: refreshed } = (await call('POST', '/api/auth/refresh', laptop)).body;
    const [first] = before;
    expect((await call('DELETE', `/api/auth/sessions/${first?.id}`, admin)).status).toBe(200);
    await ended;
    for (const token of [laptop, String(refreshed)]) {
      expect((await call('GET', '/api/instances', token)).status).toBe(401);
    }
    expect((await call('DELETE', `/api/auth/sessions/${first?.id}`, admin)).status).toBe(404);
    expect(await sessions(admin)).toMatchObject([{ current: true }]);
    await server.end('SIGKILL');
    await server.start();
    expect((await call('GET', '/api/instances', String(refreshed))).status).toBe(401);
  });

  it('end for good after auth.session_ttl', async () => {
    await server.end('SIGTERM');
    await server.configure('auth: { enabled: true, token_ttl: 1h, session_ttl: 90m }');
    await server.start();
    const { token } = (await call('POST', '/api/auth/refresh', admin)).body;
    const [own] = await sessions(String(token));
    const [, payload = ''] = String(token).split('.');
    const { exp, auth_time: begun } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<
      string,
      number
    >;
    expect(begun).toBe(Math.floor(Date.parse(own?.created_at ?? '') / 1_000));
    expect(Number(exp) - Number(begun)).toBeLessThanOrEqual(90 * 60);
  });
});

describe('a key for inference', () => {
  beforeEach(async () => {
    for (const name of ['a', 'b']) {
      await call('POST', '/api/instances', admin, { name, model_path: await testModel(), options: { threads: 1 } });
      await call('POST', `/api/instances/${name}/start?wait=true`, admin);
    }
  });

  it('calls the engines of its instances and nothing else, also after a restart', async () => {
    const key = await createKey({ name: 'editor', instances: ['a'] });
    for (let life = 1; life <= 2; life += 1) {
      expect((await call('POST', '/v1/chat/completions', key, chat('a'))).status).toBe(200);
      expect((await call('POST', '/v1/chat/completions', key, chat('b'))).status).toBe(404);
      const models = (await call('GET', '/v1/models', key)).body['data'] as { id: string }[];
      expect(models.map(({ id }) => id)).toEqual(['a']);
      expect((await call('GET', '/api/instances', key)).status).toBe(403);
      await server.end('SIGKILL');
      await server.start();
    }
  });

  it('has its usage counted over a restart', async () => {
    type Row = { name: string; deleted: boolean; requests: number; refused: number; tokens_out: number };
    const usage = async (query = ''): Promise<Row[]> =>
      (await call('GET', `/api/usage?${query}`, admin)).body['usage'] as Row[];
    const key = await createKey({ name: 'editor', instances: ['a'] });
    const answer = await call('POST', '/v1/chat/completions', key, { ...chat('a'), max_tokens: 5 });
    expect(answer.status).toBe(200);
    expect((await call('POST', '/v1/chat/completions', key, chat('none'))).status).toBe(404);
    expect(await usage()).toMatchObject([{ name: 'editor', requests: 2, refused: 1, tokens_out: 5 }]);
    await server.end('SIGTERM');
    await server.start();
    await vi.waitFor(async () => {
      expect(await usage('by=key&window=15m')).toMatchObject([{ requests: 2, refused: 1, tokens_out: 5 }]);
    });
    await call('POST', `/api/instances/a/rename`, admin, { name: 'c' });
    expect(await usage('by=instance')).toMatchObject([
      { name: 'c', requests: 1 },
      { name: null, refused: 1 },
    ]);
  });

  it('follows its instance to a new name, as requests and figures do', async () => {
    const key = await createKey({ name: 'editor', instances: ['a'] });
    expect((await call('POST', '/v1/chat/completions', key, chat('a'))).status).toBe(200);
    await call('POST', '/api/instances/a/rename', admin, { name: 'c' });
    expect((await call('POST', '/v1/chat/completions', key, chat('c'))).status).toBe(200);
    expect((await call('POST', '/v1/chat/completions', key, chat('a'))).status).toBe(404);
    const { finished } = (await call('GET', '/api/requests', admin)).body as { finished: { instance: string }[] };
    expect(finished.map(({ instance }) => instance).filter((name) => name !== null)).toEqual(['c', 'c']);
    const metrics = await (
      await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${admin}` } })
    ).text();
    expect(metrics).toMatch(/^llamactl_requests_total\{instance="c".* 2$/m);
    expect(metrics).not.toContain('instance="a"');
  });

  it('never reaches the engine, which has one of its own', async () => {
    const key = await createKey({ name: 'editor' });
    expect((await call('GET', '/v1/models', key)).status).toBe(200);
    const { body } = await call('GET', '/api/instances/a', admin);
    expect(JSON.stringify(body)).not.toContain('llk_');
    const direct = await fetch(`http://127.0.0.1:${String(body['port'])}/v1/models`, {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(direct.status, 'the engine does not know our keys').toBe(401);
  });

  it('is gone with a new password of its owner', async () => {
    const key = await createKey({ name: 'editor' });
    const password = (await readFile(path.join(server.dataDirectory, 'admin-password'), 'utf8')).trim();
    const change = { current_password: password, new_password: 'another password' };
    expect((await call('PUT', '/api/auth/password', admin, change)).status).toBe(200);
    expect((await call('POST', '/v1/chat/completions', key, chat('a'))).status).toBe(401);
  });
});

describe('a key of an admin that may not start instances', () => {
  it('starts and restarts none, in whatever way, and does all else', async () => {
    const instance = { name: 'a', model_path: await testModel(), options: { threads: 1 } };
    await call('POST', '/api/instances', admin, instance);
    await call('POST', '/api/instances/a/start?wait=true', admin);
    const { pid } = await call('GET', '/api/instances/a', admin).then(({ body }) => body);
    const key = await createKey({ name: 'careful', scopes: ['admin'], may_start: false });
    const changed = { ...instance, options: { threads: 2 } };
    const refused: [string, string, object?][] = [
      ['POST', '/api/instances/a/start'],
      ['POST', '/api/instances/a/restart'],
      ['POST', '/api/instances/start-all'],
      ['PUT', '/api/instances/a?apply=restart', { options: { threads: 2 } }],
      ['POST', '/api/apply', { instances: [changed] }],
      ['POST', '/api/keys', { name: 'more', may_start: true }],
    ];
    for (const [method, url, body] of refused) {
      expect([url, (await call(method, url, key, body)).body['code']]).toEqual([url, 'FORBIDDEN']);
    }
    const plan = await call('POST', '/api/apply?dry_run=true', key, { instances: [changed] });
    expect(plan.body['results']).toMatchObject([{ name: 'a', action: 'restart' }]);
    expect((await call('PUT', '/api/instances/a', key, { options: { threads: 2 } })).status).toBe(200);
    expect((await call('GET', '/api/instances/a', admin)).body).toMatchObject({ pid, status: 'running' });
    expect((await call('POST', '/api/instances/a/stop', key)).status).toBe(200);
  });
});

describe('the data directory', () => {
  it('is shut when others could look into it', async () => {
    await server.end('SIGTERM');
    await chmod(server.dataDirectory, 0o755);
    await server.start();
    expect((await stat(server.dataDirectory)).mode & 0o777).toBe(0o700);
  });
});

describe('the audit trail', () => {
  it('tells who did what to which, refused or not', async () => {
    await call('POST', '/api/instances', admin, { name: 'a', model_path: await testModel() });
    await call('DELETE', '/api/instances/a', null);
    const rows = (await call('GET', '/api/audit', admin)).body['audit'] as Record<string, unknown>[];
    expect(rows.slice(0, 2)).toMatchObject([
      { subject: 'anonymous', action: 'deleteInstance', target: 'a', status: 401 },
      { subject: 'user:admin', action: 'createInstance', target: 'a', status: 201 },
    ]);
  });

  it('tells old and new values without secrets, also after a restart', async () => {
    const secret = 'S3CR3T-of-a-test';
    await call('POST', '/api/instances', admin, { name: 'a', model_path: await testModel() });
    await call('POST', '/api/users', admin, { username: 'eve', password: 'a long password', role: 'viewer' });
    await call('PUT', '/api/instances/a', admin, { options: { ctx_size: 512 }, environment: { HF_TOKEN: secret } });
    await call('POST', '/api/instances/a/rename', admin, { name: 'b' });
    await call('PUT', '/api/users/eve', admin, { role: 'operator', password: secret });
    await call('PUT', '/api/config', admin, { stats: { interval: 9 }, models: { hf_token: secret } });
    await call('PUT', '/api/config', admin, { stats: { interval: 'soon' } });
    await server.end('SIGTERM');
    await server.start();
    const rows = (await call('GET', '/api/audit?limit=5', admin)).body['audit'] as AuditRow[];
    expect(JSON.stringify(rows)).not.toContain(secret);
    expect(rows.map(({ action, status, changes }) => [action, status, changes])).toEqual([
      ['updateConfig', 400, undefined],
      [
        'updateConfig',
        200,
        [
          { path: 'stats.interval', before: null, after: 9 },
          { path: 'models.hf_token', before: null, after: '***' },
        ],
      ],
      [
        'updateUser',
        200,
        [
          { path: 'role', before: 'viewer', after: 'operator' },
          { path: 'password', before: '***', after: '***' },
        ],
      ],
      ['renameInstance', 200, [{ path: 'name', before: 'a', after: 'b' }]],
      [
        'updateInstance',
        200,
        [
          { path: 'options.ctx_size', before: null, after: 512 },
          { path: 'environment.HF_TOKEN', before: null, after: '***' },
        ],
      ],
    ]);
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { DownloadListSchema, DownloadSchema, type Download } from '@llamactl/contract/download';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../clock.ts';
import { Downloads } from '../../models/downloads/downloads.ts';
import { systemRandomness } from '../../randomness.ts';
import { openStore, type SqliteStore } from '../../store/sqlite.ts';
import { AuthHarness } from '../../testing/auth-harness.ts';
import { FakeModelSource } from '../../testing/fake-model-source.ts';
import { FakeTransfers } from '../../testing/fake-transfers.ts';
import { errorOf, testConfig, testServer, type TestServer } from '../../testing/http-harness.ts';
import { RecordingEvents } from '../../testing/recording-events.ts';

let folder: string;
let store: SqliteStore;
let downloads: Downloads;
let harness: AuthHarness;
let test: TestServer;
let free: number;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-download-routes-'));
  const clock = systemClock();
  store = openStore({ file: path.join(folder, 'llamactl.db'), clock });
  const source = new FakeModelSource();
  const blob = 'a'.repeat(64);
  source.add('org/repo:Q4', [{ path: 'a.gguf', size: 10, sha256: blob, blob, url: 'https://hub.example/a?signed=1' }]);
  free = Infinity;
  downloads = new Downloads({
    clock,
    randomness: systemRandomness(),
    store: store.downloads,
    source,
    transfers: new FakeTransfers(),
    events: new RecordingEvents(),
    sendProgress: () => undefined,
    alerts: { raise: () => undefined, clear: () => undefined },
    rootFor: () => path.join(folder, 'hub'),
    owner: 'us',
    freeSpace: async () => free,
    findModels: async () => undefined,
    onFault: (error) => {
      throw error;
    },
  });
  await downloads.load();
  downloads.begin();
  harness = await AuthHarness.open();
  test = testServer({
    auth: harness.auth,
    clock: harness.clock,
    config: testConfig({ auth: { enabled: true } }),
    downloads,
  });
});
afterEach(async () => {
  await downloads.close();
  await store.close();
  await rm(folder, { recursive: true });
});

type Answer = Awaited<ReturnType<TestServer['inject']>>;

async function call(secret: string, method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object): Promise<Answer> {
  const headers = { authorization: `Bearer ${secret}` };
  return test.inject({
    method,
    url: `/api/models/downloads${url}`,
    headers,
    ...(payload === undefined ? {} : { payload }),
  });
}

describe('downloads over HTTP', () => {
  it('are made, paused, resumed and cancelled by operators', async () => {
    const token = await harness.tokenOf('olga', 'operator');
    const made = await call(token, 'POST', '', { model: 'org/repo:Q4' });
    expect(made.statusCode).toBe(201);
    const { id, created_by: by } = DownloadSchema.strict().parse(made.json<Download>());
    expect(by).toBe('user:olga');
    const again = await call(token, 'POST', '', { model: 'org/repo:Q4' });
    expect([again.statusCode, again.json<Download>().id]).toEqual([200, id]);
    expect((await call(token, 'POST', `/${id}/pause`)).json<Download>().state).toBe('paused');
    expect((await call(token, 'POST', `/${id}/resume`)).json<Download>().state).toBe('running');
    expect((await call(token, 'DELETE', `/${id}`)).json<object>()).toHaveProperty('message');
    expect((await call(token, 'GET', `/${id}`)).json<Download>().state).toBe('cancelled');
  });

  it('are read by viewers, who change nothing, and no answer has a URL', async () => {
    const operator = await harness.tokenOf('olga', 'operator');
    const { id } = (await call(operator, 'POST', '', { model: 'org/repo:Q4' })).json<Download>();
    const viewer = await harness.tokenOf('vera', 'viewer');
    const answer = await call(viewer, 'GET', '');
    expect(DownloadListSchema.strict().parse(answer.json()).downloads).toHaveLength(1);
    expect(answer.body).not.toContain('hub.example');
    for (const [method, url] of [
      ['POST', ''],
      ['POST', `/${id}/pause`],
      ['POST', `/${id}/resume`],
      ['DELETE', `/${id}`],
    ] as const) {
      const body = url === '' ? { model: 'org/repo:Q4' } : undefined;
      expect((await call(viewer, method, url, body)).statusCode, `${method} ${url}`).toBe(403);
    }
  });

  it('answer 404 for an unknown model and an unknown download, and 507 without room', async () => {
    const token = await harness.tokenOf('olga', 'operator');
    const statusOf = ({ statusCode, body }: Answer): unknown[] => [statusCode, errorOf(body).code];
    expect(statusOf(await call(token, 'POST', '', { model: 'org/none' }))).toEqual([404, 'NOT_FOUND']);
    expect(statusOf(await call(token, 'GET', '/0123456789abcdef'))).toEqual([404, 'NOT_FOUND']);
    expect(statusOf(await call(token, 'DELETE', '/nope'))).toEqual([404, 'NOT_FOUND']);
    expect(statusOf(await call(token, 'POST', '', { model: '' }))).toEqual([400, 'VALIDATION_ERROR']);
    expect(statusOf(await call(token, 'POST', '', { model: 'org/repo:Q4', path: '/etc' }))).toEqual([
      400,
      'VALIDATION_ERROR',
    ]);
    free = 0;
    expect(statusOf(await call(token, 'POST', '', { model: 'org/repo:Q4' }))).toEqual([507, 'DISK_FULL']);
  });
});

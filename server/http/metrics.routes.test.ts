import type { StatsHistory } from '@llamactl/contract/stats';
import type { SystemInfo, SystemStatus } from '@llamactl/contract/system';
import { beforeEach, describe, expect, it } from 'vitest';
import { errorOf, example, expectShape, testServer, type TestServer } from './http-harness.ts';

const STATUS: SystemStatus = {
  version: '0.1.0',
  uptime: 5,
  instances: { total: 1, stopped: 1, starting: 0, running: 0, stopping: 0, restarting: 0, failed: 0 },
  resources: { cpu_usage: 1.5, memory_usage: 1, memory_total: 2, disk_usage: 75.5, gpus: [] },
};
const INFO: SystemInfo = {
  hostname: 'box',
  os: 'linux',
  arch: 'amd64',
  cpu_count: 2,
  memory_total: 2,
  version: '0.1.0',
  build_time: '2026-03-01T12:00:00Z',
};
const historyOf = (name: string, window: number): StatsHistory => ({ name, window, interval: 2, points: [] });

let test: TestServer;
beforeEach(async () => {
  const metrics = {
    system: { status: async () => STATUS, info: () => INFO },
    stats: { history: historyOf },
  };
  test = testServer({ metrics });
  await test.manager.create({ name: 'Mine', model_path: '/m.gguf' });
});

describe('the system', () => {
  it('tells its status in the form of the reference', async () => {
    const answer = await test.inject({ url: '/api/system/status' });
    expect([answer.statusCode, answer.json()]).toEqual([200, STATUS]);
    expectShape(answer.json(), await example('get-system-status.response'));
  });

  it('tells its info in the form of the reference', async () => {
    const answer = await test.inject({ url: '/api/system/info' });
    expect([answer.statusCode, answer.json()]).toEqual([200, INFO]);
    expectShape(answer.json(), await example('get-system-info.response'));
  });
});

describe('the past of an instance', () => {
  it.each([
    ['', 3_600],
    ['?window=90', 90],
    ['?window=15m', 900],
    ['?window=24h', 86_400],
    ['?window=1d', 86_400],
  ])('is told for %s: %i s, by the name that it was given', async (query, window) => {
    const answer = await test.inject({ url: `/api/instances/mine/stats${query}` });
    expect([answer.statusCode, answer.json()]).toEqual([200, historyOf('Mine', window)]);
  });

  it.each(['?window=2d', '?window=0', '?window=week', '?window=', '?windows=5m'])(
    'is not told for %s',
    async (query) => {
      const answer = await test.inject({ url: `/api/instances/mine/stats${query}` });
      expect([answer.statusCode, errorOf(answer.body).code]).toEqual([400, 'VALIDATION_ERROR']);
    },
  );

  it('belongs to an instance that is there', async () => {
    const answer = await test.inject({ url: '/api/instances/nobody/stats' });
    expect([answer.statusCode, errorOf(answer.body).code]).toEqual([404, 'INSTANCE_NOT_FOUND']);
  });
});

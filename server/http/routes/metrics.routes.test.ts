import { beforeEach, describe, expect, it } from 'vitest';
import { FAKE_INFO, FAKE_METRICS, FAKE_STATUS } from '../../testing/fake-services.ts';
import { errorOf, example, expectShape, testServer, type TestServer } from '../../testing/http-harness.ts';

let test: TestServer;
beforeEach(async () => {
  test = testServer();
  await test.manager.create({ name: 'Mine', model_path: '/m.gguf' });
});

describe('the system', () => {
  it('returns its status in the format of the reference', async () => {
    const answer = await test.inject({ url: '/api/system/status' });
    expect([answer.statusCode, answer.json()]).toEqual([200, FAKE_STATUS]);
    expectShape(answer.json(), await example('get-system-status.response'));
  });

  it('returns its info in the format of the reference', async () => {
    const answer = await test.inject({ url: '/api/system/info' });
    expect([answer.statusCode, answer.json()]).toEqual([200, FAKE_INFO]);
    expectShape(answer.json(), await example('get-system-info.response'));
  });
});

describe('the history of an instance', () => {
  it.each([
    ['', 3_600],
    ['?window=90', 90],
    ['?window=15m', 900],
    ['?window=24h', 86_400],
    ['?window=1d', 86_400],
  ])('is returned for %s: %i s, by the instance’s own name', async (query, window) => {
    const answer = await test.inject({ url: `/api/instances/mine/stats${query}` });
    expect([answer.statusCode, answer.json()]).toEqual([200, FAKE_METRICS.stats.history('Mine', window)]);
  });

  it.each(['?window=2d', '?window=0', '?window=week', '?window=', '?windows=5m'])(
    'is refused for %s',
    async (query) => {
      const answer = await test.inject({ url: `/api/instances/mine/stats${query}` });
      expect([answer.statusCode, errorOf(answer.body).code]).toEqual([400, 'VALIDATION_ERROR']);
    },
  );

  it('requires an existing instance', async () => {
    const answer = await test.inject({ url: '/api/instances/unknown/stats' });
    expect([answer.statusCode, errorOf(answer.body).code]).toEqual([404, 'INSTANCE_NOT_FOUND']);
  });
});

import { ModelSearchSchema, QuantListSchema, StarterListSchema } from '@llamactl/contract/hub';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuthHarness } from '../../testing/auth-harness.ts';
import { errorOf, testConfig, testServer, type TestServer } from '../../testing/http-harness.ts';
import { LoopbackHub, loopbackModels } from '../../testing/loopback-hub.ts';

let hub: LoopbackHub;
let harness: AuthHarness;
let test: TestServer;

beforeEach(async () => {
  hub = await LoopbackHub.open();
  hub.add(
    'acme/tiny-GGUF',
    { 'tiny-Q8_0.gguf': 'eight', 'tiny-Q4_K_M.gguf': 'four', 'mmproj-F16.gguf': 'eyes' },
    { license: 'mit' },
  );
  const remote = loopbackModels(hub);
  harness = await AuthHarness.open();
  test = testServer({
    auth: harness.auth,
    clock: harness.clock,
    config: testConfig({ auth: { enabled: true } }),
    hub: { remote, rootFor: () => '/cache', memory: async () => ({ kind: 'gpu', name: 'Card', total: 600e6 }) },
  });
});

afterEach(() => hub.close());

async function ask(url: string, role: 'viewer' | 'operator' = 'operator'): ReturnType<TestServer['inject']> {
  const token = await harness.tokenOf('otto', role);
  return test.inject({ method: 'GET', url, headers: { authorization: `Bearer ${token}` } });
}

describe('a search', () => {
  it('lists the repositories of the hub', async () => {
    const answer = await ask('/api/models/search?q=tiny');
    expect(ModelSearchSchema.strict().parse(answer.json())).toEqual({
      hub: hub.url,
      models: [
        {
          reference: 'acme/tiny-GGUF',
          purpose: 'text-generation',
          license: 'mit',
          gated: false,
          downloads: 1_000,
          likes: 10,
          updated_at: '2026-01-02T03:04:05.000Z',
        },
      ],
    });
    expect(hub.requests[0]?.url).toContain('limit=20');
  });

  it.each(['', '?q=', '?q=%20', '?q=x&limit=101', '?q=x&limit=0', '?q=x&other=1'])(
    'is refused with %j',
    async (query) => {
      expect((await ask(`/api/models/search${query}`)).statusCode).toBe(400);
      expect(hub.requests).toEqual([]);
    },
  );

  it('passes on that the hub limits requests', async () => {
    hub.failures.push({ status: 429, headers: { 'retry-after': '30' } });
    const answer = await ask('/api/models/search?q=tiny');
    expect([answer.statusCode, answer.headers['retry-after'], errorOf(answer.body).code]).toEqual([
      429,
      '30',
      'RATE_LIMITED',
    ]);
  });

  it('answers 502 while the hub fails', async () => {
    hub.failures.push({ status: 503 });
    const answer = await ask('/api/models/search?q=tiny');
    expect([answer.statusCode, errorOf(answer.body).code]).toEqual([502, 'HUB_ERROR']);
  });

  it('is not for viewers', async () => {
    expect((await ask('/api/models/search?q=tiny', 'viewer')).statusCode).toBe(403);
    expect((await ask('/api/models/quants?repo=acme/tiny-GGUF', 'viewer')).statusCode).toBe(403);
    expect(hub.requests).toEqual([]);
  });
});

describe('the quants of a repository', () => {
  it('have their files with sha256, and whether they fit with their companions', async () => {
    const answer = await ask('/api/models/quants?repo=acme/tiny-GGUF');
    const { quants, memory, license, commit, folder } = QuantListSchema.strict().parse(answer.json());
    expect(folder).toBe('/cache');
    expect([memory.name, license, commit]).toEqual(['Card', 'mit', expect.stringMatching(/^[0-9a-f]{40}$/)]);
    const sha256 = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
    expect(quants).toMatchObject([
      {
        reference: 'acme/tiny-GGUF:Q4_K_M',
        chosen: true,
        size: 4,
        fits: 'tight',
        files: [{ path: 'tiny-Q4_K_M.gguf', size: 4, sha256 }],
        companions: [{ kind: 'projector', path: 'mmproj-F16.gguf', size: 4, sha256 }],
      },
      { reference: 'acme/tiny-GGUF:Q8_0', chosen: false, size: 5 },
    ]);
  });

  it.each([
    ['acme/none', 404, 'NOT_FOUND'],
    ['acme/tiny-GGUF:Q2_K', 404, 'NOT_FOUND'],
    ['..%2f..', 400, 'VALIDATION_ERROR'],
    ['acme/tiny-GGUF&revision=..', 400, 'VALIDATION_ERROR'],
    ['acme/tiny-GGUF&revision=nope', 404, 'NOT_FOUND'],
  ])('of %s are %i %s', async (repo, status, code) => {
    const answer = await ask(`/api/models/quants?repo=${repo}`);
    expect([answer.statusCode, errorOf(answer.body).code]).toEqual([status, code]);
  });
});

describe('the starters', () => {
  it('are for viewers, without a request to the hub', async () => {
    const { starters, memory } = StarterListSchema.strict().parse((await ask('/api/models/starters', 'viewer')).json());
    expect(memory.total).toBe(600e6);
    expect(starters.length).toBeGreaterThan(20);
    expect(starters.find(({ purpose }) => purpose === 'general')?.fits).toBe('no');
    expect(hub.requests).toEqual([]);
  });
});

import type { EngineOption } from '@llamactl/contract/engine';
import type { PastEvent } from '@llamactl/contract/event-history';
import { FakeEngineAdapter, FakeEngines } from '../../testing/fake-engines.ts';
import { ApiError } from '@llamactl/contract/errors';
import type { Alert } from '@llamactl/contract/system';
import { type Why, WhySchema } from '@llamactl/contract/why';
import { beforeEach, describe, expect, it } from 'vitest';
import type { MemoryEstimator } from '../../models/memory-estimator.ts';
import { AuthHarness } from '../../testing/auth-harness.ts';
import { testConfig, testServer, type TestServer } from '../../testing/http-harness.ts';
import { NO_HISTORY } from '../../testing/fake-services.ts';
import { fixedEstimator } from '../../testing/small-machine.ts';
import type { EventHistoryView } from './events.routes.ts';

const AT = '2026-03-01T12:00:00Z';

let harness: AuthHarness;
let test: TestServer;
let estimate: MemoryEstimator['estimate'];
let alerts: Alert[];
let asked: Parameters<EventHistoryView['events']>[];
let neededBy: string | undefined;

beforeEach(async () => {
  harness = await AuthHarness.open();
  harness.instances.set('mine', 'id-of-mine').set('other', 'id-of-other');
  alerts = [];
  asked = [];
  neededBy = 'other';
  estimate = async (launch) => ({
    ...(await fixedEstimator.estimate(launch)),
    fits: false,
    mustStop: ['id-of-other'],
    suggestions: [{ label: 'a context of 4096 tokens', options: { ctx_size: 4_096 } }],
  });
  const engine = new FakeEngineAdapter();
  engine.optionList = ['ctx_size', 'n_gpu_layers'].map((key) => ({ ...OPTION, key }));
  test = testServer({
    engines: new FakeEngines({ llama_cpp: engine, custom: new FakeEngineAdapter() }),
    auth: harness.auth,
    clock: harness.clock,
    config: testConfig({ auth: { enabled: true } }),
    estimator: { ...fixedEstimator, estimate: (launch) => estimate(launch) },
    alerts: () => alerts,
    history: {
      ...NO_HISTORY,
      events: async (...query) => {
        asked.push(query);
        return { events: [eviction(neededBy)], more: false, oldest_seq: 1 };
      },
    },
  });
  await test.manager.create({ name: 'mine', model_path: '/m.gguf' });
  await test.manager.create({ name: 'other' });
  Object.assign(test.manager.get('mine'), { status: 'failed', reason: 'cudaMalloc failed: out of memory' });
});

const OPTION: EngineOption = {
  key: '',
  flags: [],
  type: 'number',
  default: null,
  choices: null,
  group: null,
  description: '',
  variables: [],
  guard: null,
};

const eviction = (by: string | undefined): PastEvent => ({
  type: 'instance_status_changed',
  seq: 1,
  timestamp: AT,
  data: {
    name: 'mine',
    previous_status: 'running',
    status: 'stopping',
    trigger: { kind: 'eviction', ...(by !== undefined && { needed_by: by }) },
  },
});

const narrowKey = async (): Promise<string> =>
  harness.keyOf(await harness.loggedIn('root'), { scopes: ['viewer'], instances: ['mine'] });

async function why(secret: string): Promise<Why> {
  const answer = await test.inject({
    url: '/api/instances/mine/why',
    headers: { authorization: `Bearer ${secret}` },
  });
  expect(answer.statusCode).toBe(200);
  return WhySchema.parse(answer.json());
}

describe('GET /api/instances/{name}/why', () => {
  it('has the cause, and remedies that fit, as estimated', async () => {
    const { cause, remedies } = await why(await harness.tokenOf('root'));
    expect(cause).toBe('gpu_memory');
    expect(remedies.slice(0, 2)).toMatchObject([
      {
        label: 'Use a context of 4096 tokens, which fits',
        operation: 'updateInstance',
        body: { options: { ctx_size: 4_096 } },
      },
      { label: 'Stop other', operation: 'stopAllInstances', body: { names: ['other'] } },
    ]);
  });

  it('leaves out options that the engine does not have', async () => {
    const secret = await harness.tokenOf('root');
    const changes = async (): Promise<unknown[]> =>
      (await why(secret)).remedies.filter(({ operation }) => operation === 'updateInstance').map(({ body }) => body);
    expect(await changes()).toContainEqual({ options: { ctx_size: 4_096 } });
    Object.assign(test.manager.get('mine'), { engine: 'custom' });
    expect(await changes()).toEqual([]);
  });

  it('takes the flag that was probably meant', async () => {
    Object.assign(test.manager.get('mine'), {
      reason: 'invalid argument: --ctx-siez',
      extra_args: ['--ctx-siez', '1'],
    });
    const { cause, remedies } = await why(await harness.tokenOf('root'));
    expect(cause).toBe('argument');
    expect(remedies[0]).toMatchObject({
      label: 'Use `--ctx-size` instead of `--ctx-siez`',
      operation: 'updateInstance',
      body: { extra_args: ['--ctx-size', '1'] },
    });
  });

  it('neither names nor stops instances that the caller may not see', async () => {
    alerts = [
      { level: 'warning', code: 'x', message: 'The disk is slow.', raised_at: AT },
      { level: 'error', code: 'x', message: 'other is in trouble', instance: 'other', raised_at: AT },
    ];
    const answer = await why(await narrowKey());
    expect(JSON.stringify(answer)).not.toContain('other is');
    expect(answer.evidence).toContainEqual({ what: 'alert', text: 'The disk is slow.' });
    expect(answer.remedies.map(({ operation }) => operation)).not.toContain('stopAllInstances');
  });

  it('names the instance for which it was evicted, as the history shows it to the caller', async () => {
    const reason = 'it was evicted: another instance needed its slot or memory';
    Object.assign(test.manager.get('mine'), {
      status: 'stopped',
      last_exit: { code: 0, signal: null, at: AT, reason, cause: null, lines: [] },
    });
    expect((await why(await harness.tokenOf('root'))).sentence).toContain('it was evicted: other needed its slot');
    neededBy = undefined;
    expect((await why(await narrowKey())).sentence).toContain('it was evicted: another instance needed its slot');
    expect(asked.map(([{ visible }]) => visible)).toEqual([null, new Set(['id-of-mine'])]);
  });

  it('works without an estimate', async () => {
    estimate = () => Promise.reject(new ApiError('VALIDATION_ERROR', 'unknown engine'));
    expect((await why(await harness.tokenOf('root'))).remedies[0]).toMatchObject({
      body: { options: { n_gpu_layers: 20 } },
    });
  });

  it('does not exist for an instance that the caller may not see', async () => {
    const answer = await test.inject({
      url: '/api/instances/other/why',
      headers: { authorization: `Bearer ${await narrowKey()}` },
    });
    expect(answer.statusCode).toBe(404);
  });
});

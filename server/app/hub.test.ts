import { ConfigSchema } from '@llamactl/contract/config';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HUB_TOKEN, LoopbackHub } from '../testing/loopback-hub.ts';
import { openHub } from './hub.ts';

const { signal } = new AbortController();

let hub: LoopbackHub;

beforeEach(async () => {
  hub = await LoopbackHub.open();
});

afterEach(() => hub.close());

function view(models: object, environment: Record<string, string> = {}) {
  const gpu = { index: 0, vendor: 'nvidia' as const, name: 'Card', memory_total: 24e9, memory_usage: null };
  return openHub({
    config: ConfigSchema.parse({ models }).models,
    environment,
    home: '/nowhere',
    version: '1.2.3',
    rootFor: () => '/cache',
    machine: {
      gpus: {
        list: async () => [{ ...gpu, utilization: null, temperature: null, power: null }],
      },
      host: { memory: () => ({ total: 16e9, usage: 0 }) },
    },
  });
}

it('asks the hub of the configuration with the token of the environment, and that of the configuration first', async () => {
  await view({ hf_endpoint: `${hub.url}/` }, { HF_TOKEN: HUB_TOKEN }).remote.search('x', 1, signal);
  await view({ hf_endpoint: hub.url, hf_token: 'hf_own' }, { HF_TOKEN: HUB_TOKEN }).remote.search('x', 1, signal);
  expect(hub.requests.map(({ authorization }) => authorization)).toEqual([`Bearer ${HUB_TOKEN}`, 'Bearer hf_own']);
});

it('asks the hub of the environment', async () => {
  const { remote } = view({}, { HF_ENDPOINT: hub.url });
  expect(await remote.search('x', 1, signal)).toEqual([]);
  expect(remote.endpoint).toBe(hub.url);
});

it('keeps the token of the configuration from a hub of the environment, unless the environment has that token too', async () => {
  const moved = { HF_ENDPOINT: hub.url };
  const own = { hf_token: 'hf_own' };
  await view(own, moved).remote.search('x', 1, signal);
  await view(own, { ...moved, HF_TOKEN: HUB_TOKEN }).remote.search('x', 1, signal);
  await view(own, { ...moved, LLAMACTL_MODELS_HF_TOKEN: 'hf_own' }).remote.search('x', 1, signal);
  await view(own, { ...moved, LLAMACTL_MODELS_HF_TOKEN_FILE: '/run/token' }).remote.search('x', 1, signal);
  expect(hub.requests.map(({ authorization }) => authorization)).toEqual([
    null,
    `Bearer ${HUB_TOKEN}`,
    'Bearer hf_own',
    'Bearer hf_own',
  ]);
});

it('knows the largest memory of the machine', async () => {
  expect(await view({}).memory()).toEqual({ kind: 'gpu', name: 'Card', total: 24e9 });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { ServerProcess, type Answer } from './server-process.ts';

/** Whether one caller of a real engine can find out what another one asked. */

/** Long enough that a part of it in a cache shows. */
const PROMPT = 'The quick brown fox jumps over the lazy dog. '.repeat(4);
const messages = [{ role: 'user', content: PROMPT }];

/** A way to give a prompt, and where its answer says how much of it was cached. */
type Dialect = readonly [url: string, body: object, place: readonly string[]];

const IN_PROMPT = ['usage', 'prompt_tokens_details', 'cached_tokens'];
const OPENAI: readonly Dialect[] = [
  ['/v1/chat/completions', { messages, max_tokens: 2 }, IN_PROMPT],
  ['/v1/completions', { prompt: PROMPT, max_tokens: 2 }, IN_PROMPT],
  ['/v1/responses', { input: PROMPT, max_output_tokens: 2 }, ['usage', 'input_tokens_details', 'cached_tokens']],
];
const ANTHROPIC: Dialect = ['/v1/messages', { messages, max_tokens: 2 }, ['usage', 'cache_read_input_tokens']];
const DIALECTS: readonly Dialect[] = [...OPENAI, ANTHROPIC];

let server: ServerProcess;

beforeAll(async () => {
  const presets = { coding: { system_prompt: 'You write programs.' } };
  server = await ServerProcess.create(`rate_limit: { enabled: false }\npresets: ${JSON.stringify(presets)}`);
  await server.start();
  const options = { ctx_size: 1_024, parallel: 2 };
  const model_path = await testModel();
  for (const more of [{ name: 'shared' }, { name: 'own', isolated: true, extra_args: ['--cache-prompt'] }]) {
    expect((await server.call('POST', '/api/instances', { model_path, options, ...more })).status).toBe(201);
    expect((await server.call('POST', `/api/instances/${more.name}/start?wait=true`)).status).toBe(200);
  }
}, 60_000);
afterAll(() => server.dispose());

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
}

/** Asks the same twice. @returns what of the second prompt was cached: as the usage says, and as the timings do, if there are any */
async function cachedOf(model: string, [url, body, place]: Dialect, more: object = {}): Promise<unknown[]> {
  let answer: Answer | null = null;
  for (let count = 0; count < 2; count += 1) {
    answer = await server.call('POST', url, { model, ...body, ...more });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  }
  const timings = at(answer?.body, ['timings', 'cache_n']);
  return [at(answer?.body, place), ...(timings === undefined ? [] : [timings])];
}

describe.each(DIALECTS)('%s', (...dialect) => {
  it('of an instance that is shared says how much of a prompt was asked before', async () => {
    for (const cached of await cachedOf('shared', dialect)) expect(cached).toBeGreaterThan(10);
  });

  it.each([
    {},
    { cache_prompt: false },
    { cache_prompt: null },
    { extra_body: { cache_prompt: true } },
    { cache_control: { type: 'ephemeral' } },
  ])('of an isolated one never does (%j)', async (more) => {
    for (const cached of await cachedOf('own', dialect, more)) expect(cached).toBe(0);
  });

  it.each([{ cache_prompt: true }, { id_slot: 0 }, { id_slot: -1 }])('of an isolated one takes no %j', async (more) => {
    const [url, body] = dialect;
    for (const query of ['', '?model=own']) {
      const { status } = await server.call('POST', url + query, { model: 'own', ...body, ...more });
      expect(status).toBe(400);
    }
  });
});

describe('an instance that is isolated while it runs', () => {
  beforeAll(async () => {
    const options = { ctx_size: 1_024, parallel: 2 };
    const model_path = await testModel();
    await server.call('POST', '/api/instances', { name: 'late', model_path, options });
    await server.call('POST', '/api/instances/late/start?wait=true');
  }, 60_000);

  it('is so at once for its bodies, and by its launch after a restart', async () => {
    const changed = await server.call('PUT', '/api/instances/late', { isolated: true });
    expect(changed.body).toMatchObject({ restart_required: true, instance: { isolated: true } });
    for (const dialect of OPENAI) {
      for (const cached of await cachedOf('late', dialect)) expect(cached).toBe(0);
    }
    // Its engine overlooks there what switches caching off.
    const refused = await server.call('POST', ANTHROPIC[0], { model: 'late', ...ANTHROPIC[1] });
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([
      400,
      expect.stringContaining('Restart the instance'),
    ]);
    expect((await server.call('POST', '/api/instances/late/restart?wait=true')).status).toBe(200);
    expect(await server.instance('late')).toMatchObject({ restart_required: false });
    for (const dialect of DIALECTS) {
      for (const cached of await cachedOf('late', dialect)) expect(cached).toBe(0);
    }
  });
});

describe('the system prompt of an isolated instance', () => {
  const question = { role: 'user', content: 'Hi' };
  const system = { role: 'system', content: 'Hi' };
  /** A request, and what makes it one with its own system prompt. */
  const REQUESTS = [
    ['/v1/chat/completions', { messages: [question] }, 'prompt_tokens', { messages: [system, question] }],
    ['/v1/responses', { input: 'Hi' }, 'input_tokens', { instructions: 'Hi' }],
    ['/v1/messages', { messages: [question] }, 'input_tokens', { system: 'Hi' }],
    ['/v1/completions', { prompt: 'Hi' }, 'prompt_tokens', {}],
  ] as const;

  /** Returns how long the prompts of all requests are, and those of the same with their own system prompts, in tokens. */
  async function lengths(): Promise<{ without: number[]; own: number[] }> {
    const lengthOf = async (url: string, body: object, key: string): Promise<number> => {
      const answer = await server.call('POST', url, { model: 'own', max_tokens: 2, ...body });
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
      return Number(at(answer.body, ['usage', key]));
    };
    const all = (more: (own: object) => object): Promise<number[]> =>
      Promise.all(REQUESTS.map(([url, body, key, own]) => lengthOf(url, { ...body, ...more(own) }, key)));
    return { without: await all(() => ({})), own: await all((own) => own) };
  }

  it('is added at once in each API of chats, unless the request has one', async () => {
    const before = await lengths();
    for (const settings of [{ system_prompt: 'Be brief, always.' }, { system_prompt: null, preset: 'coding' }]) {
      const changed = await server.call('PUT', '/api/instances/own', settings);
      expect(changed.body).toMatchObject({ restart_required: false });
      expect(changed.body['warnings']).toBe(undefined);
      const after = await lengths();
      expect(after.own).toEqual(before.own);
      const growth = after.without.map((length, index) => length - (before.without[index] ?? NaN));
      expect(growth).toEqual([expect.any(Number), growth[0], growth[0], 0]);
      expect(growth[0]).toBeGreaterThan(10);
    }
    await server.call('PUT', '/api/instances/own', { preset: null });
    expect(await lengths()).toEqual(before);
  });

  it('counts in answers that count tokens', async () => {
    const count = async (): Promise<unknown> =>
      (await server.call('POST', '/v1/messages/count_tokens', { model: 'own', messages: [question] })).body[
        'input_tokens'
      ];
    const before = Number(await count());
    await server.call('PUT', '/api/instances/own', { system_prompt: 'Be brief, always.' });
    expect(await count()).toBeGreaterThan(before + 10);
    await server.call('PUT', '/api/instances/own', { system_prompt: null });
  });
});

it('what contradicts it is refused, and so is an engine that is not known', async () => {
  const { status, body } = await server.call('PUT', '/api/instances/own', { options: { cache_ram: 100 } });
  expect([status, body['errors']]).toEqual([400, [expect.objectContaining({ path: 'options.cache_ram' })]]);
  const custom = await server.call('POST', '/api/instances', { name: 'x', engine: 'custom', isolated: true });
  expect(JSON.stringify(custom.body['errors'])).toContain('"isolated"');
});

import { describe, expect, it } from 'vitest';
import { FakeEngineAdapter, FakeEngines } from '../../testing/fake-engines.ts';
import { errorOf, testServer } from '../../testing/http-harness.ts';

const adapter = new FakeEngineAdapter();
adapter.optionList = [
  {
    key: 'ctx_size',
    flags: ['--ctx-size', '-c'],
    type: 'number',
    default: '0',
    choices: null,
    group: 'common',
    description: 'size of the prompt context',
    variables: ['LLAMA_ARG_CTX_SIZE'],
    guard: null,
  },
];
const test = testServer({ engines: new FakeEngines({ llama_cpp: adapter, 'my engine': new FakeEngineAdapter() }) });

describe('GET /api/engines', () => {
  it('lists every engine with its program', async () => {
    const program = { program: '/fake/engine', version: '1', problem: null, devices: [] };
    expect((await test.inject({ url: '/api/engines' })).json()).toEqual({
      engines: [
        { id: 'llama_cpp', ...program },
        { id: 'my engine', ...program },
      ],
    });
  });
});

describe('GET /api/engines/{engine}/options', () => {
  it('returns the options of the engine', async () => {
    const answer = await test.inject({ url: '/api/engines/llama_cpp/options' });
    expect(answer.json()).toEqual({ options: adapter.optionList, problem: null });
    expect((await test.inject({ url: '/api/engines/my%20engine/options' })).json()).toMatchObject({ options: [] });
  });

  it('answers 404 with the names of all engines', async () => {
    const answer = await test.inject({ url: '/api/engines/vllm/options' });
    expect([answer.statusCode, errorOf(answer.body)]).toMatchObject([
      404,
      { code: 'NOT_FOUND', error: 'No engine has this name. There are: llama_cpp, my engine.' },
    ]);
  });
});

describe('POST /api/engines/parse', () => {
  const url = '/api/engines/parse';

  it('returns the settings of the text', async () => {
    const answer = await testServer().inject({ method: 'POST', url, payload: { text: 'llama-server -c 5' } });
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      {
        format: 'command',
        instances: [
          {
            settings: { extra_args: ['llama-server -c 5'] },
            understood: [{ text: 'llama-server -c 5', path: 'extra_args' }],
            dropped: [],
          },
        ],
      },
    ]);
  });

  it('refuses an empty and a very long text', async () => {
    for (const text of ['', 'x'.repeat(65_537)]) {
      const answer = await testServer().inject({ method: 'POST', url, payload: { text } });
      expect([answer.statusCode, errorOf(answer.body).errors?.map(({ path }) => path)]).toEqual([400, ['text']]);
    }
  });
});

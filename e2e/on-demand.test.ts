import { afterEach, describe, expect, it } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { ServerProcess, type Answer } from './server-process.ts';

let server: ServerProcess;

afterEach(() => server.dispose());

async function serverWith(configuration: string, ...instances: { name: string; group?: string }[]): Promise<void> {
  server = await ServerProcess.create(configuration);
  await server.start();
  const model_path = await testModel();
  for (const instance of instances) {
    const body = { ...instance, model_path, options: { ctx_size: 256, parallel: 2 } };
    expect((await server.call('POST', '/api/instances', body)).status).toBe(201);
  }
}

const ask = (model: string): Promise<Answer> =>
  server.call('POST', '/v1/completions', { model, prompt: 'Hello', max_tokens: 4 });

/** How many engines live. */
const engines = async (): Promise<number> => (await server.processes()).filter(({ isWrapper }) => !isWrapper).length;

describe('the first requests for a stopped instance', () => {
  it('start the real engine once, and are all answered', async () => {
    await serverWith('', { name: 'a' });
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask('a')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect([await engines(), (await server.instance('a')).status]).toEqual([1, 'running']);
  });

  it('get the reason at once when it does not start', async () => {
    await serverWith('', { name: 'a' });
    await server.call('PUT', '/api/instances/a', { options: { ctx_size: null, lora: '/nowhere.gguf' } });
    const answers = await Promise.all([ask('a'), ask('a')]);
    for (const { status, body } of answers) {
      expect([status, JSON.stringify(body)]).toEqual([503, expect.stringContaining('/nowhere.gguf')]);
    }
  });
});

describe('two instances with one slot', () => {
  it('take turns, and never both run', async () => {
    await serverWith('groups: { one: { max_running: 1 } }', { name: 'a', group: 'one' }, { name: 'b', group: 'one' });
    for (const model of ['a', 'b', 'a', 'b']) {
      const answers = await Promise.all([ask(model), ask(model)]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      expect([await engines(), (await server.instance(model)).status]).toEqual([1, 'running']);
    }
  });
});

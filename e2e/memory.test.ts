import { afterEach, describe, expect, it, vi } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { ServerProcess, type Answer } from './server-process.ts';

let server: ServerProcess;

afterEach(() => server.dispose());

/** More than one copy of the demo model needs with its margin, and less than two do. */
const ONE_MODEL_MB = 170;

async function serverWith(limit: number, ...instances: string[]): Promise<void> {
  server = await ServerProcess.create(`memory: { devices: { ram: { limit_mb: ${limit} } } }`);
  await server.start();
  const model_path = await testModel();
  for (const name of instances) {
    const body = { name, model_path, options: { ctx_size: 256, parallel: 2 } };
    expect((await server.call('POST', '/api/instances', body)).status).toBe(201);
  }
}

const ask = (model: string): Promise<Answer> =>
  server.call('POST', '/v1/completions', { model, prompt: 'Hello', max_tokens: 4 });

/** How many engines live. */
const engines = async (): Promise<number> => (await server.processes()).filter(({ isWrapper }) => !isWrapper).length;

/** Waits until an instance has these fields. */
const shows = (name: string, fields: object): Promise<void> =>
  vi.waitFor(async () => expect(await server.instance(name)).toMatchObject(fields), { timeout: 20_000 });

describe('two models of which only one fits into the memory', () => {
  it('answer forty requests at once with few swaps, and one is left running', async () => {
    await serverWith(ONE_MODEL_MB, 'a', 'b');
    const order: string[] = [];
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const model = index % 2 === 0 ? 'a' : 'b';
        const answer = await ask(model);
        order.push(model);
        return answer.status;
      }),
    );
    expect(new Set(answers)).toEqual(new Set([200]));
    expect(order.filter((model, index) => index > 0 && order[index - 1] !== model).length).toBeLessThanOrEqual(10);
    expect(await engines()).toBe(1);
  });

  it('swap for each request that comes after the last answer', async () => {
    await serverWith(ONE_MODEL_MB, 'a', 'b');
    for (const model of ['a', 'b', 'a', 'b']) {
      expect((await ask(model)).status).toBe(200);
      expect([await engines(), (await server.instance(model)).status]).toEqual([1, 'running']);
    }
  });
});

describe('a model that cannot fit', () => {
  it('is refused at once, and the message names the setting', async () => {
    await serverWith(64, 'a');
    const { status, body } = await server.call('POST', '/api/instances/a/start');
    expect([status, body]).toMatchObject([
      409,
      { code: 'DOES_NOT_FIT', error: expect.stringContaining('`memory.devices.ram.limit_mb`') as string },
    ]);
    expect([(await ask('a')).status, await engines()]).toEqual([503, 0]);
    expect(await server.instance('a')).toMatchObject({ status: 'stopped', refused: { code: 'DOES_NOT_FIT' } });
    const { body: kept } = await server.call('GET', '/api/events?instance=a&type=instance_start_refused');
    expect(kept['events']).toMatchObject([{ data: { code: 'DOES_NOT_FIT', trigger: { kind: 'command' } } }]);
  });
});

describe('models that fit together', () => {
  it('run beside each other, and hold what their engines reported, also for the next server', async () => {
    await serverWith(2 * ONE_MODEL_MB, 'a', 'b');
    for (const model of ['a', 'b']) expect((await ask(model)).status).toBe(200);
    expect(await engines()).toBe(2);
    await shows('a', { memory: [{ device: 'ram', source: 'projected' }] });
    await server.end('SIGKILL');
    await server.start();
    expect((await server.instance('b')).memory).toMatchObject([{ device: 'ram' }]);
    await server.call('POST', '/api/instances/a/stop');
    await shows('a', { status: 'stopped' });
    expect((await ask('a')).status).toBe(200);
    await shows('a', { memory: [{ source: 'measured' }] });
  });
});

import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { RequestsSchema, type Requests } from '@llamactl/contract/requests';
import { testModel } from '../scripts/test-assets.ts';
import { ServerProcess } from './server-process.ts';

/** Requests, figures and an end to a request, with the real program and the real engine. */

const PATIENCE = { timeout: 10_000, interval: 10 };
let server: ServerProcess;
beforeAll(async () => {
  server = await ServerProcess.create();
  await server.start();
  const options = { metrics: true, threads: 1, context_shift: true };
  await server.call('POST', '/api/instances', { name: 'demo', model_path: await testModel(), options });
  expect(await server.call('POST', '/api/instances/demo/start?wait=true')).toMatchObject({ status: 200 });
}, 30_000);
afterAll(() => server.dispose());

const figures = async (): Promise<string> => (await fetch(`${server.url}/metrics`)).text();
const figure = (text: string, name: string): number =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')
      .at(-1),
  );
const requests = async (): Promise<Requests> => RequestsSchema.parse((await server.call('GET', '/api/requests')).body);

it('the figures are those of the requests, and of the engine', async () => {
  const { body } = await server.call('POST', '/v1/completions', { model: 'demo', prompt: 'Hi', max_tokens: 5 });
  const { usage } = body as { usage: { prompt_tokens: number; completion_tokens: number } };
  const stream = { model: 'demo', prompt: 'Hi', max_tokens: 3, stream: true };
  await (await fetch(`${server.url}/v1/completions`, { method: 'POST', body: JSON.stringify(stream) })).text();
  await server.call('POST', '/v1/completions', { model: 'of-no-instance', prompt: 'Hi' });
  await vi.waitFor(async () => {
    const text = await figures();
    const labels = '{instance="demo",door="v1"}';
    expect(figure(text, 'llamactl_requests_total{instance="demo",door="v1",outcome="ok"}')).toBe(2);
    expect(figure(text, 'llamactl_unrouted_requests_total')).toBe(1);
    expect(text).not.toContain('of-no-instance');
    expect(figure(text, `llamactl_prompt_tokens_total${labels}`)).toBe(2 * usage.prompt_tokens);
    expect(figure(text, `llamactl_generated_tokens_total${labels}`)).toBe(usage.completion_tokens + 3);
    expect(figure(text, `llamactl_time_to_first_token_seconds_count${labels}`)).toBe(1);
    expect(figure(text, 'llamactl_instance_starts_total{instance="demo"}')).toBe(1);
    expect(figure(text, 'llamactl_instance_status{instance="demo",status="running"}')).toBe(1);
    expect(figure(text, 'llamactl_instance_memory_bytes{instance="demo"}')).toBeGreaterThan(1_000_000);
    // The engine is asked every few seconds.
    expect(figure(text, 'llamacpp:tokens_predicted_total{instance="demo"}')).toBe(usage.completion_tokens + 3);
  }, PATIENCE);
}, 30_000);

it('a request can be ended', async () => {
  const request = httpRequest(`${server.url}/v1/completions`, { method: 'POST', agent: false });
  const isBroken = new Promise<string>((resolve) => {
    request.on('response', (answer) => {
      answer.resume();
      answer.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
      answer.on('end', () => resolve('a clean end'));
    });
  });
  request.end(JSON.stringify({ model: 'demo', prompt: 'Hi', stream: true, ignore_eos: true, n_predict: -1 }));
  const [active] = await vi.waitFor(async () => {
    const { in_flight: inFlight } = await requests();
    expect(inFlight).toMatchObject([{ instance: 'demo', phase: 'streaming', stream: true }]);
    return inFlight;
  }, PATIENCE);
  expect(await server.call('DELETE', `/api/requests/${active?.id}`)).toMatchObject({ status: 200 });
  expect(await isBroken).toBe('ECONNRESET');
  const { in_flight: inFlight, finished } = await requests();
  expect([inFlight, finished[0]]).toMatchObject([[], { id: active?.id, outcome: 'cancelled' }]);
  await vi.waitFor(async () => {
    expect(figure(await figures(), 'llamacpp:requests_processing{instance="demo"}')).toBe(0);
  }, PATIENCE);
}, 30_000);

it('an instance that is deleted leaves no figures', async () => {
  await server.call('POST', '/api/instances/demo/stop?wait=true');
  await server.call('DELETE', '/api/instances/demo');
  expect(await figures()).not.toContain('demo');
  expect((await requests()).finished.some(({ instance }) => instance === 'demo')).toBe(false);
}, 30_000);

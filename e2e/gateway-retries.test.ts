import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { RequestsSchema, type Requests } from '@llamactl/contract/requests';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { poisonEngineCommand } from './poison-engine.ts';
import { type Answer, ServerProcess } from './server-process.ts';

/** Engines that die before they answer, under the real program. */

const PATIENCE = { timeout: 30_000, interval: 10 };

let server: ServerProcess;

afterEach(() => server.dispose());

/** @param configuration YAML, given the home directory of the server. */
async function start(configuration: (home: string) => string = () => ''): Promise<void> {
  server = await ServerProcess.create();
  await server.configure(configuration(server.home));
  await server.start();
  const options = { threads: 1, ctx_size: 1_024, parallel: 2 };
  const instance = { name: 'a', model_path: await testModel(), options };
  const { status, body } = await server.call('POST', '/api/instances', instance);
  expect(status, JSON.stringify(body)).toBe(201);
  const started = await server.call('POST', '/api/instances/a/start?wait=true');
  expect(started.status, JSON.stringify(started.body)).toBe(200);
}

const ask = (content: string, path = '/v1/chat/completions', more: object = {}): Promise<Answer> =>
  server.call('POST', path, { model: 'a', messages: [{ role: 'user', content }], max_tokens: 32, ...more });

async function requests(): Promise<Requests> {
  return RequestsSchema.parse((await server.call('GET', '/api/requests')).body);
}

/** Resolves when so many requests are in flight, all in this phase. */
const inPhase = (count: number, phase: string): Promise<void> =>
  vi.waitFor(async () => {
    const { in_flight: inFlight } = await requests();
    expect(inFlight.map((request) => request.phase)).toEqual(Array.from({ length: count }, () => phase));
  }, PATIENCE);

async function enginePid(): Promise<number> {
  const { pid } = await server.instance('a');
  if (pid === null) throw new Error('the engine is not there');
  return pid;
}

const contentOf = ({ status, body }: Answer): unknown =>
  status === 200 ? (body as { choices: { message: { content: string } }[] }).choices[0]?.message.content : body;

describe('llama-server that is killed before the first byte', () => {
  it('answers after its restart, in the API of OpenAI and of Anthropic', async () => {
    await start();
    const pid = await enginePid();
    // It stands still, so that no answer can begin.
    process.kill(pid, 'SIGSTOP');
    const answers = [ask('one'), ask('two'), ask('three', '/v1/messages')];
    await inPhase(3, 'processing');
    process.kill(pid, 'SIGKILL');
    await inPhase(3, 'starting');
    const [one, two, three] = await Promise.all(answers);
    expect([one, two].map((answer) => answer && contentOf(answer))).toEqual([DEMO_SENTENCE, DEMO_SENTENCE]);
    expect(three).toMatchObject({ status: 200, body: { content: [{ text: DEMO_SENTENCE }] } });
    const { finished } = await requests();
    expect(finished).toHaveLength(3);
    for (const request of finished) {
      expect(request).toMatchObject({ outcome: 'ok', status: 200, tokens_out: expect.any(Number) as unknown });
    }
    expect(await server.instance('a')).toMatchObject({ status: 'running', restart_count: 1 });
  });

  it('answers a request that meets its death, by a stream with signs of life', async () => {
    await start(() => 'gateway: { loading_keepalive: 1 }');
    const pid = await enginePid();
    process.kill(pid, 'SIGSTOP');
    const streamed = fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'a', messages: [], stream: true }),
    });
    await inPhase(1, 'processing');
    process.kill(pid, 'SIGKILL');
    // Perhaps before the server knows of the death, perhaps after.
    const met = ask('late');
    const text = await (await streamed).text();
    expect(text).toContain(': the model is not ready yet\n\n');
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(contentOf(await met)).toBe(DEMO_SENTENCE);
  });

  it('is not asked again after a stop', async () => {
    await start();
    process.kill(await enginePid(), 'SIGSTOP');
    const answer = ask('one');
    await inPhase(1, 'processing');
    expect((await server.call('POST', '/api/instances/a/stop', { force: true })).status).toBe(200);
    expect((await answer).status).toBe(503);
    await vi.waitFor(async () => expect((await server.instance('a')).status).toBe('stopped'), PATIENCE);
  });
});

describe('an engine that one prompt kills', () => {
  it('refuses that one, and answers all others', async () => {
    await start((home) => `engines: ${JSON.stringify({ llama_cpp: poisonEngineCommand(home) })}`);
    const innocents = ['one', 'two', 'three', 'four', 'five'].map((content) => ask(content));
    await inPhase(5, 'processing');
    const { status, body } = await ask('poison');
    expect([status, JSON.stringify(body)]).toEqual([502, expect.stringContaining('a second time')]);
    expect((await Promise.all(innocents)).map((answer) => answer.status)).toEqual([200, 200, 200, 200, 200]);
    expect(await server.instance('a')).toMatchObject({ status: 'running', restart_count: 2 });
    const { finished } = await requests();
    expect(finished.map(({ outcome }) => outcome).toSorted()).toEqual(['broken', 'ok', 'ok', 'ok', 'ok', 'ok']);
  });
});

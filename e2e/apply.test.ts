import { AppliedSchema, type Applied } from '@llamactl/contract/fleet';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { ServerProcess } from './server-process.ts';

let server: ServerProcess;
let model: string;
let ports: [number, number];

beforeAll(async () => {
  model = await testModel();
  server = await ServerProcess.create();
  ports = [server.ports.next(), server.ports.next()];
  await server.start();
});

afterAll(() => server.dispose());

async function exported(): Promise<string> {
  const response = await fetch(`${server.url}/api/export`);
  expect(response.headers.get('content-type')).toBe('application/yaml; charset=utf-8');
  return response.text();
}

async function apply(document: string, query = ''): Promise<Applied> {
  const headers = { 'content-type': 'application/yaml' };
  const response = await fetch(`${server.url}/api/apply${query}`, { method: 'POST', headers, body: document });
  expect(response.status).toBe(200);
  return AppliedSchema.parse(await response.json());
}

const actions = ({ results }: Applied): string[] => results.map(({ name, action }) => `${action} ${name}`);

/** Two instances; `first` is the place of the first one's port and alias. */
const documentOf = (first: 0 | 1): string => `
version: 1
instances:
  - name: one
    model_path: ${model}
    port: ${ports[first]}
    options: &small { threads: 1, ctx_size: 256 }
    environment: { HF_HUB_OFFLINE: "no" }
    aliases: [alias-${first}]
  - name: two
    model_path: ${model}
    port: ${ports[1 - first]}
    options: *small
    aliases: [alias-${1 - first}]
`;

async function untilRunning(...names: string[]): Promise<void> {
  for (const name of names) {
    const isRunning = async (): Promise<void> => {
      expect(await server.instance(name)).toMatchObject({ status: 'running', restart_required: false });
    };
    await vi.waitFor(isRunning, { timeout: 60_000, interval: 100 });
  }
}

it('real engines follow one document: made, left alone, swapped while they run, removed', async () => {
  expect(actions(await apply(documentOf(0), '?dry_run=true'))).toEqual(['create one', 'create two']);
  expect(actions(await apply(documentOf(0)))).toEqual(['create one', 'create two']);
  await server.call('POST', '/api/instances/start-all');
  await untilRunning('one', 'two');

  const before = [await server.instance('one'), await server.instance('two')];
  const [untouched, again] = [await apply(await exported(), '?prune=true'), await apply(documentOf(0))];
  for (const applied of [untouched, again]) expect(actions(applied)).toEqual(['nothing one', 'nothing two']);
  expect([await server.instance('one'), await server.instance('two')]).toMatchObject(
    before.map(({ pid, updated_at: updatedAt }) => ({ pid, updated_at: updatedAt })),
  );

  const renamed = documentOf(0).replaceAll('ctx_size', 'context_size');
  expect(actions(await apply(renamed)), 'another spelling of the same flag').toEqual(['change one', 'change two']);
  expect((await server.instance('one')).pid).toBe(before[0]?.pid);

  expect(actions(await apply(documentOf(1)))).toEqual(['restart one', 'restart two']);
  await untilRunning('one', 'two');
  const after = [await server.instance('one'), await server.instance('two')];
  expect(after).toMatchObject([
    { port: ports[1], aliases: ['alias-1'], environment: { HF_HUB_OFFLINE: 'no' } },
    { port: ports[0], aliases: ['alias-0'] },
  ]);
  for (const [index, { pid }] of after.entries()) expect(pid).not.toBe(before[index]?.pid);
  const { body } = await server.call('POST', '/v1/chat/completions', {
    model: 'alias-0',
    messages: [{ role: 'user', content: 'Hi' }],
    max_tokens: 1,
  });
  expect(body).toHaveProperty('choices');

  const missing = documentOf(1).replace('ANSWER: "no"', 'ANSWER: "yes"').replace(model, '/nowhere.gguf');
  const failed = await apply(missing);
  expect(failed.results).toMatchObject([
    { action: 'restart', error: expect.stringContaining('/nowhere.gguf') as string },
    { action: 'nothing' },
  ]);
  expect((await server.instance('one')).pid).toBe(after[0]?.pid);

  expect(actions(await apply('instances: []', '?prune=true'))).toEqual(['remove one', 'remove two']);
  expect((await server.call('GET', '/api/instances')).body['instances']).toEqual([]);
  expect(await server.processes()).toEqual([]);
});

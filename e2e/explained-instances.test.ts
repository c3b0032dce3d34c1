import { EngineListSchema, ParsedSchema } from '@llamactl/contract/engine';
import { CreatedSchema, UpdatedSchema } from '@llamactl/contract/instance-edit';
import { RequestsSchema, type Requests } from '@llamactl/contract/requests';
import { SystemStatusSchema } from '@llamactl/contract/system';
import { WhySchema, type Why } from '@llamactl/contract/why';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { ServerProcess } from './server-process.ts';

/** What the API says about instances and their requests, with the real engine. */

let server: ServerProcess;
let model: string;

beforeAll(async () => {
  model = await testModel();
  server = await ServerProcess.create();
  await server.start();
  for (const name of ['chat', 'other', 'third'])
    await server.call('POST', '/api/instances', { name, model_path: model, options: { ctx_size: 512, parallel: 2 } });
});

afterAll(() => server.dispose());

const why = async (name: string): Promise<Why> =>
  WhySchema.parse((await server.call('GET', `/api/instances/${name}/why`)).body);
const requests = async (query = ''): Promise<Requests> =>
  RequestsSchema.parse((await server.call('GET', `/api/requests${query}`)).body);
const ask = (name: string) =>
  server.call('POST', '/v1/chat/completions', {
    model: name,
    messages: [{ role: 'user', content: 'Hi' }],
    max_tokens: 4,
  });

describe('why', () => {
  it('names the option that the engine refused, its line in the log, and a remedy that works', async () => {
    await server.call('PUT', '/api/instances/chat', { options: { override_kv: 'nonsense' } });
    expect((await server.call('POST', '/api/instances/chat/start?wait=true')).status).toBe(502);
    const { cause, sentence, remedies, log_seq: seq } = await why('chat');
    expect(cause).toBe('argument');
    expect(sentence).toMatch(/^chat failed: argument --override-kv: .*\.$/);
    const logs = await server.call('GET', `/api/instances/chat/logs?after_seq=${Number(seq) - 1}&lines=1`);
    expect(JSON.stringify(logs.body)).toContain('Invalid type for KV override');
    expect((await server.instance('chat')).last_exit?.cause).toBe('argument');
    const [remedy] = remedies;
    expect(remedy).toMatchObject({ operation: 'updateInstance', body: { options: { override_kv: null } } });
    await server.call('PUT', '/api/instances/chat', remedy?.body);
    expect((await server.call('POST', '/api/instances/chat/start?wait=true')).status).toBe(200);
    expect(await why('chat')).toMatchObject({ cause: null, remedies: [], log_seq: null });
  });

  it('names the obstacle of a start before it is tried', async () => {
    await server.call('POST', '/api/instances', { name: 'lost', model_path: '/nowhere/m.gguf' });
    expect(await why('lost')).toMatchObject({
      cause: 'model_missing',
      sentence: expect.stringContaining('/nowhere/m.gguf does not exist') as string,
    });
    await server.call('DELETE', '/api/instances/lost');
  });
});

describe('the abilities of an instance', () => {
  it('are those that the running engine reports', async () => {
    const instance = await server.instance('chat');
    expect(instance.status).toBe('running');
    expect(instance).toMatchObject({ capabilities: ['chat'], context_size: 256, slots: 2 });
    // Two slots share the context: 256 tokens are left for each.
    expect(await server.instance('other')).toMatchObject({ context_size: 256, slots: 2 });
  });
});

describe('a dry run', () => {
  it('of a create shows the command and the memory, and creates nothing', async () => {
    const body = { name: 'new', model_path: model, options: { ctx_size: 1_024 } };
    const { status, body: answer } = await server.call('POST', '/api/instances?dry_run=true', body);
    const { preview } = CreatedSchema.parse(answer);
    expect([status, preview?.problems, preview?.estimate?.fits]).toEqual([200, [], true]);
    expect(preview?.effective_command.join(' ')).toContain('--ctx-size 1024');
    expect((await server.call('GET', '/api/instances/new')).status).toBe(404);
  });

  it('of an update says what a running engine would keep', async () => {
    const { body } = await server.call('PUT', '/api/instances/chat?dry_run=true', { options: { batch_size: 64 } });
    const { preview } = UpdatedSchema.parse(body);
    expect(preview).toMatchObject({ problems: [], changes: ['options.batch_size'], restart_required: true });
    expect((await server.instance('chat')).options).not.toHaveProperty('batch_size');
  });

  it('has the problems of options by the help of the engine', async () => {
    const body = { name: 'chat', model_path: model, options: { host: '0.0.0.0', ctx_siz: 5 } };
    const { body: answer } = await server.call('POST', '/api/instances?dry_run=true', body);
    const paths = CreatedSchema.parse(answer).preview?.problems.map(({ path }) => path);
    expect(paths).toEqual(['options.host', 'options.ctx_siz', 'name']);
  });
});

describe('the engines', () => {
  it('have their program, version and devices', async () => {
    const { engines } = EngineListSchema.parse((await server.call('GET', '/api/engines')).body);
    const [llama] = engines;
    expect(llama).toMatchObject({ id: 'llama_cpp', problem: null, devices: expect.any(Array) as unknown });
    expect(llama?.version).not.toBeNull();
  });

  it('read a command line with the options of the installed program', async () => {
    const text = `llama-server -m ${model} -c 256 -np 2 --no-cont-batching --host 0.0.0.0`;
    const { body } = await server.call('POST', '/api/engines/parse', { text });
    const [parsed] = ParsedSchema.parse(body).instances;
    expect(parsed?.dropped.map((each) => each.text)).toEqual(['llama-server', '--host 0.0.0.0']);
    const settings = { ...parsed?.settings, name: 'pasted' };
    expect((await server.call('POST', '/api/instances', settings)).status).toBe(201);
    expect((await server.call('POST', '/api/instances/pasted/start?wait=true')).status).toBe(200);
    // The engine rounds the context of each slot up to 256 tokens.
    const figures = async () =>
      (({ context_size, slots }) => ({ context_size, slots }))(await server.instance('pasted'));
    await expect.poll(figures).toEqual({ context_size: 256, slots: 2 });
  });
});

describe('records of requests', () => {
  it('have the waits, the prompt and the program of the caller', async () => {
    expect((await ask('other')).status).toBe(200);
    const { finished } = await requests('?instance=other');
    const [first] = finished;
    expect(first).toMatchObject({ instance: 'other', outcome: 'ok', error: null, cached_tokens: 0 });
    expect(first?.user_agent).not.toBeNull();
    expect(first?.prompt_seconds).toBeGreaterThan(0);
    // It started the engine.
    expect(first?.starting).toBeGreaterThan(0.01);
    expect(first?.queued).toBeLessThan(first?.starting ?? 0);
  });

  it('have the error of a refusal, and can be selected by it', async () => {
    await ask('nobody');
    const { finished } = await requests('?outcome=refused');
    expect(finished[0]).toMatchObject({ instance: null, error: { code: 'INSTANCE_NOT_FOUND' } });
  });

  it('outlive the server', async () => {
    const before = await requests();
    expect(before.finished.length).toBeGreaterThan(1);
    await server.end('SIGTERM');
    await server.start();
    await expect.poll(async () => (await requests()).finished).toEqual(before.finished);
  });
});

describe('several instances', () => {
  it('are restarted in one call, and deleted in one call', async () => {
    const names = ['chat', 'other'];
    const { body } = await server.call('POST', '/api/instances/restart-all', { names });
    expect(body).toMatchObject({ message: 'Restart initiated for 2 instances' });
    await expect.poll(async () => (await server.instance('chat')).status).toBe('running');
    const { body: deleted } = await server.call('POST', '/api/instances/delete-all', { names: ['chat', 'third'] });
    expect(deleted).toMatchObject({
      message: 'Deleted 1 of 2 instances',
      results: [
        { name: 'chat', status: 'running', error: expect.stringContaining('stop it first') as string },
        { name: 'third', status: null },
      ],
    });
  });
});

describe('a reload over the API', () => {
  it('replaces the process; the engines stay', async () => {
    const { pid } = await server.instance('chat');
    const uptime = async (): Promise<number> =>
      SystemStatusSchema.parse((await server.call('GET', '/api/system/status')).body).uptime;
    await expect.poll(uptime).toBeGreaterThan(0);
    const answer = await server.call('POST', '/api/system/reload');
    expect([answer.status, answer.body]).toEqual([200, { message: 'Reload initiated' }]);
    await expect.poll(uptime).toBe(0);
    expect((await server.instance('chat')).pid).toBe(pid);
    const log = await server.call('GET', '/api/system/logs?q=has%20taken%20over');
    const takeOver = /^Reload 1, requested by anonymous: process \d+ \(\S+\) has taken over from process \d+ \(\S+\)$/;
    expect(log.body).toMatchObject({ logs: [{ message: expect.stringMatching(takeOver) as string }] });
    expect(server.errors).toContain('Reload 1 begins, requested by anonymous');
  });
});

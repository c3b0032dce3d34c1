import {
  Client,
  type ClientOptions,
  ConflictError,
  ConnectionError,
  ForbiddenError,
  type Frame,
  type Instance,
  type LogItem,
  NotFoundError,
  PreconditionFailedError,
  RateLimitedError,
  ServerError,
  ValidationError,
} from '@llamactl/client';
import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { ServerProcess } from './server-process.ts';
import { StreamReader } from './stream-reader.ts';

/** The client library against the real program with the real engine, over restarts of the server. */

let server: ServerProcess;
let client: Client;
let model: string;

afterEach(() => server.dispose());

const connect = (options: ClientOptions = {}): Client => new Client({ url: server.url, ...options });
const LISTENS = /listening on http/;

async function answerOf(asker: Client, signal?: AbortSignal): Promise<string> {
  const body = { model: 'a', messages: [{ role: 'user', content: 'Hello' }], temperature: 0, max_tokens: 64 };
  let text = '';
  for await (const { choices } of asker.chat(body, { signal })) text += choices[0]?.delta.content ?? '';
  return text;
}

describe('a client', () => {
  beforeEach(async () => {
    server = await ServerProcess.create();
    await server.start();
    client = connect();
    model = await testModel();
    await client.createInstance({ name: 'a', model_path: model, options: { threads: 1 } });
  });

  it('follows a log over restarts of the server, until the instance is deleted: nothing lost, nothing twice', async () => {
    await client.startInstance('a', { wait: true });
    const log = new StreamReader<LogItem>(client.followLogs('a', { lines: 10_000 }));
    const starts = (items: readonly LogItem[]): number =>
      items.filter((item) => 'message' in item && LISTENS.test(item.message)).length;
    await log.until((items) => starts(items) === 1);
    for (const [round, signal] of (['SIGKILL', 'SIGTERM'] as const).entries()) {
      await server.end(signal);
      await server.start();
      await client.restartInstance('a', {}, { wait: true });
      await log.until((items) => starts(items) === round + 2);
    }
    expect(await answerOf(client)).toBe(DEMO_SENTENCE);
    await client.stopInstance('a', {}, { wait: true });
    const { logs } = await client.getInstanceLogs('a', { lines: 10_000 });
    await log.until((items) => items.length >= logs.length);
    await client.deleteInstance('a');
    await log.ended;
    expect(log.items).toEqual(logs);
  });

  it('renames an instance whose engine runs on, also with the next server', async () => {
    await client.startInstance('a', { wait: true });
    const { pid } = await client.getInstance('a');
    const { logs } = await client.getInstanceLogs('a', { lines: 10 });
    await client.renameInstance('a', { name: 'b' });
    await server.end('SIGKILL');
    await server.start();
    await client.startInstance('b', { wait: true });
    expect((await client.getInstance('b')).pid).toBe(pid);
    expect((await client.getInstanceLogs('b', { lines: 10_000 })).logs).toEqual(expect.arrayContaining(logs));
    await expect(client.getInstance('a')).rejects.toMatchObject({ code: 'INSTANCE_NOT_FOUND' });
    await client.stopInstance('b', {}, { wait: true });
  });

  it('hears of every event, over restarts of the server', async () => {
    const interruptions: Error[] = [];
    const onInterruption = ({ error }: { error: Error }): void => void interruptions.push(error);
    const stop = new AbortController();
    const wish = { types: ['instance_status_changed', 'instance_deleted'] as const };
    const all = { ...wish, types: [...wish.types], signal: stop.signal };
    const now = new StreamReader<Frame>(client.events({ ...all, onInterruption }));
    const past = new StreamReader<Frame>(client.events({ ...all, after_seq: 0, instances: ['A'] }));
    const transitions = (frames: readonly Frame[]): string[] =>
      frames.flatMap(({ type, data }) =>
        type === 'instance_status_changed' ? [`${data.previous_status} → ${data.status}`] : [type],
      );
    const cycle = ['stopped → starting', 'starting → running', 'running → stopping', 'stopping → stopped'];
    // A client without `after_seq` gets only events that happen after it has connected.
    while (now.items.length === 0) {
      await client.createInstance({ name: 'other', model_path: model });
      await client.deleteInstance('other');
    }
    const expected: string[] = [];
    for (const signal of ['SIGKILL', 'SIGTERM', null] as const) {
      await client.startInstance('a', { wait: true });
      // Sent events are stored. A state that a killed server had only answered may differ in the next server.
      await past.until((frames) => transitions(frames).length === expected.length + 2);
      if (signal !== null) await server.end(signal);
      if (signal !== null) await server.start();
      await client.stopInstance('a', {}, { wait: true });
      expected.push(...cycle);
      await past.until((frames) => transitions(frames).length === expected.length);
    }
    await client.deleteInstance('a');
    expected.push('instance_deleted');
    for (const reader of [past, now]) {
      await reader.until((frames) => transitions(frames).at(-1) === 'instance_deleted');
      expect(transitions(reader.items).slice(-expected.length)).toEqual(expected);
    }
    expect(transitions(past.items)).toEqual(expected);
    expect(interruptions.length).toBeGreaterThan(0);
    expect(interruptions.every((error) => error instanceof ConnectionError)).toBe(true);
    stop.abort();
    await expect(past.ended).rejects.toThrow('aborted');
    await expect(now.ended).rejects.toThrow('aborted');
  });

  it('changes settings only if no other caller has', async () => {
    const { headers } = await client.request<Instance>('GET', '/api/instances/a');
    const ifMatch = headers.get('etag') ?? '';
    const { instance } = await client.updateInstance('a', { options: { ctx_size: 512 } }, { ifMatch });
    expect(instance.options).toEqual({ threads: 1, ctx_size: 512 });
    await expect(client.updateInstance('a', { options: null }, { ifMatch })).rejects.toThrow(PreconditionFailedError);
  });

  it('takes a fleet as it gives it, in both forms', async () => {
    const document = await client.exportFleet();
    expect((await client.applyFleet(document)).results).toMatchObject([{ name: 'a', action: 'nothing' }]);
    const text = await client.exportFleetYaml();
    expect(text).toContain('name: a');
    const changed = text.replace('threads: 1', 'threads: 2');
    expect((await client.applyFleet(changed, { dry_run: true })).results).toMatchObject([
      { name: 'a', action: 'change' },
    ]);
  });

  it('tells apart what goes wrong', async () => {
    await expect(client.getInstance('b')).rejects.toThrow(NotFoundError);
    await expect(client.getInstance('a/../a')).rejects.toThrow(NotFoundError);
    await expect(client.createInstance({ name: 'A', model_path: model })).rejects.toThrow(ConflictError);
    const wrong = client.createInstance({ name: 'c', model_path: model, port: 0, options: { ctx_sise: 1 } });
    await expect(wrong).rejects.toThrow(ValidationError);
    await expect(wrong).rejects.toMatchObject({
      problems: expect.arrayContaining([expect.objectContaining({ path: 'port' })]) as unknown,
    });
    await expect(client.updateConfig({ data_dir: '/tmp' })).rejects.toThrow(ForbiddenError);
    await client.updateInstance('a', { extra_args: ['--no-such-flag'] });
    const failed = client.startInstance('a', { wait: true });
    await expect(failed).rejects.toThrow(ServerError);
    await expect(failed).rejects.toMatchObject({
      code: 'START_FAILED',
      reason: expect.stringContaining('--no-such-flag') as unknown,
    });
    await expect(answerOf(client)).rejects.toMatchObject({ name: 'ServerError' });
    const unknown = client.chat({ model: 'b', messages: [] }).next();
    await expect(unknown).rejects.toMatchObject({ name: 'NotFoundError', code: 'model_not_found' });
    await server.end('SIGTERM');
    await expect(client.listInstances()).rejects.toThrow(ConnectionError);
    await expect(client.followLogs('a').next()).rejects.toThrow('nothing listens there');
    await expect(client.events().next()).rejects.toThrow('nothing listens there');
  });

  it('reports a limit, and when it is over', async () => {
    await server.end('SIGTERM');
    await server.configure('rate_limit: { regular: 1 }\n');
    await server.start();
    const impatient = connect({ retries: 0 });
    const everMore = async (): Promise<never> => {
      for (;;) await impatient.listInstances();
    };
    const refused = everMore();
    await expect(refused).rejects.toThrow(RateLimitedError);
    await expect(refused).rejects.toMatchObject({ retryAfter: expect.any(Number) as unknown });
  });

  it('aborts on request, at once and everywhere', async () => {
    await client.startInstance('a', { wait: true });
    const stop = new AbortController();
    const { signal } = stop;
    const log = new StreamReader(client.followLogs('a', { signal }));
    const events = new StreamReader(client.events({ signal }));
    await log.until((items) => items.length > 0);
    const chat = client.chat(
      { model: 'a', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 4_000, ignore_eos: true },
      { signal },
    );
    await chat.next();
    stop.abort(new Error('that is all'));
    const waiting = client.stopInstance('a', {}, { wait: true, signal });
    for (const stopped of [log.ended, events.ended, chat.next(), waiting])
      await expect(stopped).rejects.toThrow('that is all');
    expect((await client.getInstance('a')).status).toBe('running');
  });
});

import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { testModel, unknownModel } from '../scripts/test-assets.ts';
import { LiveEvents } from './live-events.ts';
import { ServerProcess, type Answer } from './server-process.ts';

/** Common mistakes, with the real engine: llamactl reports the cause and the file when the engine ends. */

let server: ServerProcess;
let folder: string;
let model: string;
let events: LiveEvents;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-failures-'));
  model = await testModel();
  await writeFile(path.join(folder, 'not-executable'), '#!/bin/sh\n');
  server = await ServerProcess.create('security: { allow_privileged: true }');
  await server.start();
  events = new LiveEvents(server.url);
  await events.connect();
});

afterAll(async () => {
  events.disconnect();
  await server.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** Creates an instance and starts it; answers what the start said. */
async function startOf(name: string, settings: object): Promise<Answer> {
  const created = await server.call('POST', '/api/instances', { name, ...settings });
  expect(created.status, JSON.stringify(created.body)).toBe(201);
  return server.call('POST', `/api/instances/${name}/start?wait=true`);
}

/** It was launched once, ended by itself, and that was the end of it: nothing was waited out and nothing tried again. */
async function failedAtOnce(name: string, answer: Answer): Promise<void> {
  expect(answer.status, JSON.stringify(answer.body)).toBe(502);
  expect(answer.body['code']).toBe('START_FAILED');
  const { reason, ...instance } = await server.instance(name);
  expect(instance).toMatchObject({
    status: 'failed',
    pid: null,
    restart_count: 0,
    last_exit: { code: 1, signal: null },
  });
  expect(answer.body['reason']).toBe(reason);
  await vi.waitFor(() => expect(events.transitions(name)).toEqual(['stopped → starting', 'starting → failed']));
}

describe('a start that cannot succeed', () => {
  it('is refused when the model file is missing', async () => {
    const file = path.join(folder, 'nowhere.gguf');
    const { status, body } = await startOf('missing', { model_path: file });
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'MODEL_NOT_FOUND', error: expect.stringContaining(file) as unknown });
  });

  it('leaves a trace for those who come later: in the instance, and one event for equal refusals', async () => {
    const file = path.join(folder, 'later.gguf');
    const { body } = await startOf('traced', { model_path: file });
    await server.call('POST', '/api/instances/traced/start');
    const refusal = { code: 'MODEL_NOT_FOUND', message: body['error'] };
    expect(await server.instance('traced')).toMatchObject({ status: 'stopped', refused: refusal });
    const kept = await server.call('GET', '/api/events?instance=traced&type=instance_start_refused');
    const trigger = { kind: 'command', caller: 'anonymous' };
    expect(kept.body['events']).toMatchObject([{ data: { name: 'traced', ...refusal, trigger } }]);
    await server.call('PUT', '/api/instances/traced', { model_path: model });
    expect(await server.instance('traced')).toMatchObject({ refused: null });
  });

  it('is refused when a shard is missing, and names it', async () => {
    const first = path.join(folder, 'big-00001-of-00002.gguf');
    await writeFile(first, await readFile(model));
    const { status, body } = await startOf('shard', { model_path: first });
    expect(status).toBe(409);
    expect(body).toMatchObject({
      code: 'MODEL_NOT_FOUND',
      error: expect.stringContaining('big-00002-of-00002.gguf') as unknown,
    });
  });

  it.each([
    ['cut short', 100_000, 'is cut off: it has 100 kB, and 2.0 MB are missing'],
    ['cut after its first word', 4, 'is cut off: it has 4 bytes, and its header is not complete'],
  ])('is refused when the model is %s, and launches no engine', async (_what, bytes, problem) => {
    const file = path.join(folder, `cut-${bytes}.gguf`);
    await writeFile(file, await readFile(model));
    await truncate(file, bytes);
    const { status, body } = await startOf(`cut-${bytes}`, { model_path: file });
    expect(status).toBe(409);
    expect(body).toMatchObject({
      code: 'MODEL_NOT_FOUND',
      error: expect.stringContaining(`${file} ${problem}`) as unknown,
    });
    expect(await server.instance(`cut-${bytes}`)).toMatchObject({ status: 'stopped', last_exit: null });
  });

  it('is refused when the model is a folder', async () => {
    const { status, body } = await startOf('folder', { model_path: folder });
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'MODEL_NOT_FOUND', error: expect.stringContaining(folder) as unknown });
  });

  it.each(['nowhere', 'not-executable'])('is refused when the engine is %s', async (program) => {
    const command = path.join(folder, program);
    const { status, body } = await startOf(`engine-${program}`, { model_path: model, command: [command] });
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'ENGINE_NOT_FOUND', error: expect.stringContaining(command) as unknown });
  });

  it('is refused when a foreign process listens on the port, and names that process', async () => {
    const foreign: Server = createServer().listen(0, '127.0.0.1');
    await once(foreign, 'listening');
    const { port } = foreign.address() as AddressInfo;
    const { status, body } = await startOf('port', { model_path: model, port });
    foreign.close();
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'PORT_IN_USE', error: expect.stringContaining(String(process.pid)) as unknown });
  });

  it('moves to another port when llamactl had chosen the one that is taken', async () => {
    const { body: created } = await server.call('POST', '/api/instances', { name: 'moves', model_path: model });
    const { port } = created['instance'] as { port: number };
    const foreign: Server = createServer().listen(port, '127.0.0.1');
    await once(foreign, 'listening');
    const started = await server.call('POST', '/api/instances/moves/start?wait=true');
    const instance = await server.instance('moves');
    foreign.close();
    expect(started).toEqual({ status: 200, body: { message: 'Instance start initiated', status: 'running' } });
    expect(instance.port).not.toBe(port);
  });
});

describe('a model path that poses as a flag', () => {
  it.each(['--trust-remote-code', '@/etc/passwd'])('is refused: %s', async (file) => {
    const { status, body } = await server.call('POST', '/api/instances', { name: 'posing', model_path: file });
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'VALIDATION_ERROR', errors: [{ path: 'model_path' }] });
  });
});

describe('a start that fails in the engine', () => {
  it('names the file when the engine does not know the architecture of the model', async () => {
    const file = path.join(folder, 'new.gguf');
    await writeFile(file, unknownModel());
    const answer = await startOf('new', { model_path: file });
    await failedAtOnce('new', answer);
    expect(answer.body['reason']).toContain(file);
    expect(answer.body['reason']).not.toContain('exiting due to model loading error');
  });

  it('names the flag that the engine does not know', async () => {
    const answer = await startOf('flag', { model_path: model, extra_args: ['--bogus'] });
    await failedAtOnce('flag', answer);
    expect(answer.body['reason']).toContain('--bogus');
  });

  it('keeps the last lines and how it ended', async () => {
    const { last_exit: lastExit } = await server.instance('flag');
    expect(lastExit).toMatchObject({ code: 1, signal: null });
    expect(lastExit?.lines.join('\n')).toContain('--bogus');
  });
});

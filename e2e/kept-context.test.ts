import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fakeEngineCommand } from '@llamactl/server/testing/fake-engine';
import { testModel } from '../scripts/test-assets.ts';
import { ServerProcess } from './server-process.ts';

/** Two instances that share one slot: a conversation with one of them continues after the other has run. */

/** Some 800 tokens of the demo model. */
const CONVERSATION = Array.from({ length: 16 }, (_line, index) => `Sentence ${index}: the fox jumps over dogs.`).join(
  ' ',
);

let server: ServerProcess;
const options = { ctx_size: 4_096, parallel: 1, threads: 1 };

beforeAll(async () => {
  server = await ServerProcess.create('security: { allow_privileged: true }\ngroups: { one: { max_running: 1 } }\n');
  await server.start();
  const model_path = await testModel();
  const instances = [
    { name: 'talker', keep_context: 'auto' },
    { name: 'leaver', keep_context: 'auto' },
    { name: 'other' },
  ];
  for (const more of instances)
    expect(await server.call('POST', '/api/instances', { model_path, options, group: 'one', ...more })).toMatchObject({
      status: 201,
    });
}, 60_000);
afterAll(() => server.dispose());

interface Completion {
  text: string;
  /** Tokens of the prompt that were not computed again. */
  cached: number;
  computed: number;
}

async function complete(model: string, prompt: string): Promise<Completion> {
  const { status, body } = await server.call('POST', '/v1/completions', {
    model,
    prompt,
    max_tokens: 12,
    temperature: 0,
  });
  expect(status, JSON.stringify(body)).toBe(200);
  const { choices, timings } = body as {
    choices: { text: string }[];
    timings: { cache_n: number; prompt_n: number };
  };
  return { text: choices[0]?.text ?? '', cached: timings.cache_n, computed: timings.prompt_n };
}

/** The folder of an instance's context; `null`: there is none. */
async function folderOf(name: string): Promise<string | null> {
  const words = (await server.instance(name)).effective_command;
  const folder = words[words.indexOf('--slot-save-path') + 1] ?? '';
  return (await readdir(folder).catch(() => null)) === null ? null : folder;
}

async function stored(name: string): Promise<string[]> {
  const folder = await folderOf(name);
  return folder === null ? [] : (await readdir(folder)).filter((file) => file.endsWith('.bin'));
}

/** Stops the instance, and waits until its context is saved and recorded. */
async function stopSaved(name: string): Promise<void> {
  const before = (await server.instance(name)).context?.saved_at;
  expect((await server.call('POST', `/api/instances/${name}/stop?wait=true`)).status).toBe(200);
  await vi.waitFor(async () => {
    const { context } = await server.instance(name);
    expect(context?.saved_at).toEqual(expect.any(String));
    expect(context?.saved_at).not.toBe(before);
  });
}

/** Swaps the conversation out for another instance, and waits until it is saved and recorded. */
async function swapAway(): Promise<void> {
  const before = (await server.instance('talker')).context?.saved_at;
  await complete('other', 'Hello');
  await vi.waitFor(async () => {
    const { status, context } = await server.instance('talker');
    expect(status).toBe('stopped');
    expect(context?.saved_at).toEqual(expect.any(String));
    expect(context?.saved_at).not.toBe(before);
  });
}

describe('a conversation that is swapped out', { timeout: 60_000 }, () => {
  it('continues without computing its prompt again, with the text of an engine that kept running', async () => {
    const first = await complete('talker', CONVERSATION);
    const longer = `${CONVERSATION} And now?`;
    await swapAway();
    const continued = await complete('talker', longer);
    const warm = await complete('talker', longer);
    expect(first.cached).toBe(0);
    expect(continued.cached).toBeGreaterThan(first.computed * 0.9);
    expect(continued.text).toBe(warm.text);
    await vi.waitFor(async () => {
      const { context } = await server.instance('talker');
      expect(context?.reuse?.reused).toBe(continued.cached);
    });
  });

  it('also continues when the server died meanwhile', async () => {
    await complete('talker', CONVERSATION);
    await server.end('SIGKILL');
    await server.start();
    await swapAway();
    await server.end('SIGKILL');
    await server.start();
    expect((await complete('talker', CONVERSATION)).cached).toBeGreaterThan(500);
  });

  it('is computed again when one bit of its file has changed, without asking the engine', async () => {
    await complete('talker', CONVERSATION);
    await stopSaved('talker');
    const folder = (await folderOf('talker')) ?? '';
    const [name = ''] = await stored('talker');
    const bytes = await readFile(path.join(folder, name));
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    await writeFile(path.join(folder, name), bytes);
    expect((await complete('talker', CONVERSATION)).cached).toBe(0);
    expect(await stored('talker')).toEqual([]);
  });

  it('is computed again when an option has changed', async () => {
    await complete('talker', CONVERSATION);
    await stopSaved('talker');
    await server.call('PUT', '/api/instances/talker', { options: { batch_size: 256 } });
    expect((await complete('talker', CONVERSATION)).cached).toBe(0);
    expect((await server.instance('talker')).context).toBeNull();
  });

  it('is not saved by force', async () => {
    await complete('talker', CONVERSATION);
    await server.call('POST', '/api/instances/talker/stop?wait=true', { force: true });
    expect([(await server.instance('talker')).context, await stored('talker')]).toEqual([null, []]);
  });

  it('is in files for our user only, and removed as soon as the setting is off', async () => {
    await complete('talker', CONVERSATION);
    await stopSaved('talker');
    const folder = (await folderOf('talker')) ?? '';
    const names = await readdir(folder);
    const modes = await Promise.all(names.map(async (name) => (await stat(path.join(folder, name))).mode & 0o777));
    expect(new Set(modes)).toEqual(new Set([0o600]));
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    await server.call('PUT', '/api/instances/talker', { keep_context: 'off' });
    expect(await readdir(folder)).toEqual([]);
    await server.call('PUT', '/api/instances/talker', { keep_context: 'auto' });
  });

  it('is deleted with its instance', async () => {
    await complete('leaver', CONVERSATION);
    await stopSaved('leaver');
    const folder = (await folderOf('leaver')) ?? '';
    expect((await server.call('DELETE', '/api/instances/leaver')).status).toBe(200);
    await expect(stat(path.dirname(folder))).rejects.toThrow('ENOENT');
  });
});

describe('an engine that fails', { timeout: 60_000 }, () => {
  const create = async (name: string, ...flags: string[]): Promise<void> => {
    const command = [...fakeEngineCommand(), '--with-slots', ...flags];
    const body = { name, command, model_path: await testModel(), keep_context: 'auto' };
    expect(await server.call('POST', '/api/instances', body)).toMatchObject({ status: 201 });
    expect((await server.call('POST', `/api/instances/${name}/start?wait=true`)).status).toBe(200);
  };

  it('to save is stopped after two seconds', async () => {
    await create('hangs', '--hang-on-save');
    const before = performance.now();
    await server.call('POST', '/api/instances/hangs/stop?wait=true');
    const seconds = (performance.now() - before) / 1_000;
    // The rest is the end of its process, on a machine that does other work.
    expect(seconds).toBeLessThan(2 + 5);
    expect(await server.instance('hangs')).toMatchObject({ status: 'stopped', context: null, last_exit: { code: 0 } });
  });

  it('to restore serves requests', async () => {
    await create('refuses', '--refuse-restore');
    await stopSaved('refuses');
    expect((await server.call('POST', '/api/instances/refuses/start?wait=true')).status).toBe(200);
    const { status } = await server.call('POST', '/v1/chat/completions', { model: 'refuses', messages: [] });
    expect(status).toBe(200);
    expect((await server.instance('refuses')).context).toBeNull();
  });
});

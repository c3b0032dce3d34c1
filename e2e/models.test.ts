import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { runCommand, type CommandResult } from './command-line.ts';
import { ServerProcess } from './server-process.ts';

/** The library of the real program, with a model that the real engine runs. */

let server: ServerProcess;
let model: string;

beforeAll(async () => {
  server = await ServerProcess.create();
  model = path.join(server.home, '.lmstudio/models/acme/demo/demo-F32.gguf');
  await mkdir(path.dirname(model), { recursive: true });
  await copyFile(await testModel(), model);
  await server.start();
});

afterAll(() => server.dispose());

const run = (...words: readonly string[]): Promise<CommandResult> =>
  runCommand(words, { HOME: server.home, LLAMACTL_URL: server.url });

describe('the models of this machine', () => {
  it('are found in the folder of another program, and run by an instance', async () => {
    await vi.waitFor(async () => expect((await run('models', 'ls', '-q')).stdout).toBe(`${model}\n`), {
      timeout: 30_000,
      interval: 200,
    });
    await run('create', 'demo', '--model', model, '--start', '--wait');
    const { stdout } = await run('models', '--json');
    expect(JSON.parse(stdout)).toMatchObject([
      { source: 'lm_studio', used_by: ['demo'], capabilities: ['chat'], problems: [] },
    ]);
    expect(await run('models', 'show', 'demo-f32')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('used by') as unknown,
    });
  });

  it('are run by name, and exported by name', async () => {
    const created = await run('create', 'named', '--model', 'demo-f32', '--start', '--wait');
    expect(created).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(`using the model ${model}`) as unknown,
    });
    expect(JSON.parse((await run('show', 'named', '--json')).stdout)).toMatchObject({
      model: 'demo-f32',
      model_path: model,
      status: 'running',
    });
    const { stdout } = await run('export');
    expect(stdout).toContain('  - name: named\n    engine: llama_cpp\n    model: demo-f32\n');
    await server.call('POST', '/api/instances/named/stop?wait=true');
  });

  it('are found again after a restart, and new ones while it runs', async () => {
    await server.end('SIGTERM');
    await server.start();
    const second = path.join(path.dirname(model), 'second.gguf');
    await copyFile(model, second);
    await vi.waitFor(async () => expect((await run('models', 'ls', '-q')).stdout).toContain(second), {
      timeout: 30_000,
      interval: 200,
    });
  });
});

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { ModelLibrary } from '@llamactl/server/models/library';
import { NO_LAYERS } from '@llamactl/server/models/ollama-layers';
import { EventServer } from '@llamactl/server/testing/event-server';
import { folderLibrary } from '@llamactl/server/testing/folder-library';
import { ONE_MODEL, oneModel } from '@llamactl/server/testing/one-model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoModelBytes } from '../quickstart/demo-model.ts';
import { CommandSandbox } from '../testing/command-run.ts';

let folder: string;
let models: ModelLibrary;
let server: EventServer;
let sandbox: CommandSandbox;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-models-'));
  models = folderLibrary(folder);
  server = await EventServer.open({ models });
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
});

afterEach(async () => {
  models.close();
  await server.goAway();
  sandbox.dispose();
  await rm(folder, { recursive: true });
});

async function put(name: string, bytes = demoModelBytes()): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, bytes);
  await models.scan();
  return file;
}

describe('listing models', () => {
  it('prints what each is for, and who uses it', async () => {
    const file = await put('demo-Q8_0.gguf');
    await server.add('chat', { model_path: file });
    const { status, stdout } = await sandbox.run(['models']);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^MODEL +QUANT +SIZE +CONTEXT +FOR +USED BY +FROM\ndemo-Q8_0 +Q8_0 +2\.\d MB +\S+ +chat +chat +folder\n$/,
    );
    expect(JSON.parse((await sandbox.run(['models', 'ls', '--json'])).stdout)).toMatchObject([{ path: file }]);
    expect((await sandbox.run(['models', 'ls', '-q'])).stdout).toBe(`${file}\n`);
  });

  it('names the way to instances of the models of Ollama', async () => {
    await models.scan();
    const ofOllama = { ...ONE_MODEL, name: 'qwen3:8b', source: 'ollama' as const };
    const hint = async (): Promise<string> => {
      const other = await EventServer.open({ models: { ...oneModel, list: () => [ofOllama] } });
      const { stderr } = await sandbox.run(['models'], { environment: { LLAMACTL_URL: other.url } });
      await other.goAway();
      return stderr;
    };
    expect(await hint()).toBe('to make instances of the models of Ollama: llamactl import ollama\n');
    expect((await sandbox.run(['models'])).stderr).not.toContain('Ollama');
  });

  it('finds those with all words', async () => {
    await put('demo-Q8_0.gguf');
    await put('other.gguf');
    const names = async (...words: string[]): Promise<string[]> =>
      (await sandbox.run(['models', 'ls', '-q', ...words])).stdout
        .trim()
        .split('\n')
        .map((file) => path.basename(file));
    expect(await names('DEMO', 'q8')).toEqual(['demo-Q8_0.gguf']);
    expect((await sandbox.run(['models', 'q8', '-q'])).stdout).toContain('demo-Q8_0.gguf');
    expect((await sandbox.run(['models', 'ls', 'nope'])).stderr).toBe('no model has these words\n');
  });

  it('suggests the verb for a first word that resembles one and is in no model', async () => {
    await put('demo-search-Q8_0.gguf');
    const { status, stdout, stderr } = await sandbox.run(['models', 'serach', 'qwen']);
    expect([status, stdout, stderr]).toEqual([
      2,
      '',
      'llamactl: no model has the word serach; did you mean llamactl models search?\n',
    ]);
    expect(await sandbox.run(['models', 'searc'])).toMatchObject({ status: 0 });
    expect(await sandbox.run(['models', 'ls', 'serach'])).toMatchObject({ status: 0 });
  });

  it('warns of models that cannot be loaded', async () => {
    await put('cut.gguf', demoModelBytes().subarray(0, 9_000));
    const { stdout, stderr } = await sandbox.run(['models']);
    expect(stdout).toContain('cut (damaged)');
    expect(stderr).toMatch(/^warning: cut\.gguf is cut off: /);
  });

  it('warns of a folder in models.dirs that is missing', async () => {
    await rm(folder, { recursive: true });
    await models.scan();
    expect((await sandbox.run(['models'])).stderr).toContain(`\nwarning: models.dirs: ${folder} does not exist\n`);
    await mkdir(folder);
  });

  it('says so while the first scan goes on, and when there are none', async () => {
    expect((await sandbox.run(['models'])).stderr).toMatch(/^no models: .*\nthe server still scans its folders/);
  });
});

describe('showing a model', () => {
  it('finds it by name, path or a part of the name, and prints its page', async () => {
    const file = await put('demo-Q8_0.gguf');
    for (const word of ['demo-q8_0', file, 'demo', models.list()[0]?.id ?? '']) {
      const { status, stdout } = await sandbox.run(['models', 'show', word]);
      expect([status, stdout]).toEqual([
        0,
        expect.stringMatching(/^demo-Q8_0\nid .*\npath .*\nmodel +llama, .* parameters, Q8_0, /),
      ]);
    }
    expect((await sandbox.run(['models', 'show', 'demo', '--metadata'])).stdout).toContain(
      'general.name  llamactl demo',
    );
    expect((await sandbox.run(['models', 'show', 'demo', '--template'])).stdout).toContain('{');
  });

  it('prints the system prompt and the parameters that Ollama has for it', async () => {
    const system = await put('system', Buffer.from('You are a pirate.\nArr!'));
    const params = await put('params', Buffer.from('{"temperature":0.2,"num_ctx":4096}'));
    const model = { ...ONE_MODEL, layers: { ...NO_LAYERS, system, params } };
    const ofOllama = await EventServer.open({ models: { ...oneModel, list: () => [model], find: () => model } });
    try {
      const { stdout } = await sandbox.run(['models', 'show', 'gone', '--url', ofOllama.url]);
      expect(stdout).toMatch(
        /\nsystem prompt +You are a pirate\.\n +Arr!\nrequest defaults +temperature {2}0\.2\nparameters +num_ctx {2}4096$/m,
      );
    } finally {
      await ofOllama.goAway();
    }
  });

  it('names the command for parts that only instances have', async () => {
    const { status, stderr } = await sandbox.run(['models', 'show', 'demo', '--modelfile']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('llamactl show INSTANCE --modelfile, ')]);
  });

  it('names the command that downloads', async () => {
    const { status, stderr } = await sandbox.run(['models', 'pull', 'demo']);
    expect([status, stderr]).toEqual([2, 'llamactl: to download a model: llamactl pull REFERENCE\n']);
  });

  it('names those that match, or says that none does', async () => {
    await put('demo-a.gguf');
    await put('demo-b.gguf');
    const several = await sandbox.run(['models', 'show', 'demo']);
    expect([several.status, several.stderr]).toEqual([
      2,
      expect.stringMatching(
        /^llamactl: there are 2 models called demo; give a reference, an id or a path\n {2}[0-9a-f]{16} {2}demo-a {2}.*demo-a/,
      ),
    ]);
    expect(await sandbox.run(['models', 'show', 'nope'])).toMatchObject({
      status: 3,
      stderr: 'llamactl: there is no model nope; to list models: llamactl models\n',
    });
    for (const verb of ['show', 'rm'])
      expect(await sandbox.run(['models', verb, 'deom-a'])).toMatchObject({
        status: 3,
        stderr: 'llamactl: there is no model deom-a; did you mean demo-a?\n',
      });
  });
});

it('create names the only model that contains a word', async () => {
  await put('demo-Q8_0.gguf');
  const { status, stderr } = await sandbox.run(['create', 'a', '-m', 'EMO-Q8']);
  expect([status, stderr]).toEqual([
    3,
    expect.stringMatching(/^llamactl: there is no model and no file EMO-Q8; did you mean demo/),
  ]);
});

it.each(['acme/demo-GGUF:Q8_0', 'ollama:qwen3:8b', 'https://example.com/m.gguf'])(
  'create and update download nothing, and name the command that does: %s',
  async (reference) => {
    await models.scan();
    await server.add('chat');
    for (const words of [
      ['create', 'a'],
      ['update', 'chat'],
    ]) {
      expect(await sandbox.run([...words, '-m', reference])).toMatchObject({
        status: 3,
        stderr: `llamactl: there is no model ${reference} on this server\n  to download it: llamactl pull ${reference}\n`,
      });
    }
  },
);

it('show says that a word is a model without an instance', async () => {
  await put('demo-Q8_0.gguf');
  const { status, stderr } = await sandbox.run(['show', 'demo-q8_0']);
  expect([status, stderr]).toEqual([
    3,
    'llamactl: there is no instance demo-q8_0, but a model; to make an instance of it: llamactl run demo-q8_0\n' +
      '  to see the model: llamactl models show demo-q8_0\n',
  ]);
});

it('show and rm say why a model without an instance cannot be loaded', async () => {
  await put('cut.gguf', demoModelBytes().subarray(0, 1_000));
  for (const verb of ['show', 'rm']) {
    const { status, stderr } = await sandbox.run([verb, 'cut']);
    expect([status, stderr]).toEqual([
      3,
      expect.stringMatching(/^llamactl: there is no instance cut, but a model that cannot be loaded\n {2}\S.*\n$/),
    ]);
  }
});

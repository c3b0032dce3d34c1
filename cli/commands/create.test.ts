import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ApiError } from '@llamactl/contract/errors';
import { EventServer } from '@llamactl/server/testing/event-server';
import { ONE_MODEL, oneModel } from '@llamactl/server/testing/one-model';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CommandSandbox } from '../testing/command-run.ts';

let server: EventServer;
let sandbox: CommandSandbox;
let folder: string;

beforeEach(async () => {
  server = await EventServer.open();
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
  folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-settings-'));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await server.goAway();
  sandbox.dispose();
  rmSync(folder, { recursive: true });
});

/** The last change that the server was asked for, without its author. */
const asked = (): unknown[] | undefined => {
  const last = server.manager.calls.findLast(({ method }) => method === 'create' || method === 'update')?.arguments;
  return last?.at(-1) === 'anonymous' ? last.slice(0, -1) : last;
};

describe('creating an instance', () => {
  it('sends the flags', async () => {
    const words = 'create llama -m /m.gguf -o threads=8 -o jinja -e A=b -a gpt-4o --port 8123 --no-auto-restart'.split(
      ' ',
    );
    const result = await sandbox.run([...words, '--', '--pooling', 'mean', '-x', '--json']);
    expect(result).toEqual({ status: 0, stdout: 'llama  created, port 8123\n', stderr: '' });
    expect(asked()).toEqual([
      {
        name: 'llama',
        model_path: '/m.gguf',
        options: { threads: 8, jinja: true },
        environment: { A: 'b' },
        aliases: ['gpt-4o'],
        port: 8123,
        auto_restart: false,
        extra_args: ['--pooling', 'mean', '-x', '--json'],
      },
    ]);
  });

  it('resolves a model against this folder for a server on this machine', async () => {
    await sandbox.run(['create', 'llama', '--model', 'm.gguf']);
    expect(asked()).toEqual([{ name: 'llama', model_path: path.resolve('m.gguf') }]);
  });

  it.each([
    ['600', 600],
    ['10m', 600],
    ['0', 0],
  ])('takes an idle timeout of %s', async (text, seconds) => {
    await sandbox.run(['create', 'llama', '--idle-timeout', text]);
    expect(asked()).toEqual([{ name: 'llama', idle_timeout: seconds }]);
  });

  it.each(['10x', '1.5h', '90d'])('explains an idle timeout for %s', async (text) => {
    const { status, stderr } = await sandbox.run(['create', 'llama', '--idle-timeout', text]);
    expect([status, stderr]).toEqual([2, expect.stringContaining('Give a time such as 600, 10m or 1h')]);
  });

  it('copies a variable from the shell', async () => {
    await sandbox.run(['create', 'llama', '-e', 'SECRET'], { environment: { SECRET: 'x' } });
    expect(asked()).toEqual([{ name: 'llama', environment: { SECRET: 'x' } }]);
  });

  it('reads settings and name from a file, which flags override', async () => {
    const file = path.join(folder, 'body.json');
    writeFileSync(file, JSON.stringify({ name: 'filed', model_path: '/m.gguf', options: { threads: 1, seed: 2 } }));
    await sandbox.run(['create', '-f', file, '-o', 'threads=8']);
    expect(asked()).toEqual([{ name: 'filed', model_path: '/m.gguf', options: { threads: 8, seed: 2 } }]);
    await sandbox.run(['create', 'other', '--file', '-'], { input: '{"model_path": "/x.gguf"}' });
    expect(asked()).toEqual([{ name: 'other', model_path: '/x.gguf' }]);
  });

  it('prints warnings', async () => {
    const { stdout, stderr } = await sandbox.run(['create', 'llama']);
    expect([stdout, stderr]).toEqual(['llama  created, port 8100\n', 'warning: model_path is not there yet\n']);
  });

  it('warns of a given port that an engine cannot use', async () => {
    const create = async (name: string, port: string): Promise<string> =>
      (await sandbox.run(['create', name, '-m', '/m.gguf', '-p', port])).stderr;
    expect(await create('free', '8081')).toBe('');
    expect(await create('low', '22')).toBe('warning: port 22 is below 1024, where most systems let only root listen\n');
    const health = await server.manager.health('low');
    const message = 'Port 9000 is in use by nginx (pid 77); end it, or give a another port.';
    vi.spyOn(server.manager, 'health').mockResolvedValue({
      ...health,
      start_obstacle: { code: 'PORT_IN_USE', message, cause: 'port_in_use' },
    });
    expect(await create('taken', '9000')).toBe(`warning: ${message}\n`);
  });

  it("prints the API's response with --json, and only the name with --quiet", async () => {
    const { stdout } = await sandbox.run(['create', 'llama', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      message: 'Instance created successfully',
      instance: { name: 'llama', status: 'stopped' },
      warnings: ['model_path is not there yet'],
    });
    expect((await sandbox.run(['create', 'qwen', '-q', '-m', '/m.gguf'])).stdout).toBe('qwen\n');
  });

  it('starts it with --start', async () => {
    vi.spyOn(server.manager, 'start').mockImplementation(async (name) => {
      setImmediate(() => server.changeStatus(name, 'running'));
      server.changeStatus(name, 'starting');
      return 'starting';
    });
    const words = ['create', 'llama', '-m', '/m.gguf', '--start', '--wait'];
    expect(await sandbox.run(words, { now: 0 })).toEqual({
      status: 0,
      stdout: 'llama  running, port 8100 (0.0 s)\n',
      stderr: 'llama  created, port 8100\n',
    });
  });

  it("prints the API's response with --json and --start, with the current instance", async () => {
    vi.spyOn(server.manager, 'start').mockImplementation(async (name) => {
      setImmediate(() => server.changeStatus(name, 'failed', { reason: 'no memory' }));
      server.changeStatus(name, 'starting');
      return 'starting';
    });
    const { status, stdout } = await sandbox.run(['create', 'llama', '--start', '--wait', '--json']);
    expect(status).toBe(6);
    expect(JSON.parse(stdout)).toMatchObject({
      message: 'Instance created successfully',
      instance: { name: 'llama', status: 'failed', reason: 'no memory' },
    });
  });

  it('says once why it does not start, and that it stays', async () => {
    const missing = 'model_path is not there yet';
    vi.spyOn(server.manager, 'start').mockRejectedValue(new ApiError('MODEL_NOT_FOUND', `${missing}.`));
    const { status, stdout, stderr } = await sandbox.run(['create', 'llama', '--start']);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr.split(missing)).toHaveLength(2);
    expect(stderr).toContain(`llamactl: ${missing}.\n  the instance llama stays; for help: llamactl why llama;`);
  });

  it('asks for the model if there is none', async () => {
    const problems = [{ path: 'model_path', message: 'is required: the path of the model file' }];
    const error = new ApiError('VALIDATION_ERROR', 'model_path is required.', { problems });
    vi.spyOn(server.manager, 'create').mockRejectedValue(error);
    const { status, stderr } = await sandbox.run(['create', 'llama']);
    expect([status, stderr]).toEqual([2, 'llamactl: Which model? Add --model FILE (or -m FILE).\n']);
  });

  it('prints a refusal of the server', async () => {
    await server.add('llama');
    const { status, stdout, stderr } = await sandbox.run(['create', 'llama']);
    const way = 'to change it: llamactl update llama --model FILE; to delete it: llamactl rm llama';
    expect([status, stdout, stderr]).toEqual([1, '', `llamactl: There already is an instance llama.\n  ${way}\n`]);
  });

  it('refuses a word that is neither a model of the server nor a path', async () => {
    expect(await sandbox.run(['create', 'a', '-m', 'pirate'])).toMatchObject({
      status: 3,
      stderr:
        'llamactl: there is no model and no file pirate; to list models: llamactl models\n' +
        '  if Ollama has a model of this name: llamactl pull ollama:pirate\n',
    });
    expect((await sandbox.run(['create', 'a', '-m', 'qwen3:8b'])).stderr).toContain(
      "  to download it from Ollama's registry: llamactl pull ollama:qwen3:8b\n",
    );
    expect(server.manager.calls.filter(({ method }) => method === 'create')).toEqual([]);
  });

  it.each([
    ['hf:nosuch/model', '  models of Hugging Face have no prefix: llamactl pull nosuch/model\n'],
    ['hugging:nosuch/model', ''],
  ])('refuses a mistyped reference, and names the forms of references: %s', async (model, way) => {
    const { status, stderr } = await sandbox.run(['create', 'a', '-m', model]);
    const forms = 'write org/repo:Q4_K_M, ms:org/repo, ollama:name:tag, docker:ai/name:tag or https://…/file.gguf';
    expect(status).toBe(2);
    expect(stderr.startsWith(`llamactl: ${model} is not a reference: ${forms}\n${way}`)).toBe(true);
    expect(server.manager.calls.filter(({ method }) => method === 'create')).toEqual([]);
  });

  it('refuses an empty model, as of an unset variable', async () => {
    expect(await sandbox.run(['create', 'e', '-m', ''])).toMatchObject({
      status: 2,
      stderr: 'llamactl: --model is empty: give a model file\n',
    });
  });

  it.each([
    ['qwen3:8b', 'an alias may have it: llamactl create qwen3 --alias qwen3:8b --model FILE'],
    ['library/qwen3', 'an alias may have it: llamactl create qwen3 --alias library/qwen3 --model FILE'],
    ['my coder:7b', "an alias may have it: llamactl create my --alias 'my coder:7b' --model FILE"],
    ['a b', 'a valid name is: llamactl create a-b --model FILE'],
    ['ä/ö:1', 'a valid name is: llamactl create a-o-1 --model FILE'],
    ['/m/q.gguf', 'to talk to a model file: llamactl run /m/q.gguf; else: llamactl create NAME --model /m/q.gguf'],
  ])('shows a way for %s, which cannot be a name', async (name, way) => {
    const { status, stderr } = await sandbox.run(['create', name, '-m', '/m/q.gguf']);
    expect([status, stderr.trimEnd().split('\n').at(-1)]).toEqual([1, `  ${way}`]);
  });

  it.each<[string[], RegExp]>([
    [['create'], /^llamactl: NAME is missing\n/],
    [
      ['create', 'a', 'b'],
      /^llamactl: expected one name, but got also: b\n.*a model is given as --model b; .*after --/,
    ],
    [
      ['create', 'a', 'b', '-m', '/m'],
      /^llamactl: expected one name, but got also: b\n {2}one instance at a time; .* --update\n/,
    ],
    [['create', 'a', 'b', '--', 'c'], /^llamactl: expected one name, but got also: b\n/],
    [['create', 'a', '-o', 'threads', '8'], /^llamactl: expected one name, but got also: 8\n.*without a space/],
    [['create', 'a', '-o', 'threads='], /-o threads=: give a value, or leave the option out/],
    [['create', 'a', '--request-default', 'seed='], /--request-default seed=: give a value, or leave the option out/],
    [
      ['create', 'a', '--request-default', 'num_predict=5'],
      /num_predict: Ollama's name, .*\n {2}its name in OpenAI's API is max_tokens: --request-default max_tokens=5\n/,
    ],
    [
      ['create', 'a', '--request-default', 'num_ctx=4096'],
      /num_ctx: Ollama's name, .*\n {2}it is an option of the engine: -o ctx_size=4096\n/,
    ],
    [['create', 'a', '--request-default', 'seed'], /--request-default seed: write it as key=value, such as seed=1/],
    [['create', 'a', '--port', '70000'], /--port <number>.*a whole number from 1 to 65535/],
    [['create', 'a', '--max-restarts', '1.5'], /a whole number from -1/],
    [['create', 'a', '-e', 'NOT_SET'], /this variable is not set here/],
    [['create', 'a', '--engine-command', "a 'b"], /a quote is not closed/],
    [['create', 'a', '--file', '/nowhere/body.json'], /cannot read \/nowhere\/body\.json: no such file/],
    [['create', 'a', '--file', '-'], /standard input is not JSON/],
    [['create', 'a', 'm.gguf'], /a model file is given as --model m\.gguf/],
    [['update', 'a', 'ctx_size=5'], /an option of the engine is given as -o ctx_size=5/],
  ])('refuses invalid flags: %j', async (words, sentence) => {
    const { status, stderr } = await sandbox.run(words, { input: 'no' });
    expect(status).toBe(2);
    expect(stderr).toMatch(sentence);
    expect(server.manager.calls).toEqual([]);
  });

  it.each([
    ['{"backend_type": "llama_cpp", "backend_options": {"model": "/m.gguf"}}', 'an instance of the Go llamactl'],
    ['name: qwen\nparameters:\n  model: qwen.gguf\n', 'a model configuration of LocalAI'],
  ])('names the program of a file that it cannot read: %j', async (input, program) => {
    const { status, stderr } = await sandbox.run(['create', 'a', '--file', '-'], { input });
    expect(status).toBe(2);
    expect(stderr).toContain(`llamactl: standard input is ${program}`);
    expect(stderr).toContain('docs/how-to/from-');
    expect(server.manager.calls).toEqual([]);
  });
});

describe('a model that is given by name', () => {
  it.each([true, false])('is named by its file only if the instance was created: %j', async (isCreated) => {
    const other = await EventServer.open({ models: oneModel });
    const problems = [{ path: 'options.x', message: 'is not an option of this engine' }];
    const refusal = new ApiError('VALIDATION_ERROR', 'options.x is not an option of this engine.', { problems });
    if (!isCreated) vi.spyOn(other.manager, 'create').mockRejectedValue(refusal);
    const environment = { LLAMACTL_URL: other.url };
    const { status, stderr } = await sandbox.run(['create', 'a', '-m', ONE_MODEL.name], { environment });
    await other.goAway();
    expect(status).toBe(isCreated ? 0 : 1);
    expect(stderr.includes('using the model')).toBe(isCreated);
  });
});

describe('a model that cannot be loaded', () => {
  it('is refused', async () => {
    const broken = { ...ONE_MODEL, problems: ['gone lacks its file'] };
    const other = await EventServer.open({ models: { ...oneModel, list: () => [broken] } });
    const environment = { LLAMACTL_URL: other.url };
    const { stderr } = await sandbox.run(['create', 'a', '-m', 'gone'], { environment });
    await other.goAway();
    expect(stderr).toBe('llamactl: gone lacks its file\n');
  });
});

describe('a Modelfile', () => {
  it('is named by its line if its model is missing', async () => {
    const { status, stderr } = await sandbox.run(['create', 'a', '-f', '-'], { input: 'FROM qwen3:8b\n' });
    expect(status).toBe(3);
    expect(stderr).toContain('standard input:1: the server has no model qwen3:8b\n');
    expect(server.manager.list()).toEqual([]);
  });
});

describe('updating an instance', () => {
  beforeEach(() => server.add('llama', { options: { ctx_size: 4_096, threads: 8 } }));

  it('sends a merge patch of the flags', async () => {
    const words = [
      'update',
      'llama',
      '-o',
      'threads=4',
      '--unset',
      'options.ctx-size',
      '--unset',
      'port',
      '--no-unlisted',
    ];
    expect(await sandbox.run(words)).toEqual({ status: 0, stdout: 'llama  updated\n', stderr: '' });
    expect(asked()).toEqual([
      'llama',
      { options: { threads: 4, ctx_size: null }, port: null, unlisted: false },
      { ifMatch: undefined, restart: false, by: 'anonymous' },
    ]);
  });

  it('knows the option that an unknown setting probably is', async () => {
    const problems = [{ path: 'ctx_size', message: 'is not known' }];
    const error = new ApiError('VALIDATION_ERROR', 'ctx_size is not known', { problems });
    vi.spyOn(server.manager, 'update').mockRejectedValue(error);
    const { status, stderr } = await sandbox.run(['update', 'llama', '--unset', 'ctx-size']);
    expect([status, stderr]).toEqual([
      1,
      'llamactl: ctx_size is not known\n  did you mean --unset options.ctx_size?\n',
    ]);
  });

  it('unsets an option without a value', async () => {
    await sandbox.run(['update', 'llama', '-o', 'threads=']);
    expect(asked()).toEqual([
      'llama',
      { options: { threads: null } },
      { ifMatch: undefined, restart: false, by: 'anonymous' },
    ]);
  });

  it('reports that a running engine needs a restart', async () => {
    vi.spyOn(server.manager, 'update').mockImplementation(async (name) => ({
      instance: { ...server.manager.get(name), status: 'running', restart_required: true },
      entityTag: '"2"',
      warnings: ['look out'],
      changes: [],
    }));
    expect(await sandbox.run(['update', 'llama', '--port', '8123'])).toEqual({
      status: 0,
      stdout: 'llama  updated\n',
      stderr: 'warning: look out\nto apply the changes: llamactl restart llama\n',
    });
  });

  it('restarts with --restart, and waits', async () => {
    vi.spyOn(server.manager, 'update').mockImplementation(async (name, _patch, { restart }) => {
      expect(restart).toBe(true);
      server.changeStatus(name, 'restarting');
      setImmediate(() => server.changeStatus(name, 'running'));
      return { instance: server.manager.get(name), entityTag: '"2"', warnings: [], changes: [] };
    });
    const words = ['update', 'llama', '-o', 'threads=4', '--restart', '--wait'];
    expect(await sandbox.run(words, { now: 0 })).toEqual({
      status: 0,
      stdout: 'llama  running, port 8100 (0.0 s)\n',
      stderr: '',
    });
  });

  it("prints the API's response with --json", async () => {
    const { stdout } = await sandbox.run(['update', 'llama', '--port', '8123', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ instance: { name: 'llama', port: 8123 }, restart_required: false });
  });

  it('requires a change', async () => {
    const { status, stderr } = await sandbox.run(['update', 'llama']);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^llamactl: nothing to change: give a setting\n/)]);
  });

  it('suggests the closest name for an unknown one', async () => {
    const { status, stderr } = await sandbox.run(['update', 'lama', '--port', '8123']);
    expect([status, stderr]).toEqual([3, 'llamactl: there is no instance lama; did you mean llama?\n']);
  });
});

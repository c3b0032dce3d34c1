import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChatServer } from '../testing/chat-server.ts';
import { CommandSandbox, type RunResult } from '../testing/command-run.ts';
import { sampleModel } from '../testing/sample-model.ts';

let server: ChatServer;
let sandbox: CommandSandbox;

beforeEach(async () => {
  server = await new ChatServer().listen();
  sandbox = new CommandSandbox();
});

afterEach(async () => {
  await server.leave();
  sandbox.dispose();
});

/** Writes a file of the sandbox. @returns its path */
function put(name: string, text: string): string {
  const file = path.join(sandbox.home, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

function create(text: string, ...flags: string[]): Promise<RunResult> {
  const words = ['create', 'coder', '-f', put('deep/Modelfile', text), ...flags];
  return sandbox.run(words, { environment: { LLAMACTL_URL: server.url } });
}

const PIRATE = sampleModel({
  id: 'id-1',
  name: 'pirate:latest',
  ref: 'ollama:pirate:latest',
  path: '/b',
  source: 'ollama',
});
const created = (): unknown[] => [...server.instances.values()];
/** Of the last instance, to compare exactly: a setting that it should not have must not go unnoticed. */
const settingsMade = (): unknown => {
  const last = [...server.instances.values()].at(-1);
  return last && { request_defaults: last.request_defaults, options: last.options };
};

describe('llamactl create NAME -f Modelfile', () => {
  it('takes files from the folder of the Modelfile, and says what it drops', async () => {
    const files = ['qwen.gguf', 'lora.gguf', 'mmproj.gguf'].map((name) => put(`deep/${name}`, 'GGUF'));
    const { status, stderr } = await create(
      'FROM ./qwen.gguf\nFROM mmproj.gguf\nADAPTER lora.gguf\nPARAMETER num_ctx 512\nTEMPLATE x\nSYSTEM Be brief.\n',
    );
    expect(stderr).toMatch(/Modelfile:5: TEMPLATE is not used: the chat template in the model's file is used/);
    expect(status).toBe(0);
    const [model, lora, mmproj] = files;
    expect(created()).toMatchObject([
      { name: 'coder', model_path: model, options: { ctx_size: 512, lora, mmproj }, system_prompt: 'Be brief.' },
    ]);
  });

  it('begins with the settings of a model of Ollama, as Ollama does', async () => {
    server.models = [PIRATE];
    const details = { ...PIRATE, system_prompt: 'Arr.', request_defaults: { temperature: 1, top_k: 9 } };
    server.others.set('GET /api/models/id-1', [{ ...details, other_parameters: { num_ctx: 64, num_thread: 2 } }]);
    expect((await create('FROM pirate\nPARAMETER temperature 0\nPARAMETER num_ctx 512\n')).stderr).toBe('');
    server.others.set('GET /api/models/id-1', [{ ...details, other_parameters: {}, messages: [{}] }]);
    const second = await sandbox.run(['create', 'b', '-f', put('deep/Modelfile', 'FROM pirate')], {
      environment: { LLAMACTL_URL: server.url },
    });
    expect(second.stderr).toContain('Modelfile:1: the model has 1 message that begins each chat in Ollama: not used, ');
    expect(created()[0]).toMatchObject({
      model: 'ollama:pirate:latest',
      system_prompt: 'Arr.',
      request_defaults: { temperature: 0, top_k: 9 },
      options: { ctx_size: 512, threads: 2 },
    });
  });

  it("gives up a setting of its model for Ollama's default", async () => {
    server.models = [PIRATE];
    const details = { ...PIRATE, system_prompt: null, request_defaults: { max_tokens: 64 } };
    server.others.set('GET /api/models/id-1', [{ ...details, other_parameters: { num_gpu: 3, num_thread: 2 } }]);
    await create('FROM pirate\nPARAMETER num_predict -1\nPARAMETER num_gpu -1\n');
    expect(settingsMade()).toEqual({ request_defaults: {}, options: { threads: 2 } });
  });

  it('says for which parameters the engine is too old', async () => {
    put('deep/qwen.gguf', 'GGUF');
    server.others.set('GET /api/engines/llama_cpp/options', [{ options: [{ key: 'threads' }], problem: null }]);
    const { stderr } = await create('FROM qwen.gguf\nPARAMETER num_thread 2\nPARAMETER use_mlock true\n');
    expect(stderr).toContain('Modelfile:3: PARAMETER use_mlock is not used: the engine is too old for it\n');
    expect(settingsMade()).toEqual({ request_defaults: {}, options: { threads: 2 } });
  });

  it('begins with the model and the settings of an instance, as of a model that Ollama made of a Modelfile', async () => {
    server.add('two', {
      model: 'pirate',
      model_path: '/b',
      system_prompt: 'Arr.',
      request_defaults: { top_k: 9, response_format: { type: 'text' } },
      options: { ctx_size: 64, lora: '/l', flash_attn: 'on' },
      aliases: ['two:latest'],
    });
    const { stderr } = await create('FROM two\nPARAMETER num_ctx 512\n');
    expect(stderr).toContain('Modelfile:1: FROM takes the model and the settings of the instance two\n');
    expect(created().at(-1)).toMatchObject({
      name: 'coder',
      model: 'pirate',
      system_prompt: 'Arr.',
      request_defaults: { top_k: 9 },
      options: { ctx_size: 512, lora: '/l' },
    });
    expect(settingsMade()).toEqual({ request_defaults: { top_k: 9 }, options: { ctx_size: 512, lora: '/l' } });
  });

  it('takes a model of a hub by its reference', async () => {
    server.models = [sampleModel({ name: 'Qwen3-4B-Q4_K_M', ref: 'Qwen/Qwen3-4B-GGUF:Q4_K_M', path: '/hub/q.gguf' })];
    await create('FROM hf.co/Qwen/Qwen3-4B-GGUF:Q4_K_M');
    expect(created()).toMatchObject([{ model: 'Qwen/Qwen3-4B-GGUF:Q4_K_M' }]);
  });

  it('gives way to flags', async () => {
    put('deep/qwen.gguf', 'GGUF');
    await create('FROM qwen.gguf\nPARAMETER num_ctx 512\nSYSTEM x', '-o', 'ctx_size=64', '--system-prompt', 'y');
    expect(created()).toMatchObject([{ options: { ctx_size: 64 }, system_prompt: 'y' }]);
  });

  it('names the missing FROM, also on standard input', async () => {
    const environment = { LLAMACTL_URL: server.url };
    const words = ['create', 'coder', '-f', '-'];
    expect(await sandbox.run(words, { input: 'SYSTEM You are a pirate.\n', environment })).toMatchObject({
      status: 2,
      stderr: 'llamactl: standard input has no FROM, which names the model\n',
    });
  });

  it('says that a file is empty, or is the model itself', async () => {
    expect(await create(' \n')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/Modelfile is empty\n/) as string,
    });
    const file = put('q.gguf', 'GGUF');
    const environment = { LLAMACTL_URL: server.url };
    expect(await sandbox.run(['create', 'coder', '-f', file], { environment })).toMatchObject({
      status: 2,
      stderr: `llamactl: ${file} is a model file, which is given with -m: -m ${file}\n`,
    });
    expect(created()).toEqual([]);
  });

  it('names a download once', async () => {
    const { stderr } = await create('FROM registry.example/me/tuned:1b');
    expect(stderr.match(/llamactl pull .*/g)).toEqual(['llamactl pull ollama:registry.example/me/tuned:1b']);
  });

  it('reads standard input', async () => {
    const file = put('q.gguf', 'GGUF');
    const environment = { LLAMACTL_URL: server.url };
    await sandbox.run(['create', 'coder', '-f', '-'], { input: `FROM ${file}\n`, environment });
    expect(created()).toMatchObject([{ model_path: file }]);
  });

  it.each([
    [
      'FROM qwen3:8b',
      'Modelfile:1: the server has no model qwen3:8b\n  to download it: llamactl pull ollama:qwen3:8b\n',
    ],
    [
      'FROM me/tuned:1b',
      '  to download it: llamactl pull me/tuned:1b\n' +
        "  or from Ollama's registry: llamactl pull ollama:me/tuned:1b\n",
    ],
    ['FROM q.gguf\nFROM qwen3:8b', 'Modelfile:2: FROM qwen3:8b: a second FROM must be a projector file\n'],
    ['FROM hf.co/a/b:Q4_0', '  to download it: llamactl pull hf.co/a/b:Q4_0\n'],
    ['FROM plain.gguf2', 'Modelfile:1: FROM plain.gguf2: there is no file '],
    ['FROM ./none.gguf', 'Modelfile:1: FROM ./none.gguf: there is no file '],
    ['FROM .', 'Modelfile:1: FROM .: llama.cpp reads only GGUF files\n  convert_hf_to_gguf.py'],
    ['FROM q.gguf\nADAPTER x.safetensors', 'Modelfile:2: ADAPTER x.safetensors: '],
  ])('creates nothing for %j', async (text, message) => {
    put('deep/q.gguf', 'GGUF');
    put('deep/x.safetensors', '');
    const { status, stderr } = await create(text);
    expect(status).not.toBe(0);
    expect(stderr).toContain(message);
    expect(created()).toEqual([]);
  });

  it('names the model of a file of Ollama, which a pull may delete', async () => {
    const blob = put(`blobs/sha256-${'0'.repeat(64)}`, 'GGUF');
    server.models = [sampleModel({ name: 'qwen3:8b', path: blob, source: 'ollama' })];
    const { status, stderr } = await create(`FROM ${blob}\n`);
    expect([status, stderr]).toEqual([
      0,
      expect.stringContaining(':1: ollama pull may delete this file; to keep the instance, write FROM qwen3:8b\n'),
    ]);
    expect(created()).toMatchObject([{ model_path: blob }]);
    const gone = await create(`FROM ${blob.replace(/0$/, '1')}\n`);
    expect(gone.stderr).toContain('  ollama pull and ollama rm delete such files; write the name of the model');
  });

  it('creates nothing of a model that cannot be loaded', async () => {
    server.models = [sampleModel({ name: 'bad:1', path: '/b', problems: ['bad:1 lacks its file'] })];
    expect(await create('FROM bad:1')).toMatchObject({ status: 1, stdout: '' });
    expect(created()).toEqual([]);
  });
});

describe('llamactl update NAME -f Modelfile', () => {
  const update = (text: string, ...flags: string[]): Promise<RunResult> =>
    sandbox.run(['update', 'coder', '-f', put('deep/Modelfile', text), ...flags], {
      environment: { LLAMACTL_URL: server.url },
    });

  beforeEach(() => {
    put('deep/qwen.gguf', 'GGUF');
    const instance = server.add('coder', {
      system_prompt: 'Be brief.',
      request_defaults: { temperature: 0.2, top_k: 20, response_format: { type: 'text' } },
      options: { ctx_size: 512, threads: 2, lora: '/l.gguf', mmproj: false, flash_attn: 'on' },
    });
    server.others.set('PUT /api/instances/coder', [{ message: '', instance }]);
  });

  it('removes what a Modelfile can say and this one does not, and says so', async () => {
    const { stdout, stderr } = await update(
      'FROM qwen.gguf\nPARAMETER temperature 0.3\nPARAMETER seed 7\nPARAMETER num_ctx 512\nPARAMETER num_batch 64\n',
    );
    expect(stdout).toBe('coder  updated\n');
    expect(stderr).toBe(
      'from the Modelfile; added: seed 7, batch_size 64; changed: temperature 0.2 to 0.3; ' +
        'removed: system prompt, top_k, threads, lora\n',
    );
    expect(server.bodies).toEqual([
      {
        model_path: path.join(sandbox.home, 'deep/qwen.gguf'),
        system_prompt: null,
        request_defaults: { temperature: 0.3, seed: 7, top_k: null },
        options: { ctx_size: 512, batch_size: 64, threads: null, lora: null },
      },
    ]);
  });

  it('keeps what flags set', async () => {
    await update('FROM qwen.gguf\n', '-o', 'threads=4', '--system-prompt', 'x');
    expect(server.bodies).toMatchObject([{ system_prompt: 'x', options: { ctx_size: null, threads: 4 } }]);
  });

  it('says that it changes nothing', async () => {
    const model_path = path.join(sandbox.home, 'deep/qwen.gguf');
    const instance = server.add('coder', { model_path, request_defaults: { temperature: 0.3 } });
    server.others.set('PUT /api/instances/coder', [{ message: '', instance }]);
    expect(await update('FROM qwen.gguf\nPARAMETER temperature 0.3\n')).toEqual({
      status: 0,
      stdout: 'coder  unchanged: it has all that the Modelfile says\n',
      stderr: '',
    });
    server.others.set('PUT /api/instances/coder', [{ message: '', instance: { ...instance, pinned: true } }]);
    expect((await update('FROM qwen.gguf\nPARAMETER temperature 0.3\n', '--pinned')).stdout).toBe('coder  updated\n');
  });
});

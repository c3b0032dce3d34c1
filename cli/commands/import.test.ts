import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Model } from '@llamactl/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChatServer } from '../testing/chat-server.ts';
import { CommandSandbox, type RunResult } from '../testing/command-run.ts';
import { sampleModel } from '../testing/sample-model.ts';

let server: ChatServer;
let sandbox: CommandSandbox;

const ofOllama = (name: string, id: string, changes: Partial<Model> = {}): Model =>
  sampleModel({ id, name, ref: `ollama:${name}`, path: `/ollama/blobs/${id}`, source: 'ollama', ...changes });
const PIRATE = ofOllama('pirate:latest', 'id-1');
/** An instance with the settings that Ollama has for the model. */
const AS_IN_OLLAMA = {
  model: 'ollama:pirate:latest',
  model_path: PIRATE.path,
  system_prompt: 'You are a pirate.',
  request_defaults: { temperature: 0.2 },
  options: { ctx_size: 4_096 },
};
const QWEN = ofOllama('qwen3:8b', 'id-2');
const EMBED = ofOllama('nomic:latest', 'id-3', { capabilities: ['embeddings'] });
const BROKEN = ofOllama('bad:1', 'id-4', { problems: ['bad:1 lacks its file sha256-0a'] });
const OF_PIRATE = {
  ...PIRATE,
  system_prompt: 'You are a pirate.',
  request_defaults: { temperature: 0.2 },
  other_parameters: { num_ctx: 4_096, num_keep: 5 },
};

beforeEach(async () => {
  server = await new ChatServer().listen();
  server.models = [PIRATE, QWEN, sampleModel({ id: 'id-9', name: 'plain', path: '/models/plain.gguf' })];
  server.others.set('GET /api/models/id-1', [OF_PIRATE]);
  sandbox = new CommandSandbox();
});

afterEach(async () => {
  await server.leave();
  sandbox.dispose();
});

function run(...words: string[]): Promise<RunResult> {
  return sandbox.run(['import', ...words], at());
}

function at(): { environment: Record<string, string> } {
  return { environment: { LLAMACTL_URL: server.url } };
}

describe('llamactl import ollama', () => {
  it('creates a stopped instance of each model of Ollama, with its settings', async () => {
    expect(await run('ollama')).toEqual({
      status: 0,
      stdout:
        'pirate  created for pirate:latest, with system prompt, temperature, ctx_size=4096\n' +
        'qwen3-8b  created for qwen3:8b\n',
      stderr:
        'pirate:latest: parameters that are not used: num_keep\n' +
        'each starts at its first request; to chat with one: llamactl run pirate\n',
    });
    expect([...server.instances.values()]).toMatchObject([
      {
        name: 'pirate',
        status: 'stopped',
        model: 'ollama:pirate:latest',
        aliases: ['pirate:latest'],
        system_prompt: 'You are a pirate.',
        request_defaults: { temperature: 0.2 },
        options: { ctx_size: 4_096 },
      },
      { name: 'qwen3-8b', status: 'stopped', model: 'ollama:qwen3:8b', aliases: ['qwen3:8b'] },
    ]);
  });

  it('says that messages of a model have no effect', async () => {
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Arr' },
    ];
    server.others.set('GET /api/models/id-1', [{ ...OF_PIRATE, messages }]);
    expect((await run('ollama', 'pirate')).stderr).toContain(
      'warning: pirate:latest: the model has 2 messages that begin each chat in Ollama: not used, ',
    );
  });

  it('creates only those that are named', async () => {
    expect((await run('ollama', 'QWEN3:8b', 'qwen3:8b', '-q')).stdout).toBe('qwen3-8b\n');
    expect([...server.instances.keys()]).toEqual(['qwen3-8b']);
  });

  it('lets a model for embeddings compute them', async () => {
    server.models = [EMBED];
    await run('ollama');
    expect([...server.instances.values()]).toMatchObject([{ name: 'nomic', options: { embeddings: true } }]);
  });

  it('leaves existing instances as they are', async () => {
    server.add('pirate', { ...AS_IN_OLLAMA, options: { ctx_size: 4_096, threads: 2 } });
    const { stdout, stderr } = await run('ollama');
    expect(stdout).toBe('pirate  exists already for pirate:latest\nqwen3-8b  created for qwen3:8b\n');
    expect(stderr).not.toContain('--update');
  });

  it('says which existing instances have other settings than their models', async () => {
    server.add('pirate', { ...AS_IN_OLLAMA, request_defaults: { temperature: 0.9 } });
    const { stdout, stderr } = await run('ollama', 'pirate');
    expect(stdout).toBe('pirate  exists already for pirate:latest; its settings differ\n');
    expect(stderr).toBe(
      'to see which settings differ from those in Ollama: llamactl import ollama pirate:latest --update --dry-run\n',
    );
  });

  it('names the command for instances whose model has another file now', async () => {
    const old = path.join(sandbox.home, 'old');
    writeFileSync(old, 'GGUF');
    server.add('pirate', { model: 'ollama:pirate:latest', model_path: '/ollama/blobs/gone' });
    server.add('parrot', { model: 'pirate', model_path: old });
    const { stdout, stderr } = await run('ollama', 'pirate');
    expect(stdout).toBe(
      'pirate  exists already for pirate:latest; its file is gone\n' +
        'parrot  exists already for pirate:latest; Ollama has a newer version\n',
    );
    expect(stderr).toBe('for the files that Ollama has now: llamactl import ollama pirate:latest --update\n');
  });

  it('shows with --dry-run what it would do, and the server checks it', async () => {
    const preview = { problems: [], warnings: ['it is large'] };
    server.others.set('POST /api/instances', [{ message: '', instance: {}, preview }]);
    const { status, stdout, stderr } = await run('ollama', 'pirate', '--dry-run');
    expect([status, stdout]).toEqual([
      0,
      'pirate  would be created for pirate:latest, with system prompt, temperature, ctx_size=4096\n',
    ]);
    expect(stderr).toBe('warning: pirate:latest: it is large\npirate:latest: parameters that are not used: num_keep\n');
    expect(server.instances.size).toBe(0);
  });

  it('names with --dry-run all problems of the instance that the server would refuse', async () => {
    const problems = [
      { path: 'options.ctx_size', message: 'must be a number' },
      { path: 'aliases[0]', message: 'is taken' },
    ];
    server.others.set('POST /api/instances', [
      { message: '', instance: {}, preview: { problems, warnings: [] } },
      { message: '', instance: {}, preview: { problems: [], warnings: [] } },
    ]);
    expect(await run('ollama', '--dry-run')).toMatchObject({
      status: 1,
      stdout: 'qwen3-8b  would be created for qwen3:8b\n',
      stderr: expect.stringContaining(
        'pirate:latest failed: options.ctx_size must be a number; aliases[0] is taken\n',
      ) as string,
    });
  });

  describe('with --update', () => {
    beforeEach(() => {
      server.models = [PIRATE];
      server.add('pirate', {
        model: 'ollama:pirate:latest',
        aliases: ['pirate:latest'],
        model_path: '/ollama/blobs/old',
        system_prompt: 'You are an old pirate.',
        request_defaults: { temperature: 0.2, top_k: 20, response_format: { type: 'text' } },
        options: { ctx_size: 512, threads: 2, flash_attn: 'on' },
      });
      server.others.set('PUT /api/instances/pirate', [{ message: '', instance: { restart_required: true } }]);
    });

    it('replaces all settings that Ollama can have, and says which', async () => {
      const { stdout, stderr } = await run('ollama', 'pirate', '--update');
      expect(stdout).toBe(
        'pirate  updated from pirate:latest, with system prompt, temperature, ctx_size=4096' +
          '; changed: system prompt, ctx_size 512 to 4096; removed: top_k; kept: threads\n',
      );
      expect(stderr).toContain('to apply the changes: llamactl restart pirate\n');
      expect(server.bodies.at(-1)).toEqual({
        model: 'ollama:pirate:latest',
        system_prompt: 'You are a pirate.',
        request_defaults: { temperature: 0.2, top_k: null },
        options: { ctx_size: 4_096 },
      });
    });

    it('removes no option of the engine that the model lacks', async () => {
      server.others.set('GET /api/models/id-1', [{ ...OF_PIRATE, other_parameters: {} }]);
      expect((await run('ollama', '--update')).stdout).toContain('; removed: top_k; kept: ctx_size, threads\n');
      expect(server.bodies.at(-1)).not.toHaveProperty('options');
    });

    it('names the settings that it adds', async () => {
      server.add('pirate', {
        model: 'ollama:pirate:latest',
        model_path: '/ollama/blobs/old',
        aliases: ['pirate:latest'],
      });
      expect((await run('ollama', '--update')).stdout).toContain(
        '; added: system prompt, temperature 0.2, ctx_size 4096\n',
      );
    });

    it('removes a system prompt that Ollama has no more', async () => {
      server.others.set('GET /api/models/id-1', [{ ...OF_PIRATE, system_prompt: null }]);
      expect((await run('ollama', '--update')).stdout).toContain('; removed: system prompt, top_k; kept: threads\n');
      expect(server.bodies.at(-1)).toMatchObject({ system_prompt: null });
    });

    it('shows the same with --dry-run', async () => {
      expect((await run('ollama', '--update', '--dry-run')).stdout).toBe(
        'pirate  would be updated from pirate:latest, with system prompt, temperature, ctx_size=4096' +
          '; changed: system prompt, ctx_size 512 to 4096; removed: top_k; kept: threads\n',
      );
    });

    it('names with --dry-run the problem of the change that the server would refuse', async () => {
      const preview = { problems: [{ path: 'model_path', message: 'is outside of models.dirs' }], warnings: [] };
      const instance = { restart_required: false };
      server.others.set('PUT /api/instances/pirate', [{ message: '', instance, preview }]);
      expect(await run('ollama', '--update', '--dry-run')).toMatchObject({
        status: 1,
        stdout: '',
        stderr: expect.stringContaining('pirate:latest failed: model_path is outside of models.dirs\n') as string,
      });
    });

    it('names no update of an instance that is as in Ollama already', async () => {
      server.others.set('PUT /api/instances/pirate', [{ message: '', instance: { restart_required: false } }]);
      server.add('pirate', {
        ...AS_IN_OLLAMA,
        request_defaults: { temperature: 0.2, response_format: { type: 'text' } },
        options: { ctx_size: 4_096, flash_attn: 'on' },
      });
      expect((await run('ollama', '--update')).stdout).toBe('pirate  exists already for pirate:latest\n');
    });

    it('names no update that was made before, and still waits for a restart', async () => {
      server.add('pirate', { ...AS_IN_OLLAMA, restart_required: true });
      expect(await run('ollama', '--update')).toMatchObject({
        stdout: 'pirate  exists already for pirate:latest\n',
        stderr: 'to apply the changes: llamactl restart pirate\n',
      });
    });

    it('gives further instances of the model only its file', async () => {
      server.add('parrot', { model: 'pirate', model_path: '/ollama/blobs/old', options: { ctx_size: 1 } });
      server.add('other', { model: 'qwen3:8b', model_path: '/ollama/blobs/old' });
      server.add('sound', { model: 'pirate', model_path: PIRATE.path });
      server.others.set('PUT /api/instances/parrot', [{ message: '', instance: { restart_required: false } }]);
      const { stdout } = await run('ollama', 'pirate', '--update');
      expect(stdout.split('\n').slice(1)).toEqual(['parrot  got the new file of pirate:latest; its settings stay', '']);
      expect(server.bodies.at(-1)).toEqual({ model: 'pirate' });
      expect(server.asked.filter((each) => each.startsWith('PUT'))).toHaveLength(2);
    });

    it('creates no instance of a model that has others', async () => {
      server.instances.clear();
      server.add('parrot', { model: 'pirate', model_path: '/ollama/blobs/old' });
      server.others.set('PUT /api/instances/parrot', [{ message: '', instance: { restart_required: true } }]);
      const { stdout, stderr } = await run('ollama', 'pirate', '--update');
      expect(stdout).toBe('parrot  got the new file of pirate:latest; its settings stay\n');
      expect(stderr).toBe('to apply the changes: llamactl restart parrot\n');
    });
  });

  it('skips a model that cannot be loaded, which is an error only if it was named', async () => {
    server.models = [BROKEN, QWEN];
    expect(await run('ollama')).toMatchObject({
      status: 0,
      stdout: 'qwen3-8b  created for qwen3:8b\n',
      stderr: expect.stringContaining('skipped: bad:1 lacks its file sha256-0a\n') as string,
    });
    expect(await run('ollama', 'bad:1')).toMatchObject({ status: 1, stdout: '' });
  });

  it('names the model whose instance the server refuses, and goes on', async () => {
    server.models = [ofOllama('a:1', 'id-5'), QWEN];
    server.others.set('GET /api/models/id-5', [{ ...OF_PIRATE, id: 'id-5', system_prompt: null }]);
    server.refusedInstance = 'a-1';
    expect(await run('ollama')).toMatchObject({
      status: 1,
      stdout: 'qwen3-8b  created for qwen3:8b\n',
      stderr: expect.stringContaining('a:1 failed: a-1 is refused\n') as string,
    });
  });

  it("names no parameter that has Ollama's default", async () => {
    server.others.set('GET /api/models/id-1', [{ ...OF_PIRATE, other_parameters: { num_predict: -1, num_gpu: -1 } }]);
    const { stdout, stderr } = await run('ollama', 'pirate');
    expect(stdout).toBe('pirate  created for pirate:latest, with system prompt, temperature\n');
    expect(stderr).not.toContain('not used');
  });

  it('prints the steps with --json', async () => {
    const { stdout } = await run('ollama', 'pirate', '--json');
    expect(JSON.parse(stdout)).toMatchObject([
      { model: 'pirate:latest', instance: 'pirate', action: 'create', unused: ['num_keep'], error: null },
    ]);
  });

  it('says where the server looks, if it has no models of Ollama', async () => {
    server.models = [];
    const { status, stderr } = await run('ollama');
    expect(status).toBe(3);
    expect(stderr).toContain('the server has found no models of Ollama\n  it looks in ~/.ollama/models');
  });

  it('says of a model that instances name, and Ollama has no more, how to go on', async () => {
    const blob = `/ollama/blobs/sha256-${'0'.repeat(64)}`;
    server.add('chatty', { model: 'ollama:chatty:latest', model_path: blob });
    server.add('talker', { model: 'chatty', model_path: blob });
    const answer = {
      status: 3,
      stdout: '',
      stderr:
        'llamactl: Ollama no longer has chatty:latest\n' +
        '  to bring it back: ollama pull chatty:latest, then this command again\n' +
        '  or to delete what is left of it here: llamactl rm chatty talker\n',
    };
    expect(await run('ollama', 'chatty:latest', '--update')).toEqual(answer);
    server.models = [];
    expect(await run('ollama', 'chatty:latest', '--update')).toEqual(answer);
  });

  it('suggests the tag that Ollama has of a model', async () => {
    expect((await run('ollama', 'Qwen3')).stderr).toBe(
      'llamactl: there is no model of Ollama Qwen3; did you mean qwen3:8b?\n',
    );
  });

  it('suggests the nearest model', async () => {
    expect(await run('ollama', 'qwen3:8c')).toMatchObject({
      status: 3,
      stderr: 'llamactl: there is no model of Ollama qwen3:8c; did you mean qwen3:8b?\n',
    });
  });
});

describe('llamactl import llama-swap', () => {
  const PARSED = {
    format: 'llama_swap',
    instances: [
      {
        model: 'org/chat',
        line: 2,
        settings: { engine: 'llama_cpp', name: 'org-chat', model_path: '/m.gguf', aliases: ['org/chat'] },
        understood: [],
        dropped: [{ text: '--port 1', why: 'is set by llamactl' }],
      },
      { model: 'embed', line: 9, settings: { name: 'embed' }, understood: [], dropped: [] },
    ],
    unread: [{ model: 'vllm', line: 5, why: 'has no cmd' }],
  };

  it('prints the names of new instances with --quiet, and what it skipped', async () => {
    server.others.set('POST /api/engines/parse', [PARSED]);
    server.add('EMBED');
    server.others.set('PUT /api/instances/EMBED', [{ message: '', instance: {} }]);
    expect(await sandbox.run(['import', 'llama-swap', '-', '-q'], { ...at(), input: 'models: {}' })).toEqual({
      status: 0,
      stdout: 'org-chat\n',
      stderr: 'skipped: vllm (line 5): has no cmd\n',
    });
    expect([...server.instances.keys()]).toEqual(['EMBED', 'org-chat']);
  });

  it('prints a warning about several instances once, and all results in the order of the file', async () => {
    const instances = ['a', 'b'].map((name, at) => ({
      model: name,
      line: 2 * at + 1,
      settings: { name },
      understood: [],
      dropped: [],
    }));
    const unread = [{ model: 'vllm', line: 2, why: 'has no cmd' }];
    server.others.set('POST /api/engines/parse', [{ format: 'llama_swap', instances, unread }]);
    for (const { model } of instances) server.add(model);
    const preview = { problems: [], changes: [] };
    const answer = (name: string, warnings: string[]) => ({
      message: '',
      instance: { name },
      preview: { ...preview, warnings },
    });
    server.others.set('PUT /api/instances/a', [answer('a', ['no engine', 'own'])]);
    server.others.set('PUT /api/instances/b', [answer('b', ['no engine'])]);
    const lines: string[] = [];
    const noted = (output: string): void => void lines.push(output.trimEnd().split('\n').at(-1) ?? '');
    const { stdout } = await sandbox.run(['import', 'llama-swap', '-', '--update', '--dry-run'], {
      ...at(),
      input: 'x',
      onOutput: noted,
      onErrorOutput: noted,
    });
    expect(stdout).toBe('a  exists already\n  warning: own\nb  exists already\n\nwarnings, of several:\n  no engine\n');
    expect(lines.slice(0, 4)).toEqual([
      'a  exists already',
      '  warning: own',
      'skipped: vllm (line 2): has no cmd',
      'b  exists already',
    ]);
  });

  it('sends variables of the environment that cannot change the file, and no others', async () => {
    server.others.set('POST /api/engines/parse', [PARSED]);
    const text = 'a: ${env.PLAIN} ${env.NONE} ${env.LINES}';
    const environment = { ...at().environment, PLAIN: '/models', LINES: 'x\ny: 1' };
    await sandbox.run(['import', 'llama-swap', '-', '--dry-run'], { environment, input: text });
    expect(server.bodies).toContainEqual({ text: 'a: /models ${env.NONE} ${env.LINES}' });
  });

  describe('for an instance that exists', () => {
    const settings = { name: 'chat', model_path: '/m.gguf', options: { ctx_size: 1_024 }, aliases: ['gpt'] };
    const before = { model_path: '/m.gguf', options: { ctx_size: 4_096 } };
    const answer = { message: '', instance: { name: 'chat', ...before, options: settings.options } };
    const compared = { ...answer, preview: { problems: [], warnings: [], changes: ['options.ctx_size'] } };

    beforeEach(() => {
      const model = { model: 'chat', line: 2, settings, understood: [], dropped: [] };
      server.others.set('POST /api/engines/parse', [{ format: 'llama_swap', instances: [model] }]);
      server.add('chat', before);
    });
    const importFile = (...words: string[]): Promise<RunResult> =>
      sandbox.run(['import', 'llama-swap', '-', ...words], { ...at(), input: 'models: {}' });

    it('names the settings that differ, and the command that changes them', async () => {
      server.others.set('PUT /api/instances/chat', [compared]);
      expect(await importFile()).toEqual({
        status: 0,
        stdout: 'chat  exists; differs: ctx_size 4096 → 1024\n',
        stderr: 'to change those that differ: llamactl import llama-swap - --update\n',
      });
    });

    it('changes them with --update, and says that a running one has to restart', async () => {
      server.others.set('PUT /api/instances/chat', [compared, { ...answer, restart_required: true }]);
      expect(await importFile('--update')).toEqual({
        status: 0,
        stdout: 'chat  updated: ctx_size 4096 → 1024\n',
        stderr: 'to apply the changes: llamactl restart chat\n',
      });
      expect(server.bodies.at(-1)).toMatchObject({ options: { ctx_size: 1_024 }, aliases: ['gpt'] });
    });

    it('leaves out an alias that another instance has, and names each time how to move it', async () => {
      server.add('other', { aliases: ['gpt'] });
      server.others.set('PUT /api/instances/chat', [compared]);
      await importFile();
      const { stdout } = await importFile('--update', '--dry-run');
      expect(stdout).toBe(
        'chat  would be updated: ctx_size 4096 → 1024\n' +
          '  not taken: aliases: gpt: the instance other has this name; ' +
          'to move it: `llamactl update other --unset aliases`, then `llamactl import llama-swap - --update`\n',
      );
      expect(server.bodies.at(-1)).not.toHaveProperty('aliases');
    });

    it('is no failure if the server refuses the comparison', async () => {
      const problems = [{ path: 'options.ctx_size', message: 'is too large' }];
      server.others.set('PUT /api/instances/chat', [{ ...answer, preview: { problems, warnings: [], changes: [] } }]);
      const { status, stdout } = await importFile();
      expect([status, stdout]).toEqual([
        0,
        'chat  exists already\n  warning: cannot be compared: options.ctx_size is too large\n',
      ]);
    });
  });

  describe('of a file that was imported before', () => {
    const dropped = [{ text: 'proxy', why: 'llamactl reaches the engine by its own port' }];
    const model = { model: 'chat', line: 2, settings: { name: 'chat' }, understood: [], dropped };
    const parsed = {
      format: 'llama_swap',
      instances: [model],
      dropped: [{ text: 'apiKeys', why: 'llamactl keys create' }],
      configuration: { groups: { big: { max_running: 1 } } },
    };
    const preview = { problems: [], warnings: [], changes: [] };
    const importFile = (...words: string[]): Promise<RunResult> =>
      sandbox.run(['import', 'llama-swap', '-', ...words], { ...at(), input: 'x' });

    beforeEach(() => {
      server.others.set('POST /api/engines/parse', [parsed]);
      server.add('chat');
      server.others.set('PUT /api/instances/chat', [{ message: '', instance: { name: 'chat' }, preview }]);
      const config = {
        groups: { big: { max_running: 1, exclusive: true, pinned: false }, old: { max_running: 2 } },
        instances: { max_running: 1, start_timeout: 600 },
      };
      server.others.set('GET /api/config', [{ config, file: '/c.yaml' }]);
    });

    it('names an instance that it made and whose model the file lacks, and no others', async () => {
      server.add('by-hand');
      const gone = { ...model, model: 'gone', settings: { name: 'gone' } };
      server.others.set('POST /api/engines/parse', [{ ...parsed, instances: [model, gone] }]);
      await importFile('--quiet');
      server.others.set('POST /api/engines/parse', [parsed]);
      const line = 'instances whose models the file no longer has: gone; to delete them: llamactl rm gone\n';
      expect((await importFile()).stdout).toContain(line);
      expect((await importFile()).stdout).toContain(line);
      expect((await importFile('--only', 'chat')).stdout).not.toContain('no longer has: gone');
      server.instances.delete('gone');
      expect((await importFile('--dry-run')).stdout).not.toContain('no longer has: gone');
    });

    it('remembers no instance of a dry run', async () => {
      const trial = { ...model, model: 'trial', settings: { name: 'trial' } };
      server.others.set('POST /api/engines/parse', [{ ...parsed, instances: [model, trial] }]);
      server.others.set('POST /api/instances', [{ message: '', instance: {}, preview }]);
      expect((await importFile('--dry-run')).stdout).toContain('trial  would be created');
      server.add('trial');
      server.others.set('POST /api/engines/parse', [parsed]);
      expect((await importFile()).stdout).not.toContain('llamactl rm');
    });

    it('prints with --only no settings of the whole configuration', async () => {
      const { stdout } = await importFile('--only', 'chat');
      expect(stdout).toBe('chat  exists already\n  not taken: proxy: llamactl reaches the engine by its own port\n');
    });

    it('names the command for a renamed model, whose file an instance has that its model left', async () => {
      const [old, now] = ['old', 'now'].map((name) => ({
        ...model,
        model: name,
        settings: { name, model_path: '/m.gguf' },
      }));
      server.others.set('POST /api/engines/parse', [{ ...parsed, instances: [old] }]);
      await importFile();
      server.others.set('POST /api/engines/parse', [{ ...parsed, instances: [now] }]);
      server.others.set('POST /api/instances', [{ message: '', instance: {}, preview }]);
      const line = 'now has the model file of old; if the file only renamed it, to keep its instance: ';
      expect((await importFile('--dry-run')).stdout).toContain(`${line}before the import: llamactl rename old now\n`);
      server.others.delete('POST /api/instances');
      expect((await importFile()).stdout).toContain(`${line}llamactl rm now && llamactl rename old now\n`);
      expect((await importFile()).stdout).not.toContain('rename');
    });

    it('says how to go on with a renamed model, whose old instance has the alias', async () => {
      const old = { ...model, model: 'phi-4', settings: { name: 'phi-4', aliases: ['phi'] } };
      const now = { ...model, model: 'phi4', settings: { name: 'phi4', aliases: ['phi'] } };
      server.others.set('POST /api/engines/parse', [{ ...parsed, instances: [old] }]);
      await importFile();
      server.add('phi-4', { aliases: ['phi'] });
      server.others.set('POST /api/engines/parse', [{ ...parsed, instances: [now] }]);
      server.others.set('POST /api/instances', [{ message: '', instance: {}, preview }]);
      expect((await importFile('--dry-run')).stdout).toContain(
        'to move it: `llamactl rename phi-4 phi4`, then `llamactl import llama-swap - --update`\n',
      );
      server.others.delete('POST /api/instances');
      expect((await importFile()).stdout).toContain(
        'to move it: `llamactl rm phi-4`, then `llamactl import llama-swap - --update`\n',
      );
    });

    it('moves an alias between its models with --update', async () => {
      const one = { ...model, dropped: [], model: 'a', settings: { name: 'a' } };
      const other = { ...model, dropped: [], model: 'b', settings: { name: 'b', aliases: ['gpt'] } };
      server.others.set('POST /api/engines/parse', [{ format: 'llama_swap', instances: [other, one] }]);
      server.add('a', { aliases: ['gpt', 'own'] });
      server.add('b');
      const answer = (name: string, changes: string[]) => ({
        message: '',
        instance: { name, aliases: changes.length === 0 ? [] : ['gpt'] },
        preview: { ...preview, changes },
      });
      server.others.set('PUT /api/instances/a', [answer('a', [])]);
      server.others.set('PUT /api/instances/b', [answer('b', [])]);
      const lines = (verb: string): string =>
        `b  ${verb}: alias gpt comes from a\na  ${verb}: alias gpt goes to b; stays, although the file no longer has it: alias own\n`;
      expect((await importFile()).stdout).toContain(lines('exists; differs'));
      expect((await importFile('--update', '--dry-run')).stdout).toContain(lines('would be updated'));
      expect(server.bodies).not.toContainEqual({ aliases: ['gpt'] });
      const before = server.bodies.length;
      server.others.set('PUT /api/instances/b', [answer('b', ['aliases'])]);
      expect((await importFile('--update')).stdout).toContain(lines('updated'));
      expect(server.bodies.slice(before + 1, before + 4)).toEqual([
        { aliases: ['own'] },
        { aliases: ['gpt'] },
        { aliases: ['gpt'] },
      ]);
    });

    it('gives an alias back if the model that should get it fails', async () => {
      const one = { ...model, dropped: [], model: 'a', settings: { name: 'a' } };
      const other = { ...model, dropped: [], model: 'b', settings: { name: 'b', aliases: ['gpt'] } };
      server.others.set('POST /api/engines/parse', [{ format: 'llama_swap', instances: [one, other] }]);
      server.add('a', { aliases: ['gpt'] });
      server.others.set('PUT /api/instances/a', [{ message: '', instance: { name: 'a' }, preview }]);
      server.others.set('GET /api/instances/a', [
        server.instances.get('a'),
        { ...server.instances.get('a'), aliases: [] },
      ]);
      server.refusedInstance = 'b';
      const { stdout, stderr } = await importFile('--update');
      expect(stdout).toContain('  warning: alias gpt stays, because b failed\n');
      expect(stdout).not.toContain('goes to');
      expect(stderr).toContain('b (line 2) failed: b is refused\n');
      expect(server.bodies).toContainEqual({ aliases: [] });
      expect(server.bodies).toContainEqual({ aliases: ['gpt'] });
    });

    it('names what an engine of the configuration has otherwise', async () => {
      const engine = { kind: 'custom', command: 'vllm', args: ['serve', 'm', '--max-model-len', '4096', '--x'] };
      const at = (args: string[]) => ({ config: { engines: { v: { ...engine, args } } }, file: '/c.yaml' });
      server.others.set('POST /api/engines/parse', [{ ...parsed, configuration: { engines: { v: engine } } }]);
      server.others.set('GET /api/config', [at(['serve', 'm', '--max-model-len', '8192', '--x'])]);
      expect((await importFile()).stdout).toContain(
        'differs in the configuration:\n' +
          '  engines.v.args: --max-model-len 8192 → 4096; replace it in the configuration\n\n' +
          'for the configuration file /c.yaml, before llamactl reload and this command again; replaces the present engines.v:\n\nengines:\n  v:\n',
      );
      server.others.set('GET /api/config', [at(engine.args)]);
      expect((await importFile()).stdout).not.toContain('engines');
    });

    it('names limits of the configuration that the file lacks', async () => {
      const { stdout } = await importFile();
      expect(stdout).toContain(
        '\nstays in the configuration file /c.yaml, although standard input no longer has it (delete it, then llamactl reload):\n' +
          '  groups.big.exclusive: true\n  groups.old: {"max_running":2}\n  instances.max_running: 1\n',
      );
      // A part of a file says nothing about limits.
      server.others.set('POST /api/engines/parse', [{ ...parsed, configuration: undefined }]);
      expect((await importFile()).stdout).not.toContain('stays in');
      server.instances.delete('chat');
      server.others.set('POST /api/engines/parse', [parsed]);
      expect((await importFile('--dry-run')).stdout).not.toContain('stays in');
    });

    const remembered = (): string => path.join(sandbox.home, '.local/state/llamactl/imports.json');

    it('counts the settings without a counterpart that it named before, and names them with --verbose and in JSON', async () => {
      const { stdout: first } = await importFile('--dry-run');
      expect(first).toContain(
        'chat  exists already\n  not taken: proxy: llamactl reaches the engine by its own port\n',
      );
      expect(first).toContain('\nsettings of the whole configuration:\n  apiKeys: ');
      expect(first).not.toContain('as before');
      const { stdout } = await importFile();
      expect(stdout).toContain('chat  exists already\nnot taken, as before: 2 settings; --verbose shows all\n');
      const all = (await importFile('--verbose')).stdout;
      expect(all).toContain('  not taken: proxy: llamactl reaches the engine by its own port\n');
      expect(all).toContain('\nsettings of the whole configuration:\n  apiKeys: ');
      expect(all).not.toContain('as before');
      expect(JSON.parse((await importFile('--json')).stdout)).toMatchObject({ steps: [{ dropped }] });
    });

    it('names what is new in the file, of an instance that exists and of the whole configuration', async () => {
      await importFile();
      const added = { text: '--n-gpu-layerz 3', why: 'the installed llama-server has no such option' };
      const foo = { text: 'foo: 1', why: 'llamactl has no such setting' };
      const changed = {
        ...parsed,
        instances: [{ ...model, dropped: [...dropped, added] }],
        dropped: [...parsed.dropped, foo],
      };
      server.others.set('POST /api/engines/parse', [changed]);
      const { stdout } = await importFile();
      expect(stdout).toContain(
        'chat  exists already\n  not taken: --n-gpu-layerz 3: the installed llama-server has no such option\n' +
          '\nsettings of the whole configuration:\n  foo: 1: llamactl has no such setting\n' +
          'not taken, as before: 2 settings; --verbose shows all\n',
      );
      // A mistake counts until it is mended.
      expect((await importFile()).stdout).toMatch(
        / {2}not taken: --n-gpu-layerz 3: .*\n(?:.*\n)*not taken, as before: 3 settings/,
      );
    });

    it('takes an unknown flag of the file out of the arguments that an unchecked import made of it', async () => {
      const flag = { text: '--n-gpu-layerz 3', why: 'the installed llama-server has no such option' };
      server.others.set('POST /api/engines/parse', [{ ...parsed, instances: [{ ...model, dropped: [flag] }] }]);
      server.add('chat', { engine: 'llama_cpp', extra_args: ['--n-gpu-layerz', '3'] });
      expect((await importFile('--update')).stdout).not.toContain('; stays');
      expect(server.bodies).toContainEqual({ extra_args: null });
    });

    it('names a line again that the file had lost, and all lines of another file', async () => {
      await importFile();
      server.others.set('POST /api/engines/parse', [{ ...parsed, instances: [{ ...model, dropped: [] }] }]);
      await importFile();
      server.others.set('POST /api/engines/parse', [parsed]);
      expect((await importFile()).stdout).toContain('  not taken: proxy: ');
      const other = path.join(sandbox.home, 'other.yaml');
      writeFileSync(other, 'x');
      expect((await run('llama-swap', other)).stdout).toContain('\nsettings of the whole configuration:\n  apiKeys: ');
    });

    it('remembers what it named in a file of the user, and names all without it', async () => {
      await importFile('--json');
      await importFile('--quiet');
      expect(existsSync(remembered())).toBe(false);
      await importFile();
      expect(statSync(remembered()).mode & 0o777).toBe(0o600);
      expect(readFileSync(remembered(), 'utf8')).not.toContain('proxy');
      writeFileSync(remembered(), '{');
      expect((await importFile()).stdout).toContain('  not taken: proxy: ');
    });

    it('says so if it cannot remember what it named', async () => {
      writeFileSync(path.join(sandbox.home, '.local'), '');
      const { status, stderr } = await importFile();
      expect([status, stderr]).toEqual([0, 'the next import names all of this again: not a folder\n']);
    });

    it('names each setting that it does not take of a new model', async () => {
      await importFile();
      const more = { ...model, model: 'new', settings: { name: 'new' } };
      server.others.set('POST /api/engines/parse', [{ ...parsed, instances: [model, more] }]);
      const { stdout } = await importFile();
      expect(stdout).toContain('new  created\n  not taken: proxy: ');
      expect(stdout).toContain('not taken, as before: 2 settings; --verbose shows all\n');
    });

    it('prints the command that removes settings that stay', async () => {
      server.add('chat', { options: { cache_type_k: 'q8_0' }, group: 'mine' });
      expect((await importFile()).stdout).toContain(
        'chat  exists already; stays, although the file no longer has it: cache_type_k, group\n' +
          '  to remove what stays: llamactl update chat --unset options.cache_type_k --unset group\n',
      );
    });

    it('takes an instance out of a group of the file that no longer has it', async () => {
      server.add('chat', { group: 'loose' });
      const loose = { text: 'groups.loose', why: 'limits nothing' };
      server.others.set('POST /api/engines/parse', [{ ...parsed, dropped: [loose] }]);
      await importFile('--update');
      expect(server.bodies).toContainEqual({ group: null });
    });

    it('removes them with --exact', async () => {
      server.add('chat', { options: { cache_type_k: 'q8_0' }, aliases: ['old'] });
      const found = { name: 'chat', options: {}, aliases: [] };
      const changes = ['options.cache_type_k', 'aliases'];
      server.others.set('PUT /api/instances/chat', [
        { message: '', instance: found, preview: { ...preview, changes } },
        { message: '', instance: found },
      ]);
      const { stdout } = await importFile('--exact');
      expect(stdout).toContain('chat  updated: cache_type_k q8_0 → unset, aliases old → unset\n');
      expect(stdout).not.toContain('; stays');
      expect(server.bodies.filter((body) => JSON.stringify(body).includes('null'))).toEqual([
        { options: { cache_type_k: null }, aliases: [] },
        { options: { cache_type_k: null }, aliases: [] },
      ]);
    });

    it('compares the instance of a model that another program runs', async () => {
      const settings = { name: 'v', engine: 'v', model_path: '/x', idle_timeout: 9 };
      const unread = [{ model: 'v', line: 3, why: 'begins with "vllm"', settings }];
      server.others.set('POST /api/engines/parse', [{ ...parsed, instances: [], unread }]);
      server.add('v', { engine: 'fast' });
      const answer = { message: '', instance: { name: 'v', idle_timeout: 9 } };
      server.others.set('PUT /api/instances/v', [{ ...answer, preview: { ...preview, changes: ['idle_timeout'] } }]);
      expect((await importFile()).stdout).toContain('v  exists; differs: idle_timeout 0 → 9\n');
      expect(server.bodies).toContainEqual({ idle_timeout: 9 });
    });
  });

  it('waits for the rate limit', async () => {
    server.others.set('POST /api/engines/parse', [PARSED]);
    server.refusals = 5;
    expect(await sandbox.run(['import', 'llama-swap', '-', '-q'], { ...at(), input: 'x' })).toMatchObject({
      status: 0,
      stdout: 'org-chat\nembed\n',
    });
    expect(server.refusals).toBe(0);
  });

  it('creates an instance without the alias that another one has', async () => {
    server.others.set('POST /api/engines/parse', [PARSED]);
    server.add('other', { aliases: ['org/chat'] });
    const { stdout } = await sandbox.run(['import', 'llama-swap', '-'], { ...at(), input: 'models: {}' });
    expect(stdout).toContain('  not taken: aliases: org/chat: the instance other has this name; ');
    expect(server.instances.get('org-chat')).not.toHaveProperty('aliases', ['org/chat']);
  });

  it('prints the lines that the configuration lacks, with the path of its file', async () => {
    const configuration = {
      groups: { big: { max_running: 1, exclusive: true } },
      instances: { start_timeout: 60 },
      engines: { v: { command: 'v', environment: { A: '1' } } },
    };
    server.others.set('POST /api/engines/parse', [{ format: 'llama_swap', instances: [], configuration }]);
    const config = {
      groups: { big: { max_running: 1 } },
      instances: { start_timeout: 60, idle_timeout: 0 },
      engines: { v: { command: 'v', environment: { A: '***' }, args: [] } },
    };
    server.others.set('GET /api/config', [{ config, file: '/etc/llamactl/config.yaml' }]);
    expect(await sandbox.run(['import', 'llama-swap', '-'], { ...at(), input: 'models: {}' })).toEqual({
      status: 0,
      stdout:
        '\nfor the configuration file /etc/llamactl/config.yaml, before llamactl reload; replaces the present groups.big:\n\n' +
        'groups:\n  big:\n    max_running: 1\n    exclusive: true\n',
      stderr: 'standard input has no models\n',
    });
  });

  it('leaves the instance of a custom engine that exists for a model', async () => {
    server.others.set('POST /api/engines/parse', [{ ...PARSED, instances: [] }]);
    server.add('v', { engine: 'v', aliases: ['vllm'] });
    expect(await sandbox.run(['import', 'llama-swap', '-'], { ...at(), input: 'x' })).toEqual({
      status: 0,
      stdout: 'v  exists already for vllm\n  warning: cannot be compared: it has no cmd\n',
      stderr: '',
    });
  });

  it('says why a variable of the file is not replaced', async () => {
    const unread = ['NONE', 'LINES'].map((name, at) => ({
      model: name,
      line: at + 2,
      why: `uses \${env.${name}}, and the server does not read this variable; write its value instead`,
    }));
    server.others.set('POST /api/engines/parse', [{ format: 'llama_swap', instances: [], unread }]);
    const environment = { ...at().environment, LINES: 'x\ny: 1' };
    const { status, stderr } = await sandbox.run(['import', 'llama-swap', '-'], { environment, input: 'x' });
    expect(status).toBe(1);
    expect(stderr).toContain('skipped: NONE (line 2): uses ${env.NONE}, and NONE is not set here');
    expect(stderr).toContain('skipped: LINES (line 3): uses ${env.LINES}, and the value of LINES has characters that ');
  });

  it('fails if it skips a model with an undefined macro', async () => {
    const unread = [{ model: 'a', line: 2, why: 'uses the macro ${nothing}, which is not defined' }];
    server.others.set('POST /api/engines/parse', [{ ...PARSED, unread }]);
    expect((await sandbox.run(['import', 'llama-swap', '-', '-q'], { ...at(), input: 'x' })).status).toBe(1);
  });

  describe('whose llama-server the server does not find', () => {
    const settings = { engine: 'llama_cpp', name: 'chat', extra_args: ['-c', '2048'] };
    const importFile = (...words: string[]): Promise<RunResult> =>
      sandbox.run(['import', 'llama-swap', '-', ...words], { ...at(), input: 'x' });

    beforeEach(() => {
      const model = { model: 'chat', line: 2, settings, understood: [], dropped: [] };
      const configuration = { engines: { llama_cpp: { command: '/opt/llama-server' } } };
      server.others.set('POST /api/engines/parse', [{ format: 'llama_swap', instances: [model], configuration }]);
      server.others.set('GET /api/engines', [{ engines: [{ id: 'llama_cpp', program: null }] }]);
    });

    it('creates nothing, and says that the command has to be set first', async () => {
      expect(await importFile()).toEqual({
        status: 1,
        stdout: '',
        stderr:
          'llamactl: the server finds no llama-server, so it cannot check the options of the models\n' +
          '  set this first in the configuration: engines: { llama_cpp: { command: "/opt/llama-server" } }\n' +
          '  then: llamactl reload, and this command again\n',
      });
      expect(server.instances.size).toBe(0);
      server.add('chat');
      expect((await importFile('--update')).status).toBe(1);
    });

    it('says once what to set, in a dry run', async () => {
      const missing = 'llama-server was not found; set `engines.llama_cpp.command` in the configuration';
      const unread = 'options are not checked: the flags of llama-server could not be read';
      const model = { model: 'chat', line: 2, settings, understood: [], dropped: [] };
      const configuration = { engines: { llama_cpp: { command: '/opt/llama-server' } } };
      const dropped = [
        { text: '/opt/llama-server', why: '`engines.llama_cpp.command` of the configuration. Set this first' },
      ];
      const parsed = { format: 'llama_swap', instances: [model], dropped, configuration };
      server.others.set('POST /api/engines/parse', [parsed]);
      const config = { engines: { llama_cpp: { command: 'llama-server' } } };
      server.others.set('GET /api/config', [{ config, file: '/c.yaml' }]);
      const preview = { problems: [], warnings: [missing, unread, 'is slow'], changes: [] };
      server.others.set('POST /api/instances', [{ message: '', instance: {}, preview }]);
      const { stdout } = await importFile('--dry-run');
      expect(stdout.match(/engines\.llama_cpp\.command/g)).toHaveLength(1);
      expect(stdout.match(/warning: .*/g)).toEqual(['warning: is slow']);
    });

    it('shows a dry run, and compares instances that exist', async () => {
      const preview = { problems: [], warnings: [], changes: [] };
      server.others.set('POST /api/instances', [{ message: '', instance: {}, preview }]);
      expect((await importFile('--dry-run')).stdout).toContain('chat  would be created');
      server.add('chat');
      server.others.set('PUT /api/instances/chat', [{ message: '', instance: { name: 'chat' }, preview }]);
      expect(await importFile()).toMatchObject({ status: 0 });
    });

    it('creates the instances if the server has one whose options it cannot read', async () => {
      server.others.set('GET /api/engines', [{ engines: [{ id: 'llama_cpp', program: '/opt/wrapper' }] }]);
      expect((await importFile()).status).toBe(0);
      expect([...server.instances.keys()]).toEqual(['chat']);
    });
  });

  it('names the instance that the server refuses, and goes on', async () => {
    server.others.set('POST /api/engines/parse', [PARSED]);
    server.refusedInstance = 'org-chat';
    const { status, stdout, stderr } = await sandbox.run(['import', 'llama-swap', '-'], { ...at(), input: 'x' });
    expect([status, stdout]).toEqual([1, 'embed  created\n']);
    expect(stderr).toContain('org/chat (line 2) failed: org-chat is refused\n');
  });

  it.each([
    [['llama-swap'], /needs one file/],
    [['llama-swap', 'a', 'b'], /to choose models of the file: --only NAME/],
    [['llama-swap', '/nowhere/a.yaml'], /cannot read \/nowhere\/a.yaml: no such file/],
    [['ollama', '--only', 'a'], /--only is for llama-swap/],
    [['ollama', '--exact'], /--exact is for llama-swap/],
  ])('refuses invalid words: %j', async (words, message) => {
    const { status, stderr } = await run(...words);
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe('llamactl import of another program', () => {
  it('names the way for its files', async () => {
    const file = path.join(sandbox.home, 'config.yaml');
    writeFileSync(file, 'models:\n  qwen:\n    cmd: llama-server\n');
    expect((await run(file)).stderr).toContain('llamactl import llama-swap FILE (docs/how-to/from-llama-swap.md)');
    const { status, stderr } = await run('lmstudio');
    expect(status).toBe(2);
    expect(stderr).toContain('import knows no program lmstudio; it imports from: ollama, llama-swap, go-llamactl\n');
    expect(stderr).toContain('llamactl create NAME -f Modelfile');
  });
});

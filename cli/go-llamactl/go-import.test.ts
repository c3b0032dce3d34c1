import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChatServer } from '../testing/chat-server.ts';
import { CommandSandbox, type RunResult } from '../testing/command-run.ts';
import { sampleModel } from '../testing/sample-model.ts';

let server: ChatServer;
let sandbox: CommandSandbox;

const CHAT = {
  id: 1,
  name: 'chat',
  status: 'running',
  created: 1_753_000_000,
  options: {
    auto_restart: true,
    restart_delay: 9,
    nodes: ['main'],
    idle_timeout: 1,
    environment: { CUDA_VISIBLE_DEVICES: '0' },
    backend_type: 'llama_cpp',
    backend_options: { model: '/m.gguf', ctx_size: 2048, no_mmap: true, port: 8001 },
  },
};
const EMBED = {
  name: 'embed',
  options: { restart_delay: 5, backend_type: 'llama_cpp', backend_options: { model: '/e.gguf', embedding: true } },
};
const VLLM = { name: 'vl', options: { backend_type: 'vllm', backend_options: { model: 'Qwen/Qwen3-8B' } } };

beforeEach(async () => {
  server = await new ChatServer().listen();
  server.others.set('GET /api/config', [{ config: { engines: {} } }]);
  sandbox = new CommandSandbox();
});

afterEach(async () => {
  await server.leave();
  sandbox.dispose();
});

function written(name: string, content: unknown): string {
  const file = path.join(sandbox.home, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

function run(...words: string[]): Promise<RunResult> {
  return sandbox.run(['import', 'go-llamactl', ...words], { environment: { LLAMACTL_URL: server.url } });
}

describe('llamactl import go-llamactl', () => {
  it('creates a stopped instance of each in a list, and says what was taken and what was not', async () => {
    expect(await run(written('go.json', [CHAT, EMBED, VLLM]))).toEqual({
      status: 0,
      stdout:
        'chat  created, with model_path, load_mode=none, ctx_size=2048, auto_restart=true, idle_timeout=60, environment.CUDA_VISIBLE_DEVICES\n' +
        '  not taken: backend_options.port 8001 → automatic: llamactl chooses a free port; llamactl update chat --port 8001 keeps it\n' +
        '  not taken: restart_delay: the pauses between restarts are 1, 2, 4 … 60 seconds\n' +
        'embed  created, with model_path, embedding=true\n' +
        '\nfor the configuration file (by default ~/.config/llamactl/config.yaml; first mkdir -p ~/.config/llamactl), before llamactl reload and this command again:\n\n' +
        'engines:\n' +
        '  vllm_local:\n' +
        '    kind: custom\n' +
        '    command: vllm\n' +
        '    args:\n      - serve\n      - --host\n      - ${HOST}\n      - --port\n      - ${PORT}\n' +
        '    api_key_env: VLLM_API_KEY\n',
      stderr:
        'skipped: vl: no custom engine of the configuration runs vllm\n' +
        'each starts at its first request; to chat with one: llamactl run chat\n' +
        'docs/how-to/from-go-llamactl.md has the rest of the move\n',
    });
    expect([...server.instances.values()]).toMatchObject([
      { name: 'chat', status: 'stopped', model_path: '/m.gguf', options: { ctx_size: 2048 }, idle_timeout: 60 },
      { name: 'embed', status: 'stopped', model_path: '/e.gguf', options: { embedding: true } },
    ]);
  });

  it('reads the files of a folder, and names one that holds no instance', async () => {
    written('instances/embed.json', EMBED);
    written('instances/body.json', CHAT.options);
    written('instances/broken.json', '{');
    written('instances/notes.txt', 'x');
    const { status, stdout, stderr } = await run(path.join(sandbox.home, 'instances'), '-q');
    expect([status, stdout]).toEqual([0, 'body\nembed\n']);
    expect(stderr).toMatch(/^skipped: \S+\/broken\.json: \S+\/broken\.json is not JSON: /);
  });

  it('reads standard input', async () => {
    const options = { environment: { LLAMACTL_URL: server.url }, input: JSON.stringify([EMBED]) };
    expect((await sandbox.run(['import', 'go-llamactl', '-', '-q'], options)).stdout).toBe('embed\n');
  });

  describe('of instances that exist', () => {
    const preview = (changes: string[]) => ({ problems: [], warnings: [], changes });

    beforeEach(() => {
      server.add('chat', { model_path: '/m.gguf', options: { ctx_size: 4096 } });
      server.add('talker', { aliases: ['embed'] });
      const after = { model_path: '/m.gguf', options: { ctx_size: 2048 } };
      server.others.set('PUT /api/instances/chat', [
        { instance: after, preview: preview(['options.ctx_size']) },
        { instance: after, restart_required: true },
      ]);
      server.others.set('PUT /api/instances/talker', [{ instance: {}, preview: preview([]) }]);
    });

    it('names the settings that differ, and the command that changes them', async () => {
      const file = written('go.json', [CHAT, EMBED]);
      expect((await run(file, '--dry-run')).stdout).toContain('\n  not taken: restart_delay: ');
      const after = { model_path: '/m.gguf', options: { ctx_size: 2048 } };
      server.others.set('PUT /api/instances/chat', [{ instance: after, preview: preview(['options.ctx_size']) }]);
      const { status, stdout, stderr } = await run(file);
      expect([status, stdout]).toEqual([
        0,
        'chat  exists; differs: ctx_size 4096 → 2048\ntalker  exists already for embed\n' +
          'not taken, as before: 2 settings; --verbose shows all\n',
      ]);
      expect(stderr).toContain(`to change those that differ: llamactl import go-llamactl ${file} --update\n`);
      expect((await run(file, '--verbose')).stdout).toContain('\n  not taken: restart_delay: ');
      expect(server.asked.filter((each) => each.startsWith('PUT'))).toHaveLength(6);
    });

    it('changes them with --update, and says which to restart', async () => {
      const { status, stdout, stderr } = await run(written('go.json', [CHAT, EMBED]), '--update');
      expect(status).toBe(0);
      expect(stdout).toMatch(
        /^chat {2}updated: ctx_size 4096 → 2048\n(?: {2}.*\n)*talker {2}exists already for embed\n/,
      );
      expect(stderr).toContain('to apply the changes: llamactl restart chat\n');
      expect(server.asked.filter((each) => each.endsWith('chat'))).toHaveLength(2);
    });

    it('names the settings that the server refuses, with and without --update', async () => {
      const problems = [{ path: 'options.ctx_size', message: 'is too large' }];
      server.others.set('PUT /api/instances/chat', [
        { instance: {}, preview: { ...preview([]), problems } },
        { instance: { options: {} }, preview: preview([]) },
      ]);
      const refusal = { instance: {}, preview: { ...preview([]), problems } };
      const fine = { instance: { options: {} }, preview: preview([]) };
      for (const words of [['--update', '--dry-run'], []]) {
        server.others.set('PUT /api/instances/chat', [refusal, fine]);
        const { stdout } = await run(written('go.json', CHAT), '--verbose', ...words);
        expect(stdout).toMatch(/^chat {2}exists already\n/);
        expect(stdout).toContain('  not taken: options.ctx_size: is too large\n');
      }
    });

    it('names no port that the instance kept', async () => {
      server.add('chat', { port: 8001 });
      const { stdout } = await run(written('go.json', CHAT), '--verbose');
      expect(stdout).toContain('not taken: restart_delay');
      expect(stdout).not.toContain('port 8001');
    });

    it('names instances that it made and that a whole source lacks', async () => {
      server.add('by-hand');
      const old = { ...EMBED, name: 'old' };
      await run(written('go.json', [CHAT, EMBED, old]));
      expect((await run(written('go.json', [CHAT, EMBED]))).stdout).toContain(
        'instances whose models the file no longer has: old; to delete them: llamactl rm old\n',
      );
      expect((await run(written('go.json', [CHAT, EMBED]), '--only', 'chat')).stdout).not.toContain('llamactl rm');
      expect((await run(written('go.json', CHAT))).stdout).not.toContain('llamactl rm');
    });

    it('says why one without a counterpart cannot be compared', async () => {
      server.add('vl');
      expect((await run(written('go.json', VLLM))).stdout).toContain(
        'vl  exists already\n  warning: cannot be compared: no custom engine of the configuration runs vllm\n',
      );
    });
  });

  it('imports only the instances of --only, and refuses a name that the file lacks', async () => {
    const file = written('go.json', [CHAT, EMBED]);
    expect(await run(file, '--only', 'embed', '-q')).toMatchObject({ status: 0, stdout: 'embed\n' });
    expect(await run(file, '--only', 'embedd')).toMatchObject({
      status: 3,
      stderr: 'llamactl: there is no instance embedd; did you mean embed?\n',
    });
    expect((await run(written('vl.json', [CHAT, VLLM]), '--only', 'vl')).status).toBe(1);
  });

  it('reads the database of newer versions, given by its file or its folder', async () => {
    const file = path.join(sandbox.home, 'data', 'llamactl.db');
    mkdirSync(path.dirname(file));
    const database = new DatabaseSync(file);
    database.exec('CREATE TABLE instances(id INTEGER PRIMARY KEY, name TEXT, status TEXT, options_json TEXT)');
    const insert = database.prepare("INSERT INTO instances(name, status, options_json) VALUES(?, 'stopped', ?)");
    for (const { name, options } of [EMBED, CHAT]) insert.run(name, JSON.stringify(options));
    for (const source of [file, path.dirname(file)]) {
      server.instances.clear();
      expect(await run(source, '-q')).toMatchObject({ status: 0, stdout: 'chat\nembed\n' });
    }
    insert.run('broken', '{');
    database.close();
    server.instances.clear();
    const { status, stdout, stderr } = await run(file, '-q');
    expect([status, stdout]).toEqual([0, 'chat\nembed\n']);
    expect(stderr).toContain('skipped: broken: its settings in the database are damaged\n');
    server.instances.clear();
    expect(await run(file, '-q', '--only', 'chat')).toMatchObject({ status: 0, stdout: 'chat\n' });
  });

  it('makes an alias of the engine a name of the instance, unless it names another', async () => {
    const alias = 'gpt-4o,embed,other';
    server.add('other');
    const chat = { name: 'chat', options: { backend_options: { model: '/m.gguf', alias } } };
    const { stdout } = await run(written('go.json', [chat, EMBED]));
    expect(stdout).toContain('chat  created, with model_path, aliases\n');
    expect(server.instances.get('chat')?.aliases).toEqual(['gpt-4o']);
    expect(stdout).toContain('  not taken: backend_options.alias embed: names another instance\n');
  });

  it('uses a model of the hub that an older llama-server downloaded', async () => {
    const ref = 'Qwen/Qwen3-4B-GGUF:Q4_K_M';
    server.models = [sampleModel({ name: 'q', ref, path: '/c/Qwen_Qwen3-4B-GGUF_Qwen3-4B-Q4_K_M.gguf' })];
    const options = { backend_type: 'llama_cpp', backend_options: { hf_repo: 'Qwen/Qwen3-4B-GGUF' } };
    expect((await run(written('go.json', { name: 'q', options }))).stdout).toBe(`q  created, with model=${ref}\n`);
  });

  it('creates an instance of vLLM for a custom engine that runs it', async () => {
    const engines = { fast: { kind: 'custom', command: '/opt/vllm', args: ['serve'] } };
    server.others.set('GET /api/config', [{ config: { engines } }]);
    expect((await run(written('vl.json', VLLM))).stdout).toBe(
      'vl  created, with engine=fast, upstream_model=Qwen/Qwen3-8B, Qwen/Qwen3-8B\n',
    );
  });

  it('says that a list is empty', async () => {
    const file = written('go.json', []);
    expect(await run(file)).toEqual({ status: 0, stdout: '', stderr: `${file} has no instances\n` });
  });

  it('leaves out the settings that the server refuses, with its reason', async () => {
    const problems = [{ path: 'options.ctx_size', message: 'is too large' }];
    server.others.set('POST /api/instances', [
      { message: '', instance: {}, preview: { problems } },
      { message: '', instance: {}, preview: { problems: [], warnings: ['it is slow'] } },
    ]);
    const { stdout } = await run(written('go.json', CHAT), '--dry-run');
    expect(stdout).toContain('chat  would be created, with model_path, load_mode=none, auto_restart=true, ');
    expect(stdout).toContain('  not taken: options.ctx_size: is too large\n');
    expect(stdout).toContain('  warning: it is slow\n');
    expect(server.bodies).toMatchObject([
      { options: { ctx_size: 2048, load_mode: 'none' } },
      { options: { load_mode: 'none' } },
    ]);
  });

  it('names the download of a model that the machine lacks', async () => {
    const message = 'cannot be "org/repo:Q8_0": this machine has no such model; GET /api/models lists them';
    server.others.set('POST /api/instances', [
      { message: '', instance: {}, preview: { problems: [{ path: 'model', message }] } },
    ]);
    const options = { backend_type: 'llama_cpp', backend_options: { hf_repo: 'org/repo', hf_file: 'x-Q8_0.gguf' } };
    expect(await run(written('cod.json', { name: 'cod', options }), '--dry-run')).toEqual({
      status: 1,
      stdout: '',
      stderr:
        'cod failed: its model is not on this machine; run llamactl pull org/repo:Q8_0, then this command again\n',
    });
  });

  it('goes on after an instance that the server refuses', async () => {
    server.refusedInstance = 'chat';
    const { status, stdout, stderr } = await run(written('go.json', [CHAT, EMBED]));
    expect([status, stdout]).toEqual([1, 'embed  created, with model_path, embedding=true\n']);
    expect(stderr).toContain('chat failed: chat is refused\n');
  });

  it('gives a name that is not allowed here as an alias', async () => {
    const { stdout } = await run(written('go.json', { ...EMBED, name: '_embed' }));
    expect(stdout).toBe('embed  created for _embed, with model_path, aliases, embedding=true\n');
    expect(server.instances.get('embed')?.aliases).toEqual(['_embed']);
  });

  it('skips a name that differs from another by case alone', async () => {
    const { stdout, stderr } = await run(written('go.json', [EMBED, { ...EMBED, name: 'Embed' }]));
    expect(stdout).toBe('embed  created, with model_path, embedding=true\n');
    expect(stderr).toContain('skipped: Embed: the name embed exists; names must differ by more than case\n');
  });

  it('prints the steps with --json', async () => {
    const { stdout } = await run(written('go.json', EMBED), '--json');
    expect(JSON.parse(stdout)).toEqual({
      steps: [
        {
          name: 'embed',
          line: null,
          instance: 'embed',
          action: 'create',
          settings: ['model_path', 'embedding=true'],
          differences: [],
          kept: [],
          removal: null,
          dropped: [],
          conflicts: [],
          warnings: [],
          needsRestart: false,
          error: null,
        },
      ],
      absent: [],
      renamed: [],
      dropped: [],
      configuration: {},
      configuration_replaced: [],
      configuration_changed: [],
      configuration_kept: [],
      configuration_file: null,
    });
  });
});

describe('llamactl import go-llamactl without instances', () => {
  it.each<[string, unknown, string]>([
    ['empty.json', {}, 'empty.json holds no instances of the Go llamactl\n  newer versions keep'],
    ['go.yaml', 'a: {', 'go.yaml is not YAML: '],
    ['other.yaml', 'a: 1', 'other.yaml is no configuration of the Go llamactl'],
    ['swap.yaml', 'models: { a: { cmd: x } }', 'swap.yaml is a configuration of llama-swap; to take it over: '],
    ['notes.txt', 'hello', 'notes.txt is not JSON: '],
    ['go.json', { backends: { 'llama-cpp': {} } }, 'go.json is a configuration of the Go llamactl'],
    [
      'denied.json',
      { error: { message: 'Invalid API key', type: 'x' } },
      'an error in place of instances: Invalid API key',
    ],
    ['nameless.json', [CHAT.options], 'nameless.json holds an instance without a name'],
  ])('says what %s holds', async (name, content, message) => {
    const { status, stderr } = await run(written(name, content));
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('finds the files of an old data directory in its folder of instances', async () => {
    written('data/instances/chat.json', CHAT);
    expect(await run(path.join(sandbox.home, 'data'), '-q')).toMatchObject({ status: 0, stdout: 'chat\n' });
  });

  it('says how to save the instances of a newer version, and names the archive of an older one', async () => {
    written('old/json_archive/chat.json', CHAT);
    const { status, stderr } = await run(path.join(sandbox.home, 'old'));
    expect([status, stderr]).toEqual([2, expect.stringContaining('/old has no JSON files\n')]);
    expect(stderr).toContain('/old/json_archive has those of an older version\n');
    expect(stderr).toContain('/api/v1/instances > go-instances.json\n');
  });

  it('prints the lines for the configuration file, given the configuration', async () => {
    const file = written('go.yaml', 'server:\n  port: 8080\n  enable_swagger: false\nbackends: {}\n');
    expect(await run(file)).toEqual({
      status: 0,
      stdout: 'server:\n  port: 8080\n',
      stderr:
        'not taken: server.enable_swagger: /docs is always served\n' +
        'these lines are for the configuration file (llamactl config path); nothing was changed\n' +
        'docs/how-to/from-go-llamactl.md lists all settings\n',
    });
  });

  it('says that a configuration needs no lines', async () => {
    expect(await run(written('go.yaml', 'instances:\n  enable_lru_eviction: true\n'))).toEqual({
      status: 0,
      stdout: '',
      stderr:
        'the configuration file needs no lines; nothing was changed\ndocs/how-to/from-go-llamactl.md lists all settings\n',
    });
  });

  it('needs one folder or file', async () => {
    expect(await run()).toMatchObject({ status: 2, stderr: expect.stringContaining('FOLDER_OR_FILE') as unknown });
  });
});

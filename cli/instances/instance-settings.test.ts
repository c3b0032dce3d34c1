import { describe, expect, it } from 'vitest';
import { merged, settingsOf, unset, type Surroundings } from './instance-settings.ts';

const HERE: Surroundings = {
  isLocal: true,
  folder: '/home/me/work',
  home: '/home/me',
  environment: { HF_HOME: '/cache', EMPTY: '' },
  exists: () => false,
};

describe('settings from flags', () => {
  it('contain only given flags', () => {
    expect(settingsOf({}, [], HERE)).toEqual({});
  });

  it('have the names of the API', () => {
    const flags = {
      engine: 'custom',
      port: 8101,
      alias: ['gpt-4o', 'qwen/qwen3'],
      unlisted: true,
      autoStart: false,
      autoRestart: true,
      maxRestarts: -1,
      onDemand: false,
      idleTimeout: 300,
      pinned: true,
      group: 'big',
      concurrency: 2,
      queueLimit: 0,
      keepContext: true,
      upstreamModel: 'base',
      systemPrompt: '',
      preset: 'coding',
      engineCommand: "python3 'my server.py' --port ${PORT}",
      healthPath: '/ready',
    };
    expect(settingsOf(flags, ['--verbose', '-x'], HERE)).toEqual({
      engine: 'custom',
      port: 8101,
      aliases: ['gpt-4o', 'qwen/qwen3'],
      unlisted: true,
      auto_start: false,
      auto_restart: true,
      max_restarts: -1,
      on_demand: false,
      idle_timeout: 300,
      pinned: true,
      group: 'big',
      concurrency: 2,
      queue_limit: 0,
      keep_context: 'auto',
      upstream_model: 'base',
      system_prompt: '',
      preset: 'coding',
      command: ['python3', 'my server.py', '--port', '${PORT}'],
      health_path: '/ready',
      extra_args: ['--verbose', '-x'],
    });
  });

  it('read request defaults as JSON, else as text', () => {
    const requestDefault = ['temperature=0.10', 'stop=["a=b"]', 'user=me', 'seed=', 'logprobs=true', 'id=007'];
    expect(settingsOf({ requestDefault: [...requestDefault, 'n=12345678901234567890'] }, [], HERE)).toEqual({
      request_defaults: {
        temperature: 0.1,
        stop: ['a=b'],
        user: 'me',
        seed: null,
        logprobs: true,
        id: '007',
        n: '12345678901234567890',
      },
    });
  });

  describe('for options', () => {
    const optionsOf = (...option: string[]): unknown => settingsOf({ option }, [], HERE).options;

    it.each<[string, unknown]>([
      ['threads=8', { threads: 8 }],
      ['threads=-1', { threads: -1 }],
      ['temp=0.7', { temp: 0.7 }],
      ['mmap=false', { mmap: false }],
      ['jinja=true', { jinja: true }],
      ['jinja', { jinja: true }],
      ['chat_template=', { chat_template: null }],
      ['override_kv=a=int:1', { override_kv: 'a=int:1' }],
      ['--ctx-size=4096', { ctx_size: 4096 }],
      ['seed=9007199254740993', { seed: '9007199254740993' }],
      ['version=1.0', { version: '1.0' }],
      ['device=0x10', { device: '0x10' }],
      ['limit=Infinity', { limit: 'Infinity' }],
      ['text= 8', { text: ' 8' }],
    ])('%s becomes %j', (text, options) => {
      expect(optionsOf(text)).toEqual(options);
    });

    it('make a list of a repeated key', () => {
      expect(optionsOf('lora=a.gguf', 'threads=4', 'lora=2', 'lora=true')).toEqual({
        lora: ['a.gguf', 2, 'true'],
        threads: 4,
      });
    });

    it('require a value for each item of a list', () => {
      expect(() => optionsOf('lora=a.gguf', 'lora=')).toThrow('-o lora=: a list needs a value for each item');
    });

    it('require a key', () => {
      expect(() => optionsOf('=8')).toThrow('-o =8: write an option as key=value, such as ctx_size=8192');
    });
  });

  describe('for the environment', () => {
    it('are given, or copied from the shell', () => {
      expect(settingsOf({ env: ['A=b=c', 'B=', 'HF_HOME', 'EMPTY'] }, [], HERE).environment).toEqual({
        A: 'b=c',
        B: '',
        HF_HOME: '/cache',
        EMPTY: '',
      });
    });

    it.each(['NOPE', '=x'])('are refused if the shell lacks the variable: %s', (text) => {
      expect(() => settingsOf({ env: [text] }, [], HERE)).toThrow(`-e ${text}: this variable is not set here`);
    });
  });

  describe('for the model', () => {
    const modelOf = (model: string, engine?: string, more: Partial<Surroundings> = {}): unknown =>
      settingsOf({ model, ...(engine === undefined ? {} : { engine }) }, [], { ...HERE, ...more }).model_path;

    it('have the absolute path of a file on this machine', () => {
      expect(modelOf('../m.gguf')).toBe('/home/me/m.gguf');
      expect(modelOf('~/m.gguf', 'llama_cpp')).toBe('/home/me/m.gguf');
      expect(modelOf('/srv/m.gguf')).toBe('/srv/m.gguf');
    });

    it('stay unchanged for a server elsewhere', () => {
      expect(modelOf('m.gguf', undefined, { isLocal: false })).toBe('m.gguf');
    });

    it('may be a model name for another engine, if there is no such file', () => {
      expect(modelOf('org/model', 'vllm')).toBe('org/model');
      expect(modelOf('org/model', 'vllm', { exists: (file) => file === '/home/me/work/org/model' })).toBe(
        '/home/me/work/org/model',
      );
    });
  });
});

describe('unset settings', () => {
  it('become null, also within options and environment', () => {
    expect(
      unset(['port', 'options.ctx-size', 'options.a.b', 'environment.MY-X', 'environment.Y', 'max-restarts']),
    ).toEqual({
      port: null,
      options: { ctx_size: null, 'a.b': null },
      environment: { 'MY-X': null, Y: null },
      max_restarts: null,
    });
  });

  it('accept the names of flags', () => {
    expect(unset(['model', 'alias', 'engine-command', 'env.X', 'option', 'request-default.seed'])).toEqual({
      model_path: null,
      aliases: null,
      command: null,
      environment: { X: null },
      options: null,
      request_defaults: { seed: null },
    });
  });
});

describe('merged settings', () => {
  it('override others, key by key in options, environment and request defaults', () => {
    const below = { name: 'a', port: 1, options: { x: 1, y: 1 }, request_defaults: { seed: 1, n: 1 }, aliases: ['a'] };
    const above = { request_defaults: { n: null }, options: { y: 2 }, environment: { A: 'b' }, aliases: ['b'] };
    expect(merged(below, { port: 2, ...above })).toEqual({
      request_defaults: { seed: 1, n: null },
      name: 'a',
      port: 2,
      options: { x: 1, y: 2 },
      environment: { A: 'b' },
      aliases: ['b'],
    });
  });
});

import { describe, expect, it } from 'vitest';
import { goSettings } from './go-settings.ts';

const llama = (backend: Record<string, unknown>, others: Record<string, unknown> = {}) =>
  goSettings({ backend_type: 'llama_cpp', backend_options: { model: '/m.gguf', ...backend }, ...others }, true);

describe('the settings of an instance of the Go llamactl', () => {
  it('have other names, seconds in place of minutes, and words in place of a map', () => {
    const { settings, dropped, obstacle } = llama(
      { ctx_size: 2048, temp: 0.7, lora: ['/a.gguf'], extra_args: { 'ubatch-size': '512', 'no-warmup': '' } },
      {
        auto_restart: true,
        max_restarts: 3,
        on_demand_start: true,
        idle_timeout: 10,
        environment: { CUDA_VISIBLE_DEVICES: '0' },
        command_override: '/opt/llama-server',
      },
    );
    expect([dropped, obstacle]).toEqual([[], null]);
    expect(settings).toEqual({
      engine: 'llama_cpp',
      model_path: '/m.gguf',
      options: { ctx_size: 2048, temp: 0.7, lora: ['/a.gguf'] },
      extra_args: ['--ubatch-size', '512', '--no-warmup'],
      auto_restart: true,
      max_restarts: 3,
      on_demand: true,
      idle_timeout: 600,
      environment: { CUDA_VISIBLE_DEVICES: '0' },
      command: ['/opt/llama-server'],
    });
  });

  it('are left out where the Go llamactl passes nothing to the engine', () => {
    expect(llama({ jinja: false, gpu_layers: 0, alias: '', lora: [], port: 0 }, { nodes: null })).toEqual({
      settings: { engine: 'llama_cpp', model_path: '/m.gguf' },
      dropped: [],
      hub: null,
      missing: null,
      obstacle: null,
    });
  });

  it('are named with the reason, if they have no counterpart', () => {
    const { dropped } = llama(
      { host: '0.0.0.0', port: 8001, api_key: 'k', hf_token: 't', hf_repo: 'org/repo', odd: { a: 1 } },
      { restart_delay: 60, docker_enabled: true, odd: 1, auto_restart: 'yes', environment: { A: 1 } },
    );
    expect(Object.fromEntries(dropped.map(({ text, why }) => [text, why]))).toEqual({
      'backend_options.host': 'engines listen on loopback',
      'backend_options.port 8001 → automatic':
        'llamactl chooses a free port; llamactl update NAME --port 8001 keeps it',
      'backend_options.api_key': 'each run gets a random key',
      'backend_options.hf_token': 'llamactl downloads models with models.hf_token of its configuration',
      'backend_options.hf_repo': 'the instance has a model file',
      'backend_options.odd': 'is no option of an engine',
      restart_delay: 'the pauses between restarts are 1, 2, 4 … 60 seconds',
      docker_enabled: 'it runs outside a container now; a custom engine runs one (docs/engines.md#in-a-container)',
      odd: 'is not known',
      auto_restart: 'has a value of another type than in the Go llamactl',
      environment: 'has a value of another type than in the Go llamactl',
    });
  });

  it.each([
    [{ host: '127.0.0.1' }, { restart_delay: 5, nodes: ['main'], docker_enabled: false }],
    [{ host: 'localhost' }, { nodes: ['main', 'worker1'] }],
  ])('are not named, if nothing is lost: %j %j', (backend, others) => {
    expect(llama(backend, others)).toMatchObject({ dropped: [], obstacle: null });
  });

  it('have the alias of the engine as names of the instance', () => {
    expect(llama({ alias: 'gpt-4o, gpt,gpt' }).settings).toMatchObject({ aliases: ['gpt-4o', 'gpt'] });
  });

  it.each([
    [{ no_mmap: true }, { load_mode: 'none' }],
    [{ no_mmap: true, mlock: true }, { load_mode: 'mlock' }],
    [{ mlock: true }, { load_mode: 'mmap+mlock' }],
    [{ mlock: false }, undefined],
  ])('load the file of the model alike: %j', (backend, options) => {
    expect(llama(backend).settings.options).toEqual(options);
  });

  it('stay for an engine without load_mode', () => {
    const backend_options = { model: '/m.gguf', no_mmap: true };
    expect(goSettings({ backend_options }, false).settings.options).toEqual({ no_mmap: true });
  });

  it('lack the model of the hub, which is returned apart', () => {
    const backend_options = { hf_repo: 'org/repo', hf_file: 'x-Q4_K_M.gguf' };
    expect(goSettings({ backend_type: 'llama_cpp', backend_options }, true)).toMatchObject({
      settings: { engine: 'llama_cpp' },
      hub: { repository: 'org/repo', file: 'x-Q4_K_M.gguf' },
      obstacle: null,
    });
  });

  describe('with another backend', () => {
    const vllm = {
      backend_type: 'vllm',
      backend_options: { model: 'Qwen/Qwen3-8B', max_model_len: 8192, extra_args: { seed: '1' } },
      idle_timeout: 1,
    };
    const engine = (program: string, ...args: string[]) => [{ id: 'mine', program, args }];

    it('are those of a custom engine that runs its program', () => {
      expect(goSettings(vllm, true, engine('vllm', 'serve', '${PORT}')).settings).toEqual({
        engine: 'mine',
        options: { max_model_len: 8192 },
        extra_args: ['--seed', '1', 'Qwen/Qwen3-8B'],
        upstream_model: 'Qwen/Qwen3-8B',
        idle_timeout: 60,
      });
      const mlx = { backend_type: 'mlx_lm', backend_options: { model: 'mlx/x', temp: 0.5 } };
      expect(goSettings(mlx, true, engine('mlx_lm.server')).settings).toEqual({
        engine: 'mine',
        options: { model: 'mlx/x', temp: 0.5 },
        upstream_model: 'mlx/x',
      });
    });

    it('give the model as a file to an engine with ${MODEL_PATH}, and the name by which vLLM serves it', () => {
      const backend_options = { model: '/m', served_model_name: 'gpt' };
      expect(goSettings({ ...vllm, backend_options }, true, engine('vllm', '${MODEL_PATH}')).settings).toEqual({
        engine: 'mine',
        model_path: '/m',
        options: { served_model_name: 'gpt' },
        upstream_model: 'gpt',
        idle_timeout: 60,
      });
    });

    it('need such an engine', () => {
      expect(goSettings(vllm, true, engine('other'))).toMatchObject({ missing: 'vllm' });
    });
  });

  it.each([
    [{ on_demand_start: false }, true],
    [{ on_demand_start: false, idle_timeout: 0 }, true],
    [{ on_demand_start: false, idle_timeout: 5 }, undefined],
    [{ on_demand_start: true }, undefined],
  ])('pin an instance that nothing would start again after an eviction: %j', (others, pinned) => {
    expect(llama({}, others).settings.pinned).toBe(pinned);
  });

  it.each([
    [
      { backend_type: 'vllm', backend_options: { model: 'Qwen/Qwen3-8B' } },
      'no custom engine of the configuration runs vllm',
    ],
    [{ backend_type: 'llama_cpp' }, 'it names no model (router mode);'],
    [{ backend_options: { model: '/m.gguf' }, nodes: ['worker1'] }, 'it runs on the node worker1; import it there'],
  ])('make no instance: %j', (options, obstacle) => {
    expect(goSettings(options, true).obstacle).toContain(obstacle);
  });
});

import { ConfigSchema } from '@llamactl/contract/config';
import { describe, expect, it } from 'vitest';
import { goConfiguration } from './go-configuration.ts';

describe('a configuration of the Go llamactl', () => {
  it('becomes a valid one of this llamactl, and names the rest', () => {
    const { configuration, dropped } = goConfiguration({
      server: {
        host: '0.0.0.0',
        port: 8080,
        enable_swagger: false,
        allowed_headers: ['*'],
        allowed_origins: ['*', 'http://localhost:3000'],
      },
      backends: {
        'llama-cpp': {
          command: '/opt/llama-server',
          args: ['--no-webui'],
          environment: { A: 1 },
          docker: { enabled: false },
        },
        vllm: { command: 'vllm', args: ['serve'] },
        mlx: { command: 'mlx_lm.server', docker: { enabled: true } },
      },
      instances: { port_range: [8000, 9000], max_running_instances: -1, default_max_restarts: 3, logs_dir: '/x' },
      auth: { require_inference_auth: false, inference_keys: ['sk-secret'] },
      data_dir: '/data',
    }) ?? { configuration: {}, dropped: [] };
    expect(configuration).toEqual({
      server: { host: '0.0.0.0', port: 8080, allowed_origins: ['http://localhost:3000'] },
      auth: { enabled: true, inference: 'open' },
      instances: { port_range: [8000, 9000], max_running: 0, max_restarts: 3 },
      engines: {
        llama_cpp: { command: '/opt/llama-server', args: ['--no-webui'], environment: { A: '1' } },
        vllm_local: {
          kind: 'custom',
          command: 'vllm',
          args: ['serve', '--host', '${HOST}', '--port', '${PORT}'],
          api_key_env: 'VLLM_API_KEY',
        },
      },
    });
    expect(ConfigSchema.safeParse(configuration).error).toBeUndefined();
    expect(dropped).toEqual([
      { text: 'server.enable_swagger', why: '/docs is always served' },
      { text: 'server.allowed_origins', why: 'the same, but each origin by name: "*" is refused' },
      { text: 'instances.logs_dir', why: 'logs are in data_dir' },
      { text: 'auth.inference_keys', why: 'keys are made by llamactl keys create NAME, never in a file' },
      { text: 'data_dir', why: 'choose another folder than that of the Go llamactl' },
      {
        text: 'backends.mlx',
        why: 'runs in a container there; here a custom engine whose command is docker run does (docs/engines.md#in-a-container)',
      },
    ]);
  });

  it.each([[null], [{}], [{ engines: {}, backends: {} }], [{ version: 1, instances: [] }]])('is not %j', (values) => {
    expect(goConfiguration(values)).toBeNull();
  });

  it('loses nothing by values that mean the same as no setting here', () => {
    const values = {
      server: { enable_swagger: true, response_headers: {} },
      backends: { 'llama-cpp': { args: [], docker: { enabled: false, image: 'x' } } },
      instances: {
        auto_create_dirs: true,
        default_on_demand_start: true,
        default_restart_delay: 5,
        enable_lru_eviction: true,
        max_instances: -1,
        timeout_check_interval: 5,
        default_idle_timeout: 2,
      },
      auth: { management_keys: [], inference_keys: [] },
      local_node: 'main',
      nodes: {},
      data_dir: '',
    };
    expect(goConfiguration(values)).toEqual({
      configuration: {
        instances: { idle_timeout: 120 },
        auth: { enabled: true },
        engines: { llama_cpp: { command: 'llama-server' } },
      },
      dropped: [],
    });
    const others = goConfiguration({ instances: { default_restart_delay: 9, enable_lru_eviction: false } });
    expect(others?.dropped.map(({ text }) => text)).toEqual([
      'instances.default_restart_delay',
      'instances.enable_lru_eviction',
    ]);
  });

  it('names the reason of a llama-server in a container', () => {
    const dropped = goConfiguration({ backends: { 'llama-cpp': { docker: { enabled: true } } } })?.dropped;
    expect(dropped).toEqual([{ text: 'backends.llama-cpp', why: expect.stringContaining('docker run') as string }]);
  });

  it.each([
    [{ auth: { management_keys: ['k'] } }, { auth: { enabled: true } }],
    [{ server: { port: 9000 } }, { server: { port: 9000 } }],
  ])('may be as small as %j', (values, configuration) => {
    expect(goConfiguration(values)?.configuration).toEqual(configuration);
  });

  it('keeps the protection of management, which is on there by default', () => {
    const authOf = (auth: Record<string, unknown>): unknown =>
      goConfiguration({ backends: {}, instances: { port_range: [8000, 9000] }, auth })?.configuration['auth'];
    expect(authOf({ require_inference_auth: false })).toEqual({ inference: 'open', enabled: true });
    expect(authOf({ require_inference_auth: false, require_management_auth: false })).toMatchObject({
      inference: 'open',
    });
    expect(authOf({ require_inference_auth: false, require_management_auth: false })).not.toHaveProperty(
      'enabled',
      true,
    );
  });
});

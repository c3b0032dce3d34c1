import { ConfigSchema } from '@llamactl/contract/config';
import { describe, expect, it } from 'vitest';
import { goConfiguration } from './go-configuration.ts';

describe('a configuration of the Go llamactl', () => {
  it('becomes a valid one of this llamactl, and names the rest', () => {
    const { configuration, dropped } = goConfiguration({
      server: {
        host: '0.0.0.0',
        port: 8080,
        enable_swagger: true,
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
      { setting: 'server.enable_swagger', why: '/docs is always served' },
      { setting: 'server.allowed_origins', why: 'the same, but each origin by name: "*" is refused' },
      { setting: 'instances.logs_dir', why: 'has no counterpart' },
      { setting: 'auth.inference_keys', why: 'keys are made by llamactl keys create NAME, never in a file' },
      { setting: 'data_dir', why: 'choose another folder than that of the Go llamactl' },
      { setting: 'backends.mlx', why: 'has no counterpart' },
    ]);
  });

  it.each([[null], [{}], [{ engines: {}, backends: {} }]])('is not %j', (values) => {
    expect(goConfiguration(values)).toBeNull();
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
